"""ChinaUMS's notices: of a code that was scanned (``billStatus``, ``billPayment``) and of an H5 page (``status``).

The payer's account, name and bank are not read. A payment is known by its ``merOrderId``: of a code that is our number
and a digit behind it, another one for each time that somebody tried to pay.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

from services.payment.channels.chinaums.keys import ChinaumsMerchant
from services.payment.channels.chinaums.messages import NotInForm, code, fen, moment, object_in, only_yuan
from services.payment.channels.chinaums.numbers import order_no_of, refund_no_of
from services.payment.channels.chinaums.signature import base_string
from services.payment.notices.notice import ChannelNotice, NoticeKind, PaymentNotice, RefundNotice

PAID: Final = "TRANSACTION.SUCCESS"
_SUCCESS = "SUCCESS"
_TRADE_SUCCESS = "TRADE_SUCCESS"
_BILL_STATUS, _STATUS = "billStatus", "status"
# What is neither a payment nor money going back; nothing follows from it but that the order stands so.
_WITHOUT_MONEY = frozenset({"UNPAID", "CLOSED", "UNKNOWN", "NEW_ORDER", "WAIT_BUYER_PAY", "TRADE_CLOSED"})
_GIVEN_BACK = frozenset({"REFUND", "TRADE_REFUND"})
_REFUND_WORDS = {"SUCCESS": "SUCCESS", "FAIL": "CLOSED", "PROCESSING": "PROCESSING", "UNKNOWN": "UNKNOWN"}
_NUMBERS = ("billNo", "merOrderId")
_ID_LIMIT = 64


class ChinaumsHeader(NamedTuple):
    """To which merchant of which channel a notice was addressed, and its number; ours begin with ``source``."""

    channel: str
    merchant_id: str
    region: str
    source: str
    notify_id: str


def open_notice(merchant: ChinaumsMerchant, fields: Mapping[str, str], region: str) -> ChannelNotice:
    """Read a verified notice. One that the channel sends again has the same ``notifyId``, and says the same."""
    status = fields.get(_BILL_STATUS) or fields.get(_STATUS) or ""
    number = fields.get("notifyId") or sha256(base_string(fields)).hexdigest()[:32]
    notify_id = f"{merchant.merchant_id}:{number[:_ID_LIMIT]}:{status[:_ID_LIMIT]}"
    header = ChinaumsHeader(merchant.channel, merchant.merchant_id, region, merchant.source, notify_id)
    return parse(header, fields)


def parse(header: ChinaumsHeader, fields: Mapping[str, Any], *, generously: bool = False) -> ChannelNotice:
    """Take from a notice's fields, or from a query's answer, what the books need; UNREADABLE where it is not there."""
    try:
        status = _status(fields)
        if status in ("PAID", _TRADE_SUCCESS):
            return _payment(header, fields, _Reading(generously=generously))
        if status in _GIVEN_BACK and fields.get("refundOrderId"):
            return refund_of(header, fields, generously=generously)
    except NotInForm:
        return _unreadable(header, fields)
    if status in _WITHOUT_MONEY or status in _GIVEN_BACK:
        return _of_no_money(header, fields, NoticeKind.OTHER, f"ORDER.{status}")
    return _unreadable(header, fields)


def refund_of(header: ChinaumsHeader, fields: Mapping[str, Any], *, generously: bool = False) -> RefundNotice:
    """What a notice or an answer says of a refund; raises NotInForm."""
    said = code(fields, "refundStatus")
    word = _REFUND_WORDS.get(said)
    if word is None:
        raise NotInForm("refundStatus")
    succeeded_at: datetime | None = None
    if word == _SUCCESS:
        succeeded_at = moment(fields, "refundPayTime", generously=generously)
    number = code(fields, "refundOrderId")
    transaction_id = code(fields, "merOrderId")
    return RefundNotice(
        channel=header.channel,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=f"REFUND.{word}",
        payee_merchant_id=code(fields, "mid"),
        order_no=order_no_of(header.source, code(fields, "billNo") if "billNo" in fields else transaction_id),
        transaction_id=transaction_id,
        refund_no=refund_no_of(header.source, number),
        channel_refund_id=number,
        outcome=word,
        amount_fen=fen(fields, "refundAmount", generously=generously),
        succeeded_at=succeeded_at,
    )


class _Reading:
    """How sums and moments are read: to the letter, or as a person would who looks at them."""

    def __init__(self, *, generously: bool) -> None:
        self.fen: Callable[[Mapping[str, Any], str], int] = partial(fen, generously=generously)
        self.moment: Callable[[Mapping[str, Any], str], datetime] = partial(moment, generously=generously)


def _status(fields: Mapping[str, Any]) -> str:
    """The one status that a message has; raises NotInForm where it has none, or two."""
    if fields.get(_BILL_STATUS) and fields.get(_STATUS):
        raise NotInForm(_STATUS)
    return code(fields, _BILL_STATUS if fields.get(_BILL_STATUS) else _STATUS)


def _payment(header: ChinaumsHeader, fields: Mapping[str, Any], read: _Reading) -> PaymentNotice:
    amount_fen, paid, number = read.fen(fields, "totalAmount"), fields, "merOrderId"
    if fields.get(_BILL_STATUS):
        paid, number = object_in(fields.get("billPayment")), "billNo"
        if code(paid, _STATUS) != _TRADE_SUCCESS or read.fen(paid, "totalAmount") != amount_fen:
            raise NotInForm("billPayment")
    return PaymentNotice(
        channel=header.channel,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=PAID,
        payee_merchant_id=code(fields, "mid"),
        payee_appid=code(fields, "tid"),
        order_no=order_no_of(header.source, code(fields, number)),
        transaction_id=code(paid, "merOrderId"),
        outcome=_SUCCESS,
        amount_fen=amount_fen,
        currency=only_yuan(fields),
        succeeded_at=read.moment(paid, "payTime"),
    )


def _unreadable(header: ChinaumsHeader, fields: Mapping[str, Any]) -> ChannelNotice:
    """It names its order where it can: then it is known whose money waits."""
    said = fields.get(_BILL_STATUS) or fields.get(_STATUS)
    event_type = "REFUND.UNREADABLE" if said in _GIVEN_BACK else PAID
    return _of_no_money(header, fields, NoticeKind.UNREADABLE, event_type)


def _of_no_money(header: ChinaumsHeader, fields: Mapping[str, Any], kind: NoticeKind, event_type: str) -> ChannelNotice:
    notice = ChannelNotice(
        kind=kind,
        channel=header.channel,
        merchant_id=header.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=event_type,
    )
    for name in _NUMBERS:
        try:
            return replace(notice, order_no=order_no_of(header.source, code(fields, name)))
        except NotInForm:
            continue
    return notice
