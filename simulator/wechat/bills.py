"""The daily bills of a merchant's account, out of what the channel itself knows; a day's bill is ready when it is over.

What a day came to is paid out to the bank account at five the next morning (提现). A day on which more was given back
than taken is made good from there at the same time (充值).
"""

import gzip
from datetime import date, timedelta
from hashlib import sha1
from typing import Any

from simulator.wechat.account import ChannelAccount, ChannelRefusal, refund_id
from simulator.wechat.bill_files import FlowRow, TradeRow, fund_flow_bill, trade_bill

TRADE, FUND_FLOW = "trade", "fundflow"
_PAID_OUT_AT = "05:00:00"


def offer(account: ChannelAccount, kind: str, day: str, base_url: str) -> dict[str, Any]:
    """Hash and address of a day's bill; raises ChannelRefusal where there is none, or none yet."""
    if date.fromisoformat(day) >= account.day.today:
        raise ChannelRefusal(400, "STATEMENT_CREATING")
    content = _content(account, kind, day)
    if content is None:
        raise ChannelRefusal(400, "NO_STATEMENT_EXIST")
    address = f"{base_url.rstrip('/')}/v3/billdownload/file?token={kind}.{day}"
    hashed = sha1(content, usedforsecurity=False).hexdigest()
    return {"hash_type": "SHA1", "hash_value": hashed, "download_url": address}


def download(account: ChannelAccount, token: str) -> bytes:
    """The packed file behind a token."""
    kind, _, day = token.partition(".")
    content = _content(account, kind, day)
    if content is None:
        raise ChannelRefusal(404, "NO_STATEMENT_EXIST")
    return gzip.compress(content, mtime=0)


def _content(account: ChannelAccount, kind: str, day: str) -> bytes | None:
    if kind == TRADE:
        trades = sorted(_trades(account, day), key=lambda row: (row.moment, row.refund_id, row.transaction))
        return trade_bill(trades, appid=account.appid, mchid=account.mchid) if trades else None
    yesterday = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    left_fen = account.settlement_fen(yesterday)
    flows = [*_payout(account, yesterday, day), *_movements(account, day)]
    return fund_flow_bill(flows, balance_fen=left_fen) if flows else None


def _trades(account: ChannelAccount, day: str) -> list[TradeRow]:
    taken = account.journal.all("transaction")
    paid = [
        TradeRow(_written(each["moment"]), number, each["order"], each["amount_fen"])
        for number, each in taken.items()
        if each["day"] == day
    ]
    return paid + [
        TradeRow(
            _written(each["moment"]),
            each["transaction"],
            taken[each["transaction"]]["order"],
            taken[each["transaction"]]["amount_fen"],
            refund_id=refund_id(number),
            refund_no=number,
            refunded_fen=each["amount_fen"],
        )
        for number, each in account.journal.all("refund").items()
        if each["day"] == day
    ]


def _movements(account: ChannelAccount, day: str) -> list[FlowRow]:
    moved: list[FlowRow] = []
    for row in _trades(account, day):
        if row.refund_id:
            number, business, fen, voucher = row.refund_id, "退款", -row.refunded_fen, row.refund_no
        else:
            number, business, fen, voucher = row.transaction, "交易", row.amount_fen, row.order
        moved.append(FlowRow(row.moment, number, f"10{number}", business, fen, voucher))
    return sorted(moved, key=lambda row: (row.moment, row.flow_no))


def _payout(account: ChannelAccount, yesterday: str, day: str) -> list[FlowRow]:
    fen = account.settlement_fen(yesterday)
    if fen == 0:
        return []
    number = f"20{account.mchid}{yesterday.replace('-', '')}"
    return [FlowRow(f"{day} {_PAID_OUT_AT}", number, f"10{number}", "提现" if fen > 0 else "充值", -fen)]


def _written(moment: str) -> str:
    """A moment of Beijing time as bills write it."""
    return moment[:19].replace("T", " ")
