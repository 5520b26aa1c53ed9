"""Notices as an audited table: what the channel sent and what we read from it are sealed, what became of it is not.

A notice that was read wrongly is read again as another row.
"""

from typing import Final

from shared.audit.table import AuditedTable

RAW_NOTICE: Final = AuditedTable(
    name="raw_notice",
    form=1,
    columns=(
        "id",
        "channel",
        "merchant_id",
        "notify_id",
        "source",
        "envelope",
        "serial",
        "signed_at",
        "event_type",
        "kind",
        "payee_merchant_id",
        "payee_provider_id",
        "payee_appid",
        "order_no",
        "transaction_id",
        "refund_no",
        "channel_refund_id",
        "outcome",
        "amount_fen",
        "currency",
        "succeeded_at",
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "state": "what became of the notice",
        "reason": "why that became of it",
        "closed_by": "the approval by which two people closed it",
    },
)
