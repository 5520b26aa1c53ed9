"""Alipay's bills as they come: GBK in a zip, tabs behind numbers, totals that agree, and what can be wrong."""

import io
import tracemalloc
import zipfile
from datetime import date
from io import BytesIO

import pytest

from services.payment.channels.alipay.account_bill import AlipayAccountBill
from services.payment.channels.alipay.bill_archive import ArchiveLimits, BillArchive
from services.payment.channels.alipay.trade_bill import AlipayTradeBill
from services.payment.channels.bills import BillFault, FaultyBill, FlowLine, TradeLine
from simulator.alipay.bill_files import AlipayTradeRow, account_bill, packed, trade_bill
from simulator.alipay.flows import AlipayFlow
from tests.harness.alipay_peer import SELLER_ID

DAY = "2023-10-08"
LIMITS = ArchiveLimits()
PAID = AlipayTradeRow(f"{DAY} 10:34:56", "2023100822001", "ORDER1", 38_000, 38_000)
COUPON = AlipayTradeRow(f"{DAY} 10:35:00", "2023100822002", "ORDER2", 38_000, 37_900)
REFUND = AlipayTradeRow(f"{DAY} 11:00:00", "2023100822001", "ORDER1", -10_000, -10_000, "REF01")
ROWS = (PAID, COUPON, REFUND)
FLOWS = (
    AlipayFlow(f"{DAY} 05:00:00", "F0", "PO1", "", "提现", -5_000),
    AlipayFlow(f"{DAY} 10:34:56", "F1", "2023100822001", "ORDER1", "交易付款", 38_000),
    AlipayFlow(f"{DAY} 11:00:00", "F2", "REF01", "ORDER1", "交易退款", -10_000),
    AlipayFlow(f"{DAY} 11:00:01", "F3", "FEE1", "", "服务费", -12),
)


def trades(content: bytes, *, seller_id: str = SELLER_ID, day: str = DAY) -> list[TradeLine]:
    bill = AlipayTradeBill(BytesIO(content), seller_id, date.fromisoformat(day), LIMITS)
    return [TradeLine(*row) for portion in bill.portions() for row in portion.rows()]  # type: ignore[arg-type]


def flows(content: bytes) -> list[FlowLine]:
    bill = AlipayAccountBill(BytesIO(content), SELLER_ID, date.fromisoformat(DAY), LIMITS, refund_column="业务流水号")
    return [FlowLine(*row) for portion in bill.portions() for row in portion.rows()]  # type: ignore[arg-type]


def trade_text(*rows: AlipayTradeRow) -> str:
    return trade_bill(rows or ROWS, seller_id=SELLER_ID, day=DAY).decode("gbk")


def zipped(text: str | bytes) -> bytes:
    return packed(text.encode("gbk") if isinstance(text, str) else text, "业务明细")


def archive(*entries: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return file.getvalue()


def test_payments_and_refunds_are_told_apart_though_they_share_a_trade() -> None:
    assert [line[1:9] for line in trades(zipped(trade_text()))] == [
        ("PAYMENT", "ORDER1", "2023100822001", None, None, "SUCCESS", 38_000, 38_000),
        ("PAYMENT", "ORDER2", "2023100822002", None, None, "SUCCESS", 38_000, 37_900),
        ("REFUND", "ORDER1", "2023100822001", "REF01", "REF01", "SUCCESS", 10_000, 10_000),
    ]


def test_an_account_bill_that_runs_backwards_is_numbered_in_the_order_of_time() -> None:
    content = packed(account_bill(FLOWS, balance_fen=5_000, seller_id=SELLER_ID, day=DAY), "账务明细")
    read = sorted(flows(content))
    assert [line.line_no for line in read] == [1, 2, 3, 4]
    assert [(line.kind, line.amount_fen, line.business_no, line.balance_fen) for line in read] == [
        ("PAYOUT", -5_000, "PO1", 0),
        ("PAYMENT", 38_000, "2023100822001", 38_000),
        ("REFUND", -10_000, "REF01", 28_000),
        ("FEE", -12, "FEE1", 27_988),
    ]


@pytest.mark.parametrize(
    ("was", "now", "fault"),
    [
        ("商家实收共759.00元", "商家实收共759.01元", BillFault.WRONG_SUMMARY),
        ("#交易合计：2笔", "#交易合计：3笔", BillFault.WRONG_SUMMARY),
        ("商家实收退款共-100.00元", "商家实收退款共-100.01元", BillFault.WRONG_SUMMARY),
        ("#退款合计", "#别的合计", BillFault.WRONG_SUMMARY),
        ("#退款合计：1笔", "#交易合计：2笔", BillFault.WRONG_SUMMARY),
        (SELLER_ID, "2088999999999999", BillFault.OTHER_MERCHANT),
        ("2023年10月08日 00:00:00", "2023年10月09日 00:00:00", BillFault.OTHER_DAY),
        (f"{DAY} 10:34:56", "2023-10-07 10:34:56", BillFault.OTHER_DAY),
        ("业务明细列表结束", "业务明细列表", BillFault.CUT),
        ("#导出时间", "导出时间", BillFault.CUT),
        ("商户订单号", "商户的订单号", BillFault.WRONG_COLUMNS),
        ("REF01\t", "", BillFault.WRONG_LINE),
        ("38", "３８", BillFault.WRONG_LINE),
        (",退款,", ",充值,", BillFault.WRONG_LINE),
        ("-100.00,-100.00", "100.00,100.00", BillFault.WRONG_LINE),
        ("2023100822002\t,", "2023100822002\t,另一列,", BillFault.WRONG_LINE),
        ("ORDER2\t", "ORDER2\0", BillFault.WRONG_LINE),
        ("ORDER2\t", '"ORDER2', BillFault.WRONG_LINE),
    ],
)
def test_a_bill_that_says_something_else_is_not_used(was: str, now: str, fault: BillFault) -> None:
    changed = trade_text().replace(was, now)
    assert changed != trade_text()
    with pytest.raises(FaultyBill) as refused:
        trades(zipped(changed))
    assert refused.value.fault is fault


def test_columns_in_another_order_and_values_in_quotes_are_read_by_name() -> None:
    text = trade_text()
    head, table = text.split("列表----------------------------------------\r\n")
    lines = table.split("\r\n")
    turned = [",".join([*line.split(",")[1:], line.split(",")[0]]) for line in lines[:4]]
    rest = "\r\n".join([*turned, *lines[4:]]).replace("城乡居民基本医疗保险", '"城乡居民，基本,医疗保险"')
    content = zipped(f"{head}列表----------------------------------------\r\n{rest}".rstrip("\r\n"))
    assert trades(content) == trades(zipped(text)), "the last line without its end, too"


def test_a_file_in_another_charset_is_refused_and_never_read_with_replacements() -> None:
    with pytest.raises(FaultyBill):
        trades(zipped(trade_text().encode()))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", BillFault.NOT_GZIP),
        (b"PK\x05\x06", BillFault.NOT_GZIP),
        (b"<html>", BillFault.NOT_GZIP),
        (archive(("../a_业务明细.csv", b"x")), BillFault.REFUSED),
        (archive(("/etc/业务明细.csv", b"x")), BillFault.REFUSED),
        (archive(("c:\\业务明细.csv", b"x")), BillFault.REFUSED),
        (archive(("业务明细.exe", b"x")), BillFault.REFUSED),
        (archive(("业务明细.csv", b"x"), ("另一业务明细.csv", b"x")), BillFault.CUT),
        (archive(("业务明细(汇总).csv", b"x")), BillFault.CUT),
        (archive(*((f"{place}汇总.csv", b"x") for place in range(9))), BillFault.TOO_LARGE),
        (archive(("业务明细.csv", b"0" * (64 << 20))), BillFault.TOO_LARGE),
        (archive(*((f"{'n' * 200}{place}.csv", b"") for place in range(400))), BillFault.TOO_LARGE),
    ],
)
def test_an_archive_that_is_none_a_bomb_or_points_outside_is_refused(content: bytes, fault: BillFault) -> None:
    with pytest.raises(FaultyBill) as refused:
        BillArchive(BytesIO(content), LIMITS)
    assert refused.value.fault is fault


def test_an_archive_that_breaks_off_or_was_changed_is_not_used() -> None:
    whole = zipped(trade_text())
    place = whole.index(b"PK\x01\x02") - 20
    for broken in (whole[: len(whole) // 2], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
        with pytest.raises(FaultyBill):
            trades(broken)


def test_the_hash_of_a_bill_is_of_what_it_says_and_not_of_when_it_was_made() -> None:
    text = trade_text()
    hashes = {
        BillArchive(BytesIO(zipped(each)), LIMITS).content_hash()
        for each in (text, text.replace("09:30:00]", "10:30:00]"), text.replace("\r\n", "\n"))
    }
    assert len(hashes) == 1
    assert BillArchive(BytesIO(zipped(text.replace("379.00", "378.00"))), LIMITS).content_hash() not in hashes


def test_memory_does_not_grow_with_a_bill() -> None:
    peaks = []
    for count in (2_000, 8_000):
        rows = [AlipayTradeRow(f"{DAY} 10:34:56", f"T{n:010}", f"O{n:010}", 38_000, 38_000) for n in range(count)]
        content = zipped(trade_text(*rows))
        bill = AlipayTradeBill(BytesIO(content), SELLER_ID, date.fromisoformat(DAY), LIMITS)
        tracemalloc.start()
        assert sum(len(portion) for portion in bill.portions()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
