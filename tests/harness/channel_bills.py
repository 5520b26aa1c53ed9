"""A WeChat Pay that has bills: files by kind and day, as they are offered and as they are downloaded."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from simulator.wechat.bill_files import FlowRow, TradeRow, fund_flow_bill, trade_bill


def bills_of(
    trades: Sequence[TradeRow], paid_out_on: str, *, mchid: str = "1900000109", appid: str = "wx8888888888888888"
) -> tuple[bytes, bytes, bytes]:
    """A day's trade bill and fund-flow bill, and the fund-flow bill of the day on which all of it is paid out."""
    flows = [
        FlowRow(row.moment, row.refund_id, f"F{row.refund_id}", "退款", -row.refunded_fen, row.refund_no)
        if row.refund_id
        else FlowRow(row.moment, row.transaction, f"F{row.transaction}", "交易", row.amount_fen, row.order)
        for row in trades
    ]
    left_fen = sum(row.amount_fen for row in flows)
    paid_out = FlowRow(f"{paid_out_on} 05:00:00", f"P{paid_out_on}", f"FP{paid_out_on}", "提现", -left_fen)
    return (
        trade_bill(trades, appid=appid, mchid=mchid),
        fund_flow_bill(flows, balance_fen=0),
        fund_flow_bill([paid_out], balance_fen=left_fen),
    )


@dataclass
class OfferedBill:
    """A file on offer; ``packed``, ``hash_value`` and what is ``named`` differ from it where the test says so."""

    content: bytes
    packed: bytes | None = None
    hash_value: str | None = None
    address: str | None = None
    named: dict[str, Any] = field(default_factory=dict)

    @property
    def download(self) -> bytes:
        """What is downloaded."""
        return gzip.compress(self.content, mtime=0) if self.packed is None else self.packed

    def offer(self, url: str, name: str) -> dict[str, Any]:
        """The signed answer that names it."""
        return {
            "hash_type": "SHA1",
            "hash_value": self.hash_value or sha1(self.content, usedforsecurity=False).hexdigest(),
            "download_url": self.address or f"{url}/v3/billdownload/file?token={name}",
        } | self.named


@dataclass
class BillsAtChannel:
    """The bills of one merchant by kind and day; a code where there is none to be had, such as NO_STATEMENT_EXIST."""

    offered: dict[str, OfferedBill | str] = field(default_factory=dict)
    otherwise: str = "STATEMENT_CREATING"

    def put(self, kind: str, day: str, bill: OfferedBill | bytes | str) -> None:
        """Offer a file, or answer with a code."""
        self.offered[f"{kind}-{day}"] = OfferedBill(bill) if isinstance(bill, bytes) else bill

    def answer(self, url: str, path: str, day: str) -> tuple[int, dict[str, Any]]:
        """What a question for a day's bill is answered."""
        name = f"{'TRADE' if path.endswith('/tradebill') else 'FUND_FLOW'}-{day}"
        bill = self.offered.get(name, self.otherwise)
        return (400, {"code": bill}) if isinstance(bill, str) else (200, bill.offer(url, name))

    def download(self, token: str) -> tuple[int, bytes]:
        """The file behind a token."""
        bill = self.offered.get(token)
        if isinstance(bill, OfferedBill):
            return 200, bill.download
        return 404, json.dumps({"code": "NOT_FOUND"}).encode()
