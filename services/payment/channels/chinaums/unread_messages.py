"""Messages that could not be read: what is kept of an answer, and how a person's retry reads them once more. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import orjson

from services.payment.channels.callback import Refused
from services.payment.channels.chinaums.form import read_form
from services.payment.channels.chinaums.messages import NotInForm, object_in
from services.payment.channels.chinaums.notice import ChinaumsHeader, parse, refund_of
from services.payment.notices.notice import ChannelNotice, NoticeSource, VerifiedNotice

_TEXT_LIMIT = 128
# What an answer is kept by where it cannot be read: never who paid, nor with which bank.
_NEEDED: Final = (
    "mid", "tid", "billNo", "billDate", "billStatus", "totalAmount", "currency", "currencyCode", "merOrderId",
    "refundOrderId", "refundStatus", "refundAmount", "refundPayTime",
)  # fmt: skip
_NEEDED_OF_PAYMENT: Final = ("merOrderId", "status", "totalAmount", "payTime")
# Stands for a value too long or too deep to keep, and is no value of any field: what was there never reads as absent.
_NOT_KEPT = False


def read_again(source: str, kept: VerifiedNotice) -> ChannelNotice | None:
    """Read a kept message once more, and more generously, because a person asked for it; None where it does not open.

    Only what has one meaning is accepted: a whole number of fen with leading noughts, and a moment in another form.
    """
    notice, evidence = kept
    header = ChinaumsHeader(notice.channel, notice.merchant_id, notice.region, source, f"{notice.notify_id}:again")
    try:
        by_form = evidence.source is NoticeSource.NOTICE
        fields: Mapping[str, Any] = read_form(evidence.envelope) if by_form else object_in(evidence.envelope)
        about_refund = notice.event_type.startswith("REFUND.")
        read = refund_of(header, fields, generously=True) if about_refund else parse(header, fields, generously=True)
    except (Refused, NotInForm):
        return None
    return replace(read, correlation_id=notice.correlation_id)


def what_is_needed(answer: Mapping[str, Any]) -> bytes:
    """Of a query's answer that cannot be read, what a later reading needs; nothing of the payer."""
    kept = _plain_values(answer, _NEEDED)
    if "billPayment" in answer:
        try:
            kept["billPayment"] = _plain_values(object_in(answer["billPayment"]), _NEEDED_OF_PAYMENT)
        except NotInForm:
            kept["billPayment"] = _NOT_KEPT
    return orjson.dumps(kept)


def _plain_values(value: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] if _is_short(value[name]) else _NOT_KEPT for name in names if name in value}


def _is_short(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 1 << 62
    return value is None or isinstance(value, bool | float) or (isinstance(value, str) and len(value) <= _TEXT_LIMIT)
