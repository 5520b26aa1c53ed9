"""WeChat Pay's bill files (对账单) as a merchant downloads them: columns, backticks, summaries, ends of lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TRADE_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
FLOW_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,"
    "资金变更提交申请人,备注,业务凭证号"
)
PAID_OUT = "提现"


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A payment, or with a ``refund_id`` a refund; ``coupon_fen`` is the part that a coupon of the merchant paid."""

    moment: str
    transaction: str
    order: str
    amount_fen: int
    coupon_fen: int = 0
    refund_id: str = ""
    refund_no: str = ""
    refunded_fen: int = 0
    refund_state: str = "SUCCESS"
    goods: str = "城乡居民基本医疗保险"


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A movement of the merchant's balance; what goes out is negative."""

    moment: str
    business_no: str
    flow_no: str
    business: str
    amount_fen: int
    voucher: str = ""
    remark: str = ""


def trade_bill(rows: Sequence[TradeRow], *, appid: str, mchid: str) -> bytes:
    """The trade bill of type ALL."""
    details = [_detail(_trade_values(row, appid, mchid)) for row in rows]
    paid = [row for row in rows if not row.refund_id]
    totals = {
        "总交易单数": str(len(rows)),
        "应结订单总金额": yuan(sum(row.amount_fen - row.coupon_fen for row in paid)),
        "退款总金额": yuan(sum(row.refunded_fen for row in rows)),
        "充值券退款总金额": "0.00",
        "手续费总金额": "0.00000",
        "订单总金额": yuan(sum(row.amount_fen for row in paid)),
        "申请退款总金额": yuan(sum(row.refunded_fen for row in rows)),
    }
    return file_of([TRADE_HEADER, *details, ",".join(totals), _detail(totals.values())])


def fund_flow_bill(rows: Sequence[FlowRow], *, balance_fen: int) -> bytes:
    """The fund-flow bill of the basic account, which stood at ``balance_fen`` before the day."""
    details = []
    for row in rows:
        balance_fen += row.amount_fen
        direction = "收入" if row.amount_fen >= 0 else "支出"
        amounts = (yuan(abs(row.amount_fen)), yuan(balance_fen))
        numbers = (row.moment, row.business_no, row.flow_no)
        details.append(
            _detail((*numbers, row.business, row.business, direction, *amounts, "system", row.remark, row.voucher))
        )
    come = [row.amount_fen for row in rows if row.amount_fen >= 0]
    gone = [-row.amount_fen for row in rows if row.amount_fen < 0]
    totals = {
        "资金流水总笔数": f"{len(rows)}.0",
        "收入笔数": f"{len(come)}.0",
        "收入金额": yuan(sum(come)),
        "支出笔数": f"{len(gone)}.0",
        "支出金额": yuan(sum(gone)),
    }
    return file_of([FLOW_HEADER, *details, ",".join(totals), _detail(totals.values())])


def file_of(lines: Iterable[str]) -> bytes:
    """A file as it is hashed: BOM, and an end of each line."""
    return "".join(["\ufeff", *(f"{line}\r\n" for line in lines)]).encode()


def yuan(fen: int) -> str:
    """A sum as bills write it."""
    return f"{fen // 100}.{fen % 100:02d}" if fen >= 0 else f"-{yuan(-fen)}"


def _detail(values: Iterable[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _trade_values(row: TradeRow, appid: str, mchid: str) -> tuple[str, ...]:
    refund = bool(row.refund_id)
    due = 0 if refund else row.amount_fen - row.coupon_fen
    return (
        *(row.moment, appid, mchid, "0", "", row.transaction, row.order, "o-payer", "NATIVE"),
        *("REFUND" if refund else "SUCCESS", "OTHERS", "CNY", yuan(due), yuan(0 if refund else row.coupon_fen)),
        *(row.refund_id or "0", row.refund_no or "0", yuan(row.refunded_fen), "0.00"),
        *("ORIGINAL" if refund else "", row.refund_state if refund else "", row.goods, "", "0.00000", "0.00%"),
        *("0.00" if refund else yuan(row.amount_fen), yuan(row.refunded_fen), ""),
    )
