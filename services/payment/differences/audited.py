"""Differences as an audited table: what differs, since when and whose it is; not how it was closed."""

from typing import Final

from shared.audit.table import AuditedTable

SETTLEMENT_DIFFERENCE: Final = AuditedTable(
    name="settlement_difference",
    form=1,
    columns=(
        "id",
        "class",
        "kind",
        "channel",
        "merchant_id",
        "transaction_id",
        "order_no",
        "refund_no",
        "channel_refund_id",
        "payment_id",
        "refund_id",
        "payout_id",
        "unasked_id",
        "bill_id",
        "line_no",
        "ours_fen",
        "theirs_fen",
        "happened_at",
        "owner",
        "since",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        **dict.fromkeys(("asked", "asked_at"), "how often the channel was asked about it"),
        **dict.fromkeys(("state", "closed_because", "closed_on", "closed_by"), "how it was closed"),
    },
)
