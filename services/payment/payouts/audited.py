"""Payouts as an audited table: what the bill paid out is sealed, what it covers and how it was settled is not."""

from typing import Final

from shared.audit.table import AuditedTable

PAYOUT: Final = AuditedTable(
    name="payout",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "bill_id",
        "line_no",
        "paid_out_on",
        "amount_fen",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "state": "how far it is",
        "fault": "why it is held",
        "batch_id": "its batch, once the bank has booked it",
        **dict.fromkeys(
            ("after_day", "after_line", "until_day", "until_line"), "what it covers, which follows from the movements"
        ),
        **dict.fromkeys(("settled_day", "settled_line"), "how far it was settled"),
        **dict.fromkeys(("unusual_fen", "released_by"), "two people's word, with an approval of its own"),
    },
)
