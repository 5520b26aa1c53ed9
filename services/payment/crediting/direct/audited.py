"""What institutions say as audited tables: every column is written once, and sealed."""

from typing import Final

from shared.audit.table import AuditedTable

DIRECT_PAYMENT: Final = AuditedTable(
    name="direct_payment",
    form=1,
    columns=(
        "id",
        "institution",
        "business_date",
        "sequence",
        "channel",
        "person_token",
        "name_token",
        "benefit_year",
        "amount_fen",
        "paid_at",
        "paid_on",
        "source",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
)
DIRECT_REVERSAL: Final = AuditedTable(
    name="direct_reversal",
    form=1,
    columns=(
        "id",
        "institution",
        "business_date",
        "sequence",
        "amount_fen",
        "reversed_at",
        "reversed_on",
        "source",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
)
