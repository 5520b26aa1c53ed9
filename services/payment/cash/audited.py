"""Cash as audited tables: what a receipt and a slip said when they were entered, not what became of them."""

from typing import Final

from shared.audit.table import AuditedTable

CASH_RECEIPT: Final = AuditedTable(
    name="cash_receipt",
    form=1,
    columns=(
        "id",
        "enrolment_id",
        "person_token",
        "benefit_year",
        "amount_fen",
        "received_on",
        "entered_on",
        "entry_days",
        "late_approval",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "receipt_no": "two people may correct a number that looks like another one",
        "receipt_form": "computed from the number",
        "look_alike": "which of its numbers look like another's",
        **dict.fromkeys(("state", "recall_reason", "batch_id", "deposited_on"), "what became of the receipt"),
    },
)
DEPOSIT_SLIP: Final = AuditedTable(
    name="deposit_slip",
    form=1,
    columns=(
        "id",
        "slip_no",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "slip_form": "computed from the number",
        "look_alike": "which of its numbers look like another's",
        **dict.fromkeys(("batch_id", "amount_fen", "deposited_on"), "another import may name another deposit"),
        "withdrawn": "what became of the slip",
    },
)
