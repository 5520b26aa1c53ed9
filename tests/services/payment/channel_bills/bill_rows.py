"""Rows of WeChat's bills as tests write them: one day, one merchant."""

from simulator.wechat import bill_files
from simulator.wechat.bill_files import FlowRow, TradeRow
from tests.harness.wechat_peer import APPID, MCHID

DAY = "2023-10-08"


def paid(number: int, fen: int = 38000, *, at: str = "10:34:56", order: str = "", coupon_fen: int = 0) -> TradeRow:
    """A payment."""
    return TradeRow(f"{DAY} {at}", f"420000{number:04d}", order or f"ORDER-{number:04d}", fen, coupon_fen)


def refunded(number: int, fen: int = 38000, *, refund_no: str = "", at: str = "11:00:00") -> TradeRow:
    """The refund of a payment."""
    row = paid(number, fen, at=at)
    ids = (f"500000{number:04d}", refund_no or f"R{number:04d}")
    return TradeRow(row.moment, row.transaction, row.order, fen, 0, *ids, fen)


def moved(fen: int, business_no: str, *, business: str = "", at: str = "10:34:57", day: str = DAY) -> FlowRow:
    """A movement of the balance."""
    return FlowRow(f"{day} {at}", business_no, f"F{business_no}", business or ("交易" if fen >= 0 else "退款"), fen)


def trade_file(*rows: TradeRow, mchid: str = MCHID) -> bytes:
    """The trade bill of these rows."""
    return bill_files.trade_bill(rows, appid=APPID, mchid=mchid)


def flow_file(*rows: FlowRow, balance_fen: int = 0) -> bytes:
    """The fund-flow bill of these rows."""
    return bill_files.fund_flow_bill(rows, balance_fen=balance_fen)
