"""Alipay's bill files as a seller downloads them: remarks around a table, tabs behind numbers, totals, GBK in a zip."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.alipay.account import yuan
from simulator.alipay.flows import AlipayFlow

TRADE_COLUMNS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
ACCOUNT_COLUMNS = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,"
    "交易渠道,业务类型,备注"
)
_GOODS = "城乡居民基本医疗保险"
_CHARSET = "gbk"


@dataclass(frozen=True, slots=True)
class AlipayTradeRow:
    """A payment, or with a ``refund_no`` a refund, whose sums are negative."""

    moment: str
    trade_no: str
    order_no: str
    amount_fen: int
    received_fen: int
    refund_no: str = ""


def trade_bill(rows: Sequence[AlipayTradeRow], *, seller_id: str, day: str) -> bytes:
    """The table of payments and refunds, before it is packed."""
    paid = [row for row in rows if not row.refund_no]
    back = [row for row in rows if row.refund_no]
    discounted = sum(row.amount_fen - row.received_fen for row in paid)
    come, gone = sum(row.received_fen for row in paid), sum(row.received_fen for row in back)
    totals = [
        f"#交易合计：{len(paid)}笔，商家实收共{yuan(come)}元，商家优惠共{yuan(discounted)}元",
        f"#退款合计：{len(back)}笔，商家实收退款共{yuan(gone)}元，商家优惠退款共0.00元",
    ]
    return _file("业务明细", TRADE_COLUMNS, map(_trade_values, rows), totals, seller_id, day)


def account_bill(flows: Sequence[AlipayFlow], *, balance_fen: int, seller_id: str, day: str) -> bytes:
    """The table of the balance, the newest movement first, before it is packed."""
    rows = []
    for flow in flows:
        balance_fen += flow.amount_fen
        rows.append(_account_values(flow, balance_fen))
    gone = [-flow.amount_fen for flow in flows if flow.amount_fen < 0]
    come = [flow.amount_fen for flow in flows if flow.amount_fen > 0]
    totals = [
        f"#支出合计：{len(gone)}笔，共-{yuan(sum(gone))}元",
        f"#收入合计：{len(come)}笔，共{yuan(sum(come))}元",
    ]
    return _file("账务明细", ACCOUNT_COLUMNS, reversed(rows), totals, seller_id, day)


def packed(content: bytes, name: str, *, totals_name: str | None = None) -> bytes:
    """The archive: details and totals, their names in GBK as Alipay's own tools write them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_GbkEntry(totals_name or f"{name}(汇总).csv"), "#汇总\r\n".encode(_CHARSET))
        archive.writestr(_GbkEntry(f"{name}.csv"), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


class _GbkEntry(zipfile.ZipInfo):
    """An entry whose name stands there in GBK, without the mark of UTF-8."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the library's name
        return self.filename.encode(_CHARSET), self.flag_bits & ~0x800


def _file(
    title: str, columns: str, rows: Iterable[Sequence[str]], totals: Sequence[str], seller_id: str, day: str
) -> bytes:
    year, month, of_month = day.split("-")
    lines = [
        f"#支付宝{title}查询",
        f"#账号：[{seller_id}0156]",
        f"#起始日期：[{year}年{month}月{of_month}日 00:00:00]   终止日期：[{year}年{month}月{of_month}日 23:59:59]",
        f"#-----------------------------------------{title}列表----------------------------------------",
        columns,
        *(",".join(row) for row in rows),
        f"#-----------------------------------------{title}列表结束------------------------------------",
        *totals,
        "#导出时间：[2023年10月09日 09:30:00]",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode(_CHARSET)


def _trade_values(row: AlipayTradeRow) -> tuple[str, ...]:
    return (
        *(f"{row.trade_no}\t", f"{row.order_no}\t", "退款" if row.refund_no else "交易", _GOODS),
        *(row.moment, row.moment, "", "", "", "", "张*(ali***@canary.example)", yuan(row.amount_fen)),
        *(yuan(row.received_fen), "0.00", "0.00", "0.00", yuan(row.amount_fen - row.received_fen), "0.00"),
        *("", "0.00", "0.00", f"{row.refund_no}\t" if row.refund_no else "", "0.00", "0.00", ""),
    )


def _account_values(flow: AlipayFlow, balance_fen: int) -> tuple[str, ...]:
    come, gone = max(flow.amount_fen, 0), min(flow.amount_fen, 0)
    numbers = (f"{flow.flow_no}\t", f"{flow.business_no}\t", f"{flow.order_no}\t")
    sums = (yuan(come), yuan(gone), yuan(balance_fen))
    return (*numbers, _GOODS, flow.moment, "张*\t", *sums, "支付宝", flow.business, "")
