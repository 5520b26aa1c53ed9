"""Messages that could not be read: what is kept of them, and how a person's retry reads them once more. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.payment.channels.callback import Refused
from services.payment.channels.wechat.keys import Merchant
from services.payment.channels.wechat.notice import NoticeHeader, decrypt, envelope_of, object_in, parse
from services.payment.notices.notice import ChannelNotice, NoticeKind, NoticeSource, VerifiedNotice
from shared.domain.clock import SHANGHAI

_TEXT_LIMIT = 128
_DIGITS_LIMIT = 13
# A time in full, whose zone may be left out, and which may stand after a blank.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
# Stands for a value too long or too deep to keep, and is no value of any field: what was there never reads as absent.
_NOT_KEPT = False
# What an answer is kept by where it cannot be read: never who paid, nor with which bank.
_NEEDED = (
    "appid", "mchid", "sp_appid", "sp_mchid", "sub_appid", "sub_mchid", "out_trade_no", "transaction_id",
    "trade_state", "out_refund_no", "refund_id", "status", "success_time",
)  # fmt: skip
_NEEDED_OF_AMOUNT = ("total", "refund", "currency")


def read_again(merchant: Merchant, kept: VerifiedNotice) -> ChannelNotice | None:
    """Read a kept message once more, and more generously, because a person asked for it; None where it does not open.

    Only what has one meaning is accepted: a whole number written as text or with a decimal point, and a time without
    its zone, which is Chinese time.
    """
    notice, evidence = kept
    header = NoticeHeader(
        merchant.channel, merchant.merchant_id, notice.region, f"{notice.notify_id}:again", notice.event_type
    )
    try:
        plaintext = evidence.envelope
        if evidence.source is NoticeSource.NOTICE:
            plaintext = decrypt(merchant, envelope_of(evidence.envelope).get("resource"))
    except Refused:
        return None
    read = parse(header, plaintext)
    if read.kind is NoticeKind.UNREADABLE:
        read = parse(header, orjson.dumps(_generously(object_in(plaintext))))
    return replace(read, correlation_id=notice.correlation_id)


def what_is_needed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Of a query's answer that cannot be read, what a later reading needs; nothing of the payer."""
    kept = _plain_values(answer, _NEEDED)
    if "amount" in answer:
        amount = answer["amount"]
        kept["amount"] = _plain_values(amount, _NEEDED_OF_AMOUNT) if isinstance(amount, dict) else _NOT_KEPT
    return kept


def _generously(value: dict[str, Any]) -> dict[str, Any]:
    amount = value.get("amount")
    if isinstance(amount, dict):
        whole = {name: _whole(amount[name]) for name in ("total", "refund") if name in amount}
        value = value | {"amount": amount | whole}
    return value | ({"success_time": _zoned(value["success_time"])} if "success_time" in value else {})


def _whole(amount: Any) -> Any:
    if isinstance(amount, str) and amount.isascii() and amount.isdecimal() and len(amount) <= _DIGITS_LIMIT:
        return int(amount)
    is_whole = isinstance(amount, float) and amount.is_integer() and abs(amount) < 10**_DIGITS_LIMIT
    return int(amount) if is_whole else amount


def _zoned(moment: Any) -> Any:
    if not isinstance(moment, str) or _MOMENT.fullmatch(moment) is None:
        return moment
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return (read if read.tzinfo is not None else read.replace(tzinfo=SHANGHAI)).isoformat()


def _plain_values(value: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value[name] if _is_short(value[name]) else _NOT_KEPT for name in names if name in value}


def _is_short(value: object) -> bool:
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _TEXT_LIMIT)
