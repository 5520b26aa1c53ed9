"""The channel's bills as audited tables: what was wanted, and what was read, with a digest of its lines."""

from typing import Final

from shared.audit.table import AuditedTable

BILLED_MERCHANT: Final = AuditedTable(
    name="billed_merchant",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "first_day": "moved to an earlier day where the business date begins earlier",
    },
)
CHANNEL_BILL: Final = AuditedTable(
    name="channel_bill",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "kind",
        "bill_day",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        **dict.fromkeys(("asked_at", "asked_on", "attempts"), "how the bill was asked for"),
        "fault": "why it is not read, or that the channel has another one now",
        **dict.fromkeys(
            ("state", "content_hash", "line_count", "read_on"), "what was read of it, sealed in `read_bill`"
        ),
        **dict.fromkeys(("content_bytes", "summary"), "of the file and its own totals, which its lines were proven by"),
        "read_at": "the moment of `read_bill`",
    },
)
READ_BILL: Final = AuditedTable(
    name="read_bill",
    form=1,
    columns=(
        "bill_id",
        "state",
        "content_hash",
        "line_count",
        "lines_digest",
        "read_on",
        "region",
        "recorded_at",
        "written_by",
    ),
    key="bill_id",
)
