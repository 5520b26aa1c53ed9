"""ChinaUMS's messages, numbers and files, read without a service: published messages, and what a file can lack."""

import gzip
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from services.payment.channels.bills import BillFault, BillKind, FaultyBill, FlowLine, TradeLine
from services.payment.channels.callback import Refused
from services.payment.channels.channel import ChannelRefused
from services.payment.channels.chinaums.form import read_form
from services.payment.channels.chinaums.keys import ChinaumsMerchant, UnusableSharedKey, load_chinaums_merchant
from services.payment.channels.chinaums.notice import open_notice
from services.payment.channels.chinaums.numbers import (
    bill_date,
    bill_no,
    order_no_of,
    paid_bill,
    refund_no_of,
    refund_order_id,
)
from services.payment.channels.chinaums.schemas import read_layout
from services.payment.channels.chinaums.settlement_file import READERS
from services.payment.channels.chinaums.signature import OpenSignature, digest, verify
from services.payment.notices.notice import PaymentNotice
from services.payment.refunds.state import refund_no
from shared.domain.clock import SystemClock, business_date_of
from shared.domain.ids import new_id
from shared.settings_errors import UnreadableSettingFile
from simulator.chinaums.bill_files import SettledRow, settlement_file
from tests.harness.chinaums_peer import LAYOUT, MID, SOURCE, merchant_of, platform

DAY = date(2023, 10, 8)
# The key of the channel's public test merchant. The first message stands in the channel's access guide, the second in a
# public log of its test environment.
TEST_KEY = b"impARTxrQcfwmRijpDNCw6hPxaWCddKEpYxjaKXDhCaTCXJ6"
PAGE = (
    b"buyerUsername=tj.***%40gmail.com&msgType=trade.notify&payTime=2022-11-16+09%3A48%3A41&buyerCashPayAmt=1&"
    b"connectSys=UNIONPAY&sign=68CFB169494DD0EA83DB11AA132A1C6EC46DED75F8E1DCAADDC0011D91B6B4FE&merName="
    b"%E4%B8%AD%E4%BF%9D%E4%BB%98%E6%B5%8B%E8%AF%95%E5%95%86%E6%88%B7%28%E4%B8%AD%E4%BF%9D%E4%BB%98%E6%B5%8B%E8%AF%95"
    b"%E5%95%86%E6%88%B7%29&mid=898201612345678&invoiceAmount=1&settleDate=2022-11-16&billFunds="
    b"%E6%94%AF%E4%BB%98%E5%AE%9D%E4%BD%99%E9%A2%9D%3A1&buyerId=2088202932263863&mchntUuid="
    b"6d47dc12a4c847eaba2eb456d201d5cd&tid=88880001&instMid=H5DEFAULT&receiptAmount=1&couponAmount=0&cardAttr=BALANCE&"
    b"targetOrderId=2022111622001463861446080716&signType=SHA256&billFundsDesc=%E6%94%AF%E4%BB%98%E5%AE%9D%E4%BD%99"
    b"%E9%A2%9D%E6%94%AF%E4%BB%980.01%E5%85%83%E3%80%82&freeSettlementAmt=0&orderDesc=%E4%B8%AD%E4%BF%9D%E4%BB%98"
    b"%E6%B5%8B%E8%AF%95%E5%95%86%E6%88%B7%28%E4%B8%AD%E4%BF%9D%E4%BB%98%E6%B5%8B%E8%AF%95%E5%95%86%E6%88%B7%29&seqId="
    b"01193401135N&merOrderId=101720221116094809280000006&targetSys=Alipay+2.0&Ue=hobh&totalAmount=1&createTime="
    b"2022-11-16+09%3A48%3A12&buyerPayAmount=1&notifyId=2bbcfd87-6e93-4fc4-b38f-1c5d853ecbb8&subInst=100200&"
    b"status=TRADE_SUCCESS"
)
CODE = {
    "JL": "DbkZ",
    "billDate": "2022-09-24",
    "billDesc": "中保付测试商户(中保付测试商户)",
    "billNo": "8888b4f-178e-4a04-8ad4-79fa0",
    "billPayment": '{"payTime":"2022-09-24 00:57:58","paySeqId":"01175500115N","invoiceAmount":20,"settleDate":'
    '"2022-09-24","buyerId":"o8wNP0agr1roauVXTWpuLhT2VL0M","receiptAmount":20,"totalAmount":20,"billBizType":"bills",'
    '"buyerPayAmount":20,"targetOrderId":"4200001567202209249273711154","merOrderId":"8888b4f-178e-4a04-8ad4-79fa00",'
    '"status":"TRADE_SUCCESS","targetSys":"WXPay"}',
    "billQRCode": "https://qr-test3.chinaums.com/bills/qrCode.do?id=10002209241195738009194596",
    "billStatus": "PAID",
    "counterNo": "868b0b4f178e4a048ad479fa01981786",
    "createTime": "2022-09-24 00:57:38",
    "instMid": "QRPAYDEFAULT",
    "mchntUuid": "6d47dc12a4c847eaba2eb456d201d5cd",
    "memberId": "fc95d158f8e54fe7ba2e923961440652",
    "merName": "中保付测试商户(中保付测试商户)",
    "mid": "898201612345678",
    "notifyId": "7df96f1d-0a73-41af-8c33-ec1ebe968dd7",
    "qrCodeId": "10002209241195738009194596",
    "qrCodeType": "BILLPAY",
    "receiptAmount": "20",
    "seqId": "01175500115N",
    "sign": "081149D185636E219BCAA1269E2D61B382907CE141DCE4E36D85B1B4B440DF76",
    "signType": "SHA256",
    "subInst": "100200",
    "tid": "88880001",
    "totalAmount": "20",
}


def _merchant(folder: Path) -> ChinaumsMerchant:
    return load_chinaums_merchant(merchant_of(folder, platform()))


def test_published_messages_are_signed_and_read_as_we_say(tmp_path: Path) -> None:
    code = urlencode(CODE).encode()
    for body, order_no, fen in ((PAGE, "101720221116094809280000006", 1), (code, CODE["billNo"], 20)):
        fields = read_form(body)
        assert digest(fields, TEST_KEY) == fields["sign"]
        assert verify({"other": b"x" * 16, "test": TEST_KEY}, fields) == "test"
        notice = open_notice(_merchant(tmp_path), fields, "411521")
        assert isinstance(notice, PaymentNotice)
        assert (notice.order_no, notice.amount_fen, notice.payee_merchant_id) == (order_no, fen, MID)
        with pytest.raises(Refused):
            verify({"test": TEST_KEY}, fields | {"totalAmount": "21"})


def test_a_request_is_signed_as_the_guide_computes_it() -> None:
    signature = OpenSignature(
        "12345678901234567890123456789012", "20170101120000", "09876543210987654321098765432109"
    ).signature(b"67890123456789012345678901234567", b"A")
    assert signature == "GINsCTyNKTpEI9KXO16KqZJ64fOyAytEKl8aaR/Dy08="


def test_numbers_are_written_and_read_back() -> None:
    for _ in range(200):
        order_no, refund = new_id().hex, refund_no(new_id(), 35)
        there = bill_no(SOURCE, order_no)
        assert there.isalnum()
        assert len(there) == 29
        assert order_no_of(SOURCE, there) == order_no == paid_bill(SOURCE, f"{there}0")
        back = refund_order_id(SOURCE, refund)
        assert len(back) <= 31
        assert refund_no_of(SOURCE, back) == refund
    assert bill_date(new_id().hex) == business_date_of(SystemClock().now())
    for other in ("1017", "1018" + "0" * 25, SOURCE + "Z" * 25, SOURCE + "a" * 25, "CONSOLE1"):
        assert order_no_of(SOURCE, other) == other
        assert refund_no_of(SOURCE, other) == other
        assert paid_bill(SOURCE, other) is None
    for none in ("order-1", "", "R1T1"):
        with pytest.raises(ChannelRefused):
            bill_no(SOURCE, none)
        with pytest.raises(ChannelRefused):
            refund_order_id(SOURCE, none)


def _bill(change: Callable[[bytes], bytes] = bytes) -> tuple[list[TradeLine], list[FlowLine]]:
    """A file of a payment, a refund of a part of it, and another payment with a fee, read in both ways."""
    order, other, refund = (uuid4().hex for _ in range(3))
    bill, second = bill_no(SOURCE, order), bill_no(SOURCE, other)
    rows = [
        SettledRow("2023-10-08 09:00:00", bill, f"{bill}0", 38_000),
        SettledRow("2023-10-08 10:00:00", second, f"{second}0", 76_000, fee_fen=228),
        SettledRow("2023-10-08 11:00:00", bill, f"{bill}0", 10_000, refund_order_id(SOURCE, f"R{refund}T1")),
    ]
    file = BytesIO(gzip.compress(change(settlement_file(rows, mid=MID, day="2023-10-08"))))
    layout = read_layout(LAYOUT.read_bytes())

    def read(kind: BillKind) -> list[tuple[Any, ...]]:
        file.seek(0)
        reader = READERS[kind](file, layout, MID, SOURCE, DAY)
        rows = [row for portion in reader.portions() for row in portion.rows()]
        assert reader.summary["count"] == "3"
        return rows

    trades = [TradeLine(*row) for row in read(BillKind.TRADE)]
    flows = [FlowLine(*row) for row in read(BillKind.FUND_FLOW)]
    assert [each.order_no for each in trades] == [order, other, order]
    assert trades[2].refund_no == f"R{refund}T1"
    return trades, flows


def test_a_file_is_read_as_trades_and_as_movements() -> None:
    trades, flows = _bill()
    assert [(each.kind, each.amount_fen) for each in trades] == [
        ("PAYMENT", 38_000), ("PAYMENT", 76_000), ("REFUND", 10_000),
    ]  # fmt: skip
    assert [(each.kind, each.amount_fen, each.balance_fen) for each in flows] == [
        ("PAYMENT", 38_000, 38_000),
        ("PAYMENT", 76_000, 114_000),
        ("REFUND", -10_000, 104_000),
        ("FEE", -228, 103_772),
        ("PAYOUT", -103_772, 0),
    ]
    assert [each.line_no for each in flows] == [1, 2, 3, 4, 5]
    assert flows[2].business_no == trades[2].channel_refund_id
    assert flows[0].business_no == trades[0].transaction_id
    _bill(lambda file: file.replace(b"\r\n", b"\n"))
    _bill(lambda file: file.removesuffix(b"\r\n"))
    _bill(_columns_in_another_order)


def _columns_in_another_order(file: bytes) -> bytes:
    lines = [line.split(b"|") for line in file.splitlines()]
    totals = "合计".encode("gbk")
    return b"\n".join(b"|".join(line if line[0] == totals else line[::-1]) for line in lines)


def _gbk(text: str) -> bytes:
    return text.encode("gbk")


def _without_a_line(file: bytes) -> bytes:
    return b"\r\n".join(line for line in file.split(b"\r\n") if b"|760.00|" not in line)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda file: b"", BillFault.WRONG_COLUMNS),
        (lambda file: file.replace(_gbk("银商订单号"), _gbk("订单号")), BillFault.WRONG_COLUMNS),
        (lambda file: file.replace(_gbk("手续费"), _gbk("交易金额"), 1), BillFault.WRONG_COLUMNS),
        (lambda file: file[: file.index(_gbk("合计"))], BillFault.CUT),
        (lambda file: file + b"more\n", BillFault.CUT),
        (lambda file: file.replace(_gbk("合计|3|1040.00|2.28|1037.72"), _gbk("合计|3|1040.00")), BillFault.CUT),
        (lambda file: file.replace(b"|1040.00|", b"|1040.01|"), BillFault.WRONG_SUMMARY),
        (lambda file: file.replace(b"|3|1040.00", b"|4|1040.00"), BillFault.WRONG_SUMMARY),
        (lambda file: file.replace(b"|2.28|", b"|2.27|"), BillFault.WRONG_SUMMARY),
        (_without_a_line, BillFault.WRONG_SUMMARY),
        (lambda file: file.replace(MID.encode(), b"898200000000000", 1), BillFault.OTHER_MERCHANT),
        (lambda file: file.replace(b"\n20231008", b"\n20231009", 1), BillFault.OTHER_DAY),
        (lambda file: file.replace(_gbk("消费"), _gbk("预授权"), 1), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"|380.00|", b"|380.001|"), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"|380.00|", b"|-380.00|"), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"|-100.00|", b"|100.00|"), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"|380.00|", b"|3.8e2|"), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"|0.00\r\n", b"\r\n", 1), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"09:00:00", b"25:00:00"), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"\r\n", b"\r\n\0", 1), BillFault.WRONG_LINE),
        (lambda file: file.replace(b"09:00:00", b"09:00:00" + b"x" * (1 << 16)), BillFault.WRONG_LINE),
        (lambda file: file.replace(_gbk("消费"), "消费".encode(), 1), BillFault.WRONG_LINE),
        (lambda file: file.replace(_gbk("消费"), b"\xff\xff", 1), BillFault.WRONG_LINE),
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_declared_is_used_in_no_part(change: Callable[[bytes], bytes], fault: BillFault) -> None:
    with pytest.raises(FaultyBill) as faulty:
        _bill(change)
    assert faulty.value.fault is fault


def test_a_key_or_layout_that_cannot_be_used_stops_the_start_and_names_no_secret(tmp_path: Path) -> None:
    setting = merchant_of(tmp_path, platform())
    setting.app_key_file.write_text("short")
    with pytest.raises(UnusableSharedKey, match="app_key_file") as unusable:
        load_chinaums_merchant(setting)
    assert "short" not in str(unusable.value)
    merchant_of(tmp_path, platform())
    bad = tmp_path / "layout.yaml"
    bad.write_text("encoding: [")
    for text in ("encoding: [", "encoding: utf-7", LAYOUT.read_text() + "further: 1\n"):
        bad.write_text(text)
        with pytest.raises(UnusableSharedKey, match="settlement_layout_file"):
            load_chinaums_merchant(setting.model_copy(update={"settlement_layout_file": bad}))
    with pytest.raises(UnreadableSettingFile):
        load_chinaums_merchant(setting.model_copy(update={"settlement_layout_file": tmp_path / "none"}))
    assert "INVENTED" in LAYOUT.read_text()
    assert read_layout(LAYOUT.read_bytes()).invented
    assert str(platform().app_key) not in repr(load_chinaums_merchant(setting))
