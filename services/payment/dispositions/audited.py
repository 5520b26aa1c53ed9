"""Decisions about suspended money as an audited table: every column is written once and sealed."""

from typing import Final

from shared.audit.table import AuditedTable

SUSPENSE_DECISION: Final = AuditedTable(
    name="suspense_decision",
    form=1,
    columns=(
        "id",
        "suspense_id",
        "kind",
        "decided_on",
        "bill_id",
        "applied_on",
        "batch_id",
        "benefit_year",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
)
