"""Notices as an audited table: what the channel sent is sealed, what we read from it and did about it is not."""

from typing import Final

from shared.audit.table import AuditedTable

_READ = "read from the envelope, and read again where the reading was wrong"
_DONE = "what became of the notice"

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
        "region",
        "actor",
        "correlation_id",
        "recorded_at",
        "written_by",
    ),
    left_out={
        "kind": _READ,
        "payee_merchant_id": _READ,
        "payee_appid": _READ,
        "order_no": _READ,
        "transaction_id": _READ,
        "refund_no": _READ,
        "outcome": _READ,
        "amount_fen": _READ,
        "currency": _READ,
        "succeeded_at": _READ,
        "state": _DONE,
        "reason": _DONE,
    },
)
