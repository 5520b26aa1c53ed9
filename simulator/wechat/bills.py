"""The daily bills of a merchant's account, out of what it knows itself; a day's bill is ready when it is over."""

import gzip
from datetime import date, timedelta
from hashlib import sha1
from typing import Any

from simulator.wechat.account import ChannelAccount, ChannelRefusal, refund_id
from simulator.wechat.bill_files import FlowRow, TradeRow, fund_flow_bill, trade_bill
from simulator.wechat.flows import flows_of, payouts_of, settled_fen

TRADE, FUND_FLOW = "trade", "fundflow"


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
    rows = [
        FlowRow(flow.moment, flow.number, f"10{flow.number}", flow.business, flow.amount_fen, flow.voucher)
        for flow in flows_of(account, day)
    ]
    rows += [
        FlowRow(
            each.moment, each.number, f"10{each.number}", "提现" if each.amount_fen > 0 else "充值", -each.amount_fen
        )
        for each in payouts_of(account, yesterday)
    ]
    rows.sort(key=lambda row: (row.moment, row.flow_no))
    return fund_flow_bill(rows, balance_fen=settled_fen(account, yesterday)) if rows else None


def _trades(account: ChannelAccount, day: str) -> list[TradeRow]:
    paid = [
        TradeRow(_written(each["moment"]), number, each["order"], each["amount_fen"])
        for number, each in account.taken_on(day).items()
    ]
    return paid + [_refund(account, number, each) for number, each in account.given_back_on(day).items()]


def _refund(account: ChannelAccount, number: str, given: dict[str, Any]) -> TradeRow:
    taken = account.journal.get("transaction", given["transaction"])
    return TradeRow(
        _written(given["moment"]),
        given["transaction"],
        taken["order"],
        taken["amount_fen"],
        refund_id=refund_id(number),
        refund_no=number,
        refunded_fen=given["amount_fen"],
    )


def _written(moment: str) -> str:
    """A moment of Beijing time as bills write it."""
    return moment[:19].replace("T", " ")
