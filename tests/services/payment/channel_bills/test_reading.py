"""WeChat's bill files are read by the names of their columns and proved by their own summary."""

import gzip
import tracemalloc
from collections.abc import Sequence
from datetime import date
from io import BytesIO

import pytest

from services.payment.channels.bills import BillFault, FaultyBill, FlowLine, TradeLine
from services.payment.channels.wechat import bill_file
from services.payment.channels.wechat.fund_flow_bill import FundFlowBill
from services.payment.channels.wechat.trade_bill import TradeBill
from tests.harness.wechat_peer import MCHID
from tests.services.payment.channel_bills.bill_rows import DAY, flow_file, moved, paid, refunded, trade_file

_DAY = date.fromisoformat(DAY)


def trades(content: bytes) -> Sequence[TradeLine]:
    reader = TradeBill(BytesIO(gzip.compress(content)), MCHID, _DAY)
    return [TradeLine(*row) for portion in reader.portions() for row in portion.rows()]  # type: ignore[arg-type]


def flows(content: bytes) -> Sequence[FlowLine]:
    reader = FundFlowBill(BytesIO(gzip.compress(content)), MCHID, _DAY)
    return [FlowLine(*row) for portion in reader.portions() for row in portion.rows()]  # type: ignore[arg-type]


def fault_of(content: bytes, read: object = trades) -> BillFault:
    with pytest.raises(FaultyBill) as raised:
        read(content)  # type: ignore[operator]
    return raised.value.fault


def edited(content: bytes, old: str, new: str, count: int = 1) -> bytes:
    assert old.encode() in content
    return content.replace(old.encode(), new.encode(), count)


def reordered(content: bytes) -> bytes:
    """The same details with their columns from the last to the first."""
    lines = content.decode("utf-8-sig").split("\r\n")
    turned = [",".join(reversed(lines[0].split(",")))]
    for line in lines[1:]:
        if not line.startswith("`"):
            return "\r\n".join([*turned, *lines[len(turned) :]]).encode()
        turned.append("`" + ",`".join(reversed(line[1:].split(",`"))))
    raise AssertionError("no summary")


TRADES = trade_file(paid(1), paid(2, 40000), refunded(1))


class TestTradeBill:
    def test_payments_and_refunds_are_read_with_the_channels_numbers(self) -> None:
        first, second, back = trades(TRADES)
        assert first[:9] == (1, "PAYMENT", "ORDER-0001", "4200000001", None, None, "SUCCESS", 38000, 38000)
        assert first.happened_at.isoformat() == "2023-10-08T10:34:56+08:00"
        assert (second.line_no, second.amount_fen) == (2, 40000)
        assert back[1:9] == ("REFUND", "ORDER-0001", "4200000001", "R0001", "5000000001", "SUCCESS", 38000, 38000)

    def test_columns_in_another_order_are_found_by_name(self) -> None:
        assert reordered(TRADES) != TRADES
        assert trades(reordered(TRADES)) == trades(TRADES)

    @pytest.mark.parametrize("cut", [b"\r\n", b"\n"])
    def test_the_last_line_need_not_end(self, cut: bytes) -> None:
        assert trades(TRADES.removesuffix(cut)) == trades(TRADES)

    def test_lines_may_end_with_lf_alone_and_the_bom_may_be_missing(self) -> None:
        assert trades(TRADES.replace(b"\r\n", b"\n").removeprefix("\ufeff".encode())) == trades(TRADES)

    def test_a_coupon_of_the_merchant_is_not_owed(self) -> None:
        """应结 375.00 with a coupon of 5.00, of an order of 380.00."""
        (line,) = trades(trade_file(paid(1, coupon_fen=500)))
        assert (line.amount_fen, line.due_fen) == (38000, 37500)

    def test_commas_and_quotes_in_names_divide_nothing(self) -> None:
        content = edited(TRADES, "城乡居民基本医疗保险", '参保,"张三",`缴费'.replace(",`", ", `"))
        assert trades(content) == trades(TRADES)

    def test_a_column_that_is_added_is_not_read(self) -> None:
        lines = TRADES.decode().split("\r\n")
        wider = [lines[0] + ",新列", *(f"{line},`新" for line in lines[1:4]), *lines[4:]]
        assert trades("\r\n".join(wider).encode()) == trades(TRADES)

    def test_a_day_of_thousands_of_lines_is_read_in_portions(self) -> None:
        content = trade_file(*(paid(number) for number in range(1, 9000)))
        reader = TradeBill(BytesIO(gzip.compress(content)), MCHID, _DAY)
        sizes = [len(portion) for portion in reader.portions()]
        assert len(sizes) > 1
        assert sum(sizes) == 8999
        assert reader.summary["订单总金额"] == "3419620.00"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("`780.00,`380.00", "`780.01,`380.00"),
            ("`780.00,`380.00", "`780.00,`380.01"),
            ("`3,`780.00", "`4,`780.00"),
            ("`3,`780.00", "`780.00,`3"),
            ("订单总金额,申请", "总金额,申请"),
        ],
    )
    def test_a_summary_that_is_off_by_a_fen_or_lacks_a_total_is_named(self, old: str, new: str) -> None:
        tail = TRADES.rindex("总交易单数".encode())
        content = TRADES[:tail] + edited(TRADES[tail:], old, new)
        assert fault_of(content) == BillFault.WRONG_SUMMARY

    @pytest.mark.parametrize("row", [1, 2, 3])
    def test_a_missing_row_is_named(self, row: int) -> None:
        lines = TRADES.split(b"\r\n")
        assert fault_of(b"\r\n".join([*lines[:row], *lines[row + 1 :]])) == BillFault.WRONG_SUMMARY

    def test_a_row_that_stands_twice_is_named(self) -> None:
        lines = TRADES.split(b"\r\n")
        assert fault_of(b"\r\n".join([*lines[:2], lines[1], *lines[2:]])) == BillFault.WRONG_SUMMARY

    @pytest.mark.parametrize("kept", [0, 1, 2, 3, 4, 5])
    def test_a_file_that_breaks_off_between_lines_is_named(self, kept: int) -> None:
        content = b"\r\n".join(TRADES.split(b"\r\n")[:kept])
        assert fault_of(content) in (BillFault.CUT, BillFault.WRONG_COLUMNS)

    def test_a_file_that_breaks_off_anywhere_is_named(self) -> None:
        """Every place but those within the last end of line, after the last digit of the summary."""
        for end in range(len(TRADES) - len(b".00\r\n")):
            with pytest.raises(FaultyBill):
                trades(TRADES[:end])

    @pytest.mark.parametrize("name", ["微信订单号", "交易状态", "订单金额", "微信退款单号"])
    def test_a_missing_or_repeated_column_is_named(self, name: str) -> None:
        head, _, rest = TRADES.partition(b"\r\n")
        for other in ("别名", "交易时间"):
            names = [other if each == name else each for each in head.decode("utf-8-sig").split(",")]
            assert fault_of(",".join(names).encode() + b"\r\n" + rest) == BillFault.WRONG_COLUMNS

    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("`380.00", "`380.001", BillFault.WRONG_LINE),
            ("`380.00", "`3.8e2", BillFault.WRONG_LINE),
            ("`380.00", "`-380.00", BillFault.WRONG_LINE),
            ("`380.00", "`３80.00", BillFault.WRONG_LINE),
            ("`380.00", "`", BillFault.WRONG_LINE),
            ("`380.00,`0.00", "`381.00,`0.00", BillFault.WRONG_LINE),
            ("`2023-10-08 10:34:56", "`2023-10-08 25:00:00", BillFault.WRONG_LINE),
            ("`2023-10-08 10:34:56", "`2023-10-08", BillFault.WRONG_LINE),
            ("`2023-10-08 10:34:56", "`2023-10-07 10:34:56", BillFault.OTHER_DAY),
            ("`SUCCESS", "`USERPAYING", BillFault.WRONG_LINE),
            ("`4200000001", "`", BillFault.WRONG_LINE),
            ("`4200000001", "`42\u200b00", BillFault.WRONG_LINE),
            ("`4200000001", "`42\x00", BillFault.WRONG_LINE),
            ("`4200000001", "`" + "4" * 65, BillFault.WRONG_LINE),
            (",`ORDER-0001", "", BillFault.WRONG_LINE),
            (f"`{MCHID}", "`1900000999", BillFault.OTHER_MERCHANT),
        ],
    )
    def test_a_line_that_cannot_be_is_named(self, old: str, new: str, fault: BillFault) -> None:
        assert fault_of(edited(TRADES, old, new)) == fault

    @pytest.mark.parametrize("year", ["0001", "2009", "2200", "9999"])
    def test_a_moment_beyond_the_calendar_is_named(self, year: str) -> None:
        """F, attacked: a refund of the year 1 ended the job that reads bills, and the bill stayed without a fault."""
        content = trade_file(paid(1), refunded(1, at="11:00:00"))
        assert fault_of(edited(content, "`2023-10-08 11:00:00", f"`{year}-01-01 00:00:00")) == BillFault.WRONG_LINE

    def test_what_is_not_utf8_is_named(self) -> None:
        assert fault_of(TRADES.replace("城乡".encode(), "城乡".encode("gbk"), 1)) == BillFault.WRONG_LINE

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (TRADES.decode("utf-8-sig").encode("gbk"), BillFault.WRONG_LINE),
            (TRADES.decode("utf-8-sig").encode("utf-16"), BillFault.WRONG_LINE),
            ("\ufeff".encode() + TRADES, BillFault.WRONG_COLUMNS),
            (gzip.compress(TRADES), BillFault.WRONG_LINE),
            (b"", BillFault.CUT),
            ("\ufeff".encode(), BillFault.CUT),
            (TRADES.partition(b"`")[0], BillFault.CUT),
            (TRADES + b"\r\n".join(TRADES.split(b"\r\n")[-3:]), BillFault.CUT),
            (TRADES + TRADES, BillFault.CUT),
            (edited(TRADES, "`380.00", "`1,380.00"), BillFault.WRONG_LINE),
            (edited(TRADES, "城乡居民", "城乡\n居民"), BillFault.WRONG_LINE),
            (edited(TRADES, "城乡居民", "城乡\n`居民"), BillFault.WRONG_LINE),
            (edited(TRADES, "城乡居民", "城乡,`居民"), BillFault.WRONG_LINE),
        ],
        ids=[
            *("gbk", "utf-16", "two boms", "packed twice", "nothing", "a bom alone", "a header alone"),
            *("two summaries", "two files", "a thousands separator", "a line break", "a line break and a backtick"),
            "a value more",
        ],
    )
    def test_a_file_of_another_form_is_named(self, content: bytes, fault: BillFault) -> None:
        assert fault_of(content) == fault

    def test_a_total_that_stands_there_twice_is_named(self) -> None:
        """A1, attacked: of two totals of one name the last was taken, and the other compared with nothing."""
        tail = TRADES.rindex("总交易单数".encode())
        twice = edited(edited(TRADES[tail:], "总交易单数,", "总交易单数,总交易单数,"), "`3,", "`7,`3,")
        assert fault_of(TRADES[:tail] + twice) == BillFault.WRONG_SUMMARY

    def test_what_never_ends_is_not_gathered(self) -> None:
        """F, attacked: a line, or a tail, of any length was gathered in memory before it was named."""
        head = TRADES.partition(b"`")[0]
        for content, fault in (
            (head + b"`" + b"x" * 16_000_000, BillFault.WRONG_LINE),
            (TRADES + b"x\n" * 8_000_000, BillFault.CUT),
        ):
            reader = TradeBill(BytesIO(gzip.compress(content, 1)), MCHID, _DAY)
            tracemalloc.start()
            with pytest.raises(FaultyBill) as raised:
                list(reader.portions())
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert raised.value.fault == fault
            assert peak < 4_000_000


FLOWS = flow_file(
    moved(38000, "4200000001"),
    moved(-38000, "5000000001"),
    moved(38000, "4200000002"),
    moved(-50000, "W0001", business="提现"),
    moved(-228, "4200000002", business="扣除交易手续费"),
    balance_fen=20000,
)


class TestFundFlowBill:
    def test_movements_are_signed_and_named_by_what_moved_them(self) -> None:
        """Refunds are named by refund_id; 提现 is the payout."""
        lines = flows(FLOWS)
        assert [(line.kind, line.business_no, line.amount_fen, line.balance_fen) for line in lines] == [
            ("PAYMENT", "4200000001", 38000, 58000),
            ("REFUND", "5000000001", -38000, 20000),
            ("PAYMENT", "4200000002", 38000, 58000),
            ("PAYOUT", "W0001", -50000, 8000),
            ("FEE", "4200000002", -228, 7772),
        ]
        assert lines[0].booked_at.isoformat() == "2023-10-08T10:34:57+08:00"

    def test_a_payment_of_the_last_second_is_booked_on_the_next_day_under_its_own_number(self) -> None:
        """Paid 23:59:59, booked 00:00:01: the line names the transaction, and stands in the bill of its booking."""
        (line,) = flows(flow_file(moved(38000, "4200000001", at="00:00:01")))
        assert (line.business_no, line.booked_at.isoformat()) == ("4200000001", "2023-10-08T00:00:01+08:00")
        assert fault_of(flow_file(moved(1, "4", day="2023-10-07", at="23:59:59")), flows) == BillFault.OTHER_DAY

    def test_a_running_balance_broken_by_a_fen_is_named(self) -> None:
        assert fault_of(edited(FLOWS, "`580.00", "`580.01"), flows) == BillFault.BROKEN_BALANCE

    def test_columns_in_another_order_are_found_by_name(self) -> None:
        assert flows(reordered(FLOWS)) == flows(FLOWS)

    def test_the_parentheses_of_a_name_may_be_of_either_width(self) -> None:
        assert flows(FLOWS.replace("（元）".encode(), b"(" + "元".encode() + b")")) == flows(FLOWS)

    @pytest.mark.parametrize(
        ("old", "new"),
        [("`5.0,`2.0", "`6.0,`2.0"), ("`5.0,`2.0", "`5.0,`3.0"), ("`760.00,`3.0", "`760.01,`3.0"), ("`3.0,", "`x,")],
    )
    def test_a_wrong_summary_is_named(self, old: str, new: str) -> None:
        tail = FLOWS.rindex("资金流水总笔数".encode())
        content = FLOWS[:tail] + edited(FLOWS[tail:], old, new)
        assert fault_of(content, flows) == BillFault.WRONG_SUMMARY

    def test_neither_income_nor_expense_is_named(self) -> None:
        assert fault_of(edited(FLOWS, "`收入", "`其他"), flows) == BillFault.WRONG_LINE

    def test_a_missing_row_breaks_the_balance(self) -> None:
        lines = FLOWS.split(b"\r\n")
        assert fault_of(b"\r\n".join([*lines[:2], *lines[3:]]), flows) == BillFault.BROKEN_BALANCE
        assert fault_of(b"\r\n".join([*lines[:5], *lines[6:]]), flows) == BillFault.WRONG_SUMMARY


def test_a_file_is_read_in_pieces_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: a line that reaches over the end of a piece is read whole, and lines are counted on."""
    content = trade_file(*(paid(number, 38000 + number % 3) for number in range(1, 40)), refunded(7))
    at_once = trades(content)
    monkeypatch.setattr(bill_file, "_PIECE", 1_000)
    assert trades(content) == at_once
    assert [line.line_no for line in at_once] == list(range(1, 41))
