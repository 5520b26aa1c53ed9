"""Messages that could not be read: what is kept of answers, and how a person's retry reads them once more. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from services.payment.channels.alipay.form import fields_of, text_of
from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.notice import (
    REFUND_QUERY,
    NoticeHeader,
    open_notice,
    paid_trade,
    refund_done,
)
from services.payment.channels.callback import Refused
from services.payment.notices.notice import ChannelNotice, NoticeSource, VerifiedNotice

_TEXT_LIMIT = 128
# What an answer is kept by: never who paid, nor with which account.
_NEEDED = (
    "out_trade_no", "trade_no", "trade_status", "total_amount", "send_pay_date",
    "out_request_no", "refund_status", "refund_amount", "gmt_refund_pay",
)  # fmt: skip
_AMOUNTS = ("total_amount", "refund_fee", "refund_amount")
_MOMENTS = ("gmt_payment", "send_pay_date", "gmt_refund", "gmt_refund_pay")
_WHOLE = re.compile(r"([0-9]+)\.([0-9]{2})0+", re.ASCII)
_WITH_ZONE = re.compile(r"([0-9-]{10})[T ]([0-9:]{8})(\.[0-9]+)?(?:\+08:00)?", re.ASCII)


def read_again(seller: Seller, kept: VerifiedNotice) -> ChannelNotice | None:
    """Read a kept message once more, and more generously, because a person asked for it; None where it does not open.

    Only what has one meaning is accepted: blanks around a value, noughts after the second place of a sum, and a moment
    of Beijing time with its zone or a T.
    """
    notice, evidence = kept
    header = NoticeHeader(seller, notice.region, f"{notice.notify_id}:again")
    try:
        if evidence.source is NoticeSource.NOTICE:
            said = _generously(text_of(fields_of(evidence.envelope)))
            read = open_notice(header, said)
        else:
            said = _generously(_texts(evidence.envelope))
            read = refund_done(header, said) if notice.event_type == REFUND_QUERY else paid_trade(header, said)
    except Refused:
        return None
    return replace(read, correlation_id=notice.correlation_id)


def what_is_needed(answer: Mapping[str, Any]) -> dict[str, str]:
    """Of a query's answer, what its reading needs; nothing of the payer, and nothing too long."""
    return {name: said for name in _NEEDED if isinstance(said := answer.get(name), str) and len(said) <= _TEXT_LIMIT}


def _texts(content: bytes) -> dict[str, str]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return {name: said for name, said in value.items() if isinstance(said, str)} if isinstance(value, dict) else {}


def _generously(said: Mapping[str, str]) -> dict[str, str]:
    read = {name: value.strip(" \t") for name, value in said.items()}
    for name in _AMOUNTS:
        if (found := _WHOLE.fullmatch(read.get(name, ""))) is not None:
            read[name] = f"{found[1]}.{found[2]}"
    for name in _MOMENTS:
        if (found := _WITH_ZONE.fullmatch(read.get(name, ""))) is not None:
            read[name] = f"{found[1]} {found[2]}"
    return read
