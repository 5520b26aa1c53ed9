"""Refunds that nobody asked for as an audited table: what the channel gave back, not what counted it."""

from typing import Final

from shared.audit.table import AuditedTable

UNASKED_REFUND: Final = AuditedTable(
    name="unasked_refund",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "channel_refund_id",
        "refund_no",
        "payment_line_id",
        "enrolment_id",
        "benefit_year",
        "amount_fen",
        "refunded_on",
        "caused_by",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "deducted_by": "the batch that counted it",
        "recovered_by": "the suspended money by which the payer paid it again",
        "reopened": "how often its batch was taken back",
    },
)
