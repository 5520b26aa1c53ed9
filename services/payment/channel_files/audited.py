"""Files of institutions as audited tables: what came and a digest of its lines; not how far they are worked."""

from typing import Final

from shared.audit.table import AuditedTable

CHANNEL_FILE: Final = AuditedTable(
    name="channel_file",
    form=1,
    columns=(
        "id",
        "institution",
        "layout",
        "file_day",
        "content_hash",
        "content_bytes",
        "source",
        "signed_by",
        "accepted",
        "fault",
        "fault_detail",
        "declared_count",
        "declared_fen",
        "line_count",
        "unread_count",
        "paid_fen",
        "reversed_fen",
        "open_fen",
        "lines_digest",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out=dict.fromkeys(("worked_through", "state"), "how far its lines are worked"),
)
TAX_DIRECT_RECEIPT: Final = AuditedTable(
    name="tax_direct_receipt",
    form=1,
    columns=(
        "id",
        "payment_line_id",
        "received_on",
        "remitted_on",
        "voucher_no",
        "file_id",
        "file_line",
        "amount_fen",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
)
