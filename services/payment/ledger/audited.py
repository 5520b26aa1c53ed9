"""The books as an audited table: every column of a transfer is sealed."""

from typing import Final

from shared.audit.table import AuditedTable

TRANSFER: Final = AuditedTable(
    name="transfer",
    form=1,
    columns=(
        "id",
        "idempotency_key",
        "kind",
        "debit",
        "credit",
        "amount_fen",
        "enrolment_id",
        "person_token",
        "benefit_year",
        "batch_id",
        "effective_on",
        "caused_by",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
)
