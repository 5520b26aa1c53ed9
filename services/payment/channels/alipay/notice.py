"""Alipay's notices (异步通知) and answers about trades: the few fields that our books need.

A refund is reported to the address of its payment, with the sum of all refunds of that trade so far; which part of it
is new, only our books know. The buyer and the rest are not read: what is not read cannot leak.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.values import fen_of, moment_of
from services.payment.channels.callback import Refusal, Refused
from services.payment.notices.notice import (
    CUMULATIVE_REFUND,
    ChannelNotice,
    NoticeKind,
    PaymentNotice,
    RefundNotice,
)

REFUND_QUERY: Final = "REFUND.QUERY"
PAID_STATES: Final = ("TRADE_SUCCESS", "TRADE_FINISHED")
CLOSED: Final = "TRADE_CLOSED"
_ABOUT_A_TRADE = "trade_status_sync"
_PAID_EVENT, _SUCCESS = "TRANSACTION.SUCCESS", "SUCCESS"
_CURRENCY = "CNY"
_CODE = re.compile(r"[\x21-\x7e]{1,64}")


class NoticeHeader(NamedTuple):
    """To which seller a message was addressed, under which number."""

    seller: Seller
    region: str
    notify_id: str


def open_notice(header: NoticeHeader, said: Mapping[str, str]) -> ChannelNotice:
    """Read a verified notice: a refund where it says when money went back or how much, else what its status says."""
    if not (_is_code(header.notify_id) and _is_code(said.get("notify_type"))):
        raise Refused(Refusal.ENVELOPE)
    if said["notify_type"] != _ABOUT_A_TRADE:
        return _without_money(header, NoticeKind.OTHER, said["notify_type"])
    status = said.get("trade_status", "")
    if _gives_back(said):
        return _refund(header, said) or _unreadable(header, said, CUMULATIVE_REFUND)
    if status in PAID_STATES:
        return _payment(header, said) or _unreadable(header, said, _PAID_EVENT)
    if not _is_code(status):
        return _unreadable(header, said, _ABOUT_A_TRADE)
    return replace(_without_money(header, NoticeKind.OTHER, status), order_no=code_in(said, "out_trade_no"))


def paid_trade(header: NoticeHeader, said: Mapping[str, str]) -> ChannelNotice:
    """A paid trade by the answer to a query, which names neither seller nor app: it is ours, because we asked."""
    ours = {"seller_id": header.seller.merchant_id, "app_id": header.seller.appid}
    said = {**said, **ours, "gmt_payment": said.get("send_pay_date", "")}
    return _payment(header, said) or _unreadable(header, said, _PAID_EVENT)


def refund_done(header: NoticeHeader, said: Mapping[str, str]) -> ChannelNotice:
    """A refund that succeeded, by the answer to a query: its own sum, not that of all."""
    amount_fen, succeeded_at = fen_of(said.get("refund_amount", "")), moment_of(said.get("gmt_refund_pay", ""))
    order_no, trade_no = code_in(said, "out_trade_no"), code_in(said, "trade_no")
    refund_no = code_in(said, "out_request_no")
    if not (amount_fen and succeeded_at and order_no and trade_no and refund_no):
        return _unreadable(header, said, REFUND_QUERY)
    return RefundNotice(
        channel=header.seller.channel,
        merchant_id=header.seller.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=REFUND_QUERY,
        payee_merchant_id=header.seller.merchant_id,
        order_no=order_no,
        transaction_id=trade_no,
        refund_no=refund_no,
        channel_refund_id=refund_no,
        outcome=_SUCCESS,
        amount_fen=amount_fen,
        succeeded_at=succeeded_at,
    )


def code_in(said: Mapping[str, str], name: str) -> str | None:
    """A number or code; None where it is none."""
    value = said.get(name)
    return value if _is_code(value) else None


def _gives_back(said: Mapping[str, str]) -> bool:
    """A plain payment may say ``refund_fee=0.00``; a sum that cannot be read may be one."""
    return bool(said.get("gmt_refund")) or fen_of(said.get("refund_fee") or "0") != 0


def _payment(header: NoticeHeader, said: Mapping[str, str]) -> PaymentNotice | None:
    amount_fen, succeeded_at = fen_of(said.get("total_amount", "")), moment_of(said.get("gmt_payment", ""))
    order_no, trade_no = code_in(said, "out_trade_no"), code_in(said, "trade_no")
    seller_id, app_id = code_in(said, "seller_id"), code_in(said, "app_id")
    if not (amount_fen and succeeded_at and order_no and trade_no and seller_id and app_id):
        return None
    return PaymentNotice(
        channel=header.seller.channel,
        merchant_id=header.seller.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=_PAID_EVENT,
        payee_merchant_id=seller_id,
        payee_appid=app_id,
        order_no=order_no,
        transaction_id=trade_no,
        outcome=_SUCCESS,
        amount_fen=amount_fen,
        currency=_CURRENCY,
        succeeded_at=succeeded_at,
    )


def _refund(header: NoticeHeader, said: Mapping[str, str]) -> RefundNotice | None:
    """``out_biz_no`` is the number under which it was asked for, and the only one that Alipay's bills know it by."""
    so_far_fen, succeeded_at = fen_of(said.get("refund_fee", "")), moment_of(said.get("gmt_refund", ""))
    order_no, trade_no = code_in(said, "out_trade_no"), code_in(said, "trade_no")
    seller_id, app_id = code_in(said, "seller_id"), code_in(said, "app_id")
    refund_no = code_in(said, "out_biz_no")
    if not (so_far_fen and succeeded_at and order_no and trade_no and seller_id and app_id and refund_no):
        return None
    return RefundNotice(
        channel=header.seller.channel,
        merchant_id=header.seller.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=CUMULATIVE_REFUND,
        payee_merchant_id=seller_id,
        # Another app that collects for the seller: another contract, and no money of ours.
        payee_provider_id=app_id if app_id != header.seller.appid else None,
        order_no=order_no,
        transaction_id=trade_no,
        refund_no=refund_no,
        channel_refund_id=refund_no,
        outcome=_SUCCESS,
        amount_fen=so_far_fen,
        succeeded_at=succeeded_at,
    )


def _unreadable(header: NoticeHeader, said: Mapping[str, str], event_type: str) -> ChannelNotice:
    """It names its order where it can: then it is known whose money waits."""
    notice = _without_money(header, NoticeKind.UNREADABLE, event_type)
    return replace(notice, order_no=code_in(said, "out_trade_no"))


def _without_money(header: NoticeHeader, kind: NoticeKind, event_type: str) -> ChannelNotice:
    return ChannelNotice(
        kind=kind,
        channel=header.seller.channel,
        merchant_id=header.seller.merchant_id,
        region=header.region,
        notify_id=header.notify_id,
        event_type=event_type,
    )


def _is_code(value: str | None) -> bool:
    return value is not None and _CODE.fullmatch(value) is not None
