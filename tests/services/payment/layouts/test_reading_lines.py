"""Lines of declared files: each value read strictly, and what cannot be read named by its number and left aside."""

from datetime import date

import pytest

from services.payment.channels.layouts.layout import LineKind
from tests.services.payment.layouts.invented_files import (
    BACK,
    CCB,
    NUMBER,
    TAX,
    TAX_COLUMNS,
    ccb_file,
    ccb_line,
    harbin_file,
    harbin_line,
    layout,
    read,
    tax_file,
    tax_line,
)


class TestSeparated:
    def test_three_lines_of_760_yuan_with_a_reversal_come_to_38000_fen(self) -> None:
        content = harbin_file(
            harbin_line("S1"), harbin_line("S2", channel="WX"), harbin_line("S2", kind=BACK), total="760.00"
        )
        lines, unread, summary = read(content)
        assert [(each.kind, each.sequence, each.original, each.amount_fen) for each in lines] == [
            (LineKind.PAYMENT, "S1", None, 38000),
            (LineKind.PAYMENT, "S2", None, 38000),
            (LineKind.REVERSAL, "S2", "S2", 38000),
        ]
        assert [each.channel for each in lines] == ["HRB_BANK_COUNTER", "HRB_BANK_WECHAT", "HRB_BANK_COUNTER"]
        assert (unread, summary.net_fen, summary.paid_fen, summary.reversed_fen) == ([], 38000, 76000, 38000)

    @pytest.mark.parametrize("end", ["\r\n", "\n"])
    def test_the_last_line_is_read_with_or_without_its_end(self, end: str) -> None:
        content = harbin_file(harbin_line(), total="380.00", end=end)
        for trimmed in (content, content.removesuffix(end.encode()), content + end.encode() * 3):
            assert [each.line_no for each in read(trimmed)[0]] == [2]

    @pytest.mark.parametrize(("written", "fen"), [("380.00", 38000), ("380", 38000), ("380.5", 38050), ("0.01", 1)])
    def test_yuan_are_read_to_the_fen(self, written: str, fen: int) -> None:
        assert read(harbin_file(harbin_line(amount=written), total=written))[0][0].amount_fen == fen

    @pytest.mark.parametrize(
        "amount",
        ["0.00", "0", "-380.00", "380.001", "3.8e2", "380,00", "1,380.00", "３８０", "00038000", "+1", ".5", "5.",
         "1e5", "NaN", "99999999999999", "¥380", "380 .00"],
    )  # fmt: skip
    def test_what_is_no_amount_is_left_aside(self, amount: str) -> None:
        content = harbin_file(harbin_line(amount=amount), harbin_line("S2"), total="760.00")
        lines, unread, summary = read(content)
        assert [(each.line_no, each.fault, each.field) for each in unread] == [(2, "WRONG_AMOUNT", "金额")]
        assert ([each.sequence for each in lines], summary.open_fen) == (["S2"], 38000)

    @pytest.mark.parametrize(
        ("line", "fault", "field"),
        [
            (harbin_line(day="20231301"), "WRONG_DAY", "交易日期"),
            (harbin_line(day="20230229"), "WRONG_DAY", "交易日期"),
            (harbin_line(day="00000000"), "WRONG_DAY", "交易日期"),
            (harbin_line(day="99991231"), "WRONG_DAY", "交易日期"),
            (harbin_line(day="2023-10-8"), "WRONG_DAY", "交易日期"),
            (harbin_line(day="２０２３１００８"), "WRONG_DAY", "交易日期"),
            (harbin_line(day=""), "MISSING", "交易日期"),
            (harbin_line(day="20231009"), "OTHER_DAY", "交易日期"),
            (harbin_line(day="20231006"), "OTHER_DAY", "交易日期"),
            (harbin_line(sequence=""), "MISSING", "流水号"),
            (harbin_line(sequence="流水"), "WRONG_VALUE", "流水号"),
            (harbin_line(sequence="S" * 65), "WRONG_VALUE", "流水号"),
            (harbin_line(number=""), "MISSING", "客户编号"),
            (harbin_line(channel="XX"), "UNKNOWN_CODE", "渠道"),
            (harbin_line(kind="3"), "UNKNOWN_CODE", "类型"),
            (harbin_line() + "|", "WRONG_FIELDS", ""),
            (harbin_line().replace("|GT", ""), "WRONG_FIELDS", ""),
            (harbin_line().replace("GT", "G\0T"), "UNPRINTABLE", ""),
            (harbin_line().replace("GT", "G\u202eT"), "UNPRINTABLE", ""),
            (harbin_line(sequence="S" * 3000), "TOO_LONG", ""),
        ],
    )
    def test_a_line_that_cannot_be_read_is_named_by_its_number_and_the_rest_goes_on(
        self, line: str, fault: str, field: str
    ) -> None:
        content = harbin_file(harbin_line("S1"), line, harbin_line("S3"), total="1140.00")
        lines, unread, summary = read(content, file_day=date(2023, 10, 8))
        assert [(each.line_no, each.fault, each.field) for each in unread] == [(3, fault, field)]
        assert [each.sequence for each in lines] == ["S1", "S3"]
        assert (summary.lines, summary.unread, summary.open_fen) == (2, 1, 38000)

    def test_an_empty_line_is_named_and_no_line_of_the_count(self) -> None:
        content = harbin_file(harbin_line("S1"), "", harbin_line("S2"), count=2, total="760.00")
        lines, unread, _ = read(content)
        assert ([each.line_no for each in lines], [(each.line_no, each.fault) for each in unread]) == (
            [2, 4],
            [(3, "EMPTY")],
        )

    def test_bytes_that_are_no_characters_are_never_replaced(self) -> None:
        good, bad = harbin_line("S1").encode(), harbin_line("S2").encode().replace(b"S2", b"S\xff")
        content = b"2|760.00\r\n" + good + b"\r\n" + bad + b"\r\n"
        lines, unread, _ = read(content)
        assert ([each.sequence for each in lines], [each.fault for each in unread]) == (["S1"], ["WRONG_ENCODING"])

    def test_a_character_whose_second_byte_is_a_separators_divides_nothing(self) -> None:
        """漡 is written 9D 7C in GBK, and 7C alone is the separator."""
        character = b"\x9d\x7c".decode("gbk")
        own = layout("harbin-bank-day-end").model_dump(by_alias=True)
        own["detail"] = [*own["detail"], {"name": "姓名", "is": "name"}]
        named = type(layout("harbin-bank-day-end")).model_validate(own)
        (line,), unread, _ = read(harbin_file(f"{harbin_line()}|张{character}", total="380.00"), named)
        assert (line.person_name, unread) == (f"张{character}", [])

    def test_no_representation_of_a_line_shows_who_paid(self) -> None:
        (line,), _, _ = read(ccb_file(ccb_line(), total_fen=38000), CCB)
        assert line.document_number == NUMBER
        assert NUMBER not in repr(line)
        assert "张三" not in repr(line)


class TestFixedWidth:
    def test_a_name_of_two_characters_is_four_bytes(self) -> None:
        content = ccb_file(ccb_line("Y1", name="张三"), ccb_line("Y2", name="欧阳娜娜"), total_fen=76000)
        lines, unread, summary = read(content, CCB, institution="411521000001")
        assert [(each.sequence, each.person_name, each.amount_fen) for each in lines] == [
            ("Y1", "张三", 38000),
            ("Y2", "欧阳娜娜", 38000),
        ]
        assert (unread, summary.file_day, lines[0].benefit_year) == ([], date(2023, 10, 8), 2024)
        assert lines[0].happened_at.isoformat() == "2023-10-08T10:34:56+08:00"

    def test_a_record_that_was_padded_by_characters_is_left_aside(self) -> None:
        """40 characters of which two take two bytes each are 42 bytes: everything behind is shifted."""
        shifted = ccb_line("Y1").replace("张三".encode("gbk").ljust(40), "张三".ljust(40).encode("gbk"))
        lines, unread, _ = read(ccb_file(shifted, ccb_line("Y2"), total_fen=76000), CCB)
        assert [(each.line_no, each.fault) for each in unread] == [(2, "WRONG_WIDTH")]
        assert [each.sequence for each in lines] == ["Y2"]

    def test_a_character_cut_in_two_is_left_aside(self) -> None:
        cut = ccb_line("Y1", name="").replace(b" " * 40, b" " * 39 + "张".encode("gbk")[:1])
        _, unread, _ = read(ccb_file(cut, ccb_line("Y2"), total_fen=76000), CCB)
        assert [(each.fault, each.field) for each in unread] == [("WRONG_ENCODING", "姓名")]

    def test_zeros_before_an_amount_are_read_where_the_layout_says_so(self) -> None:
        lines, _, _ = read(ccb_file(ccb_line(amount="00038000"), total_fen=38000), CCB)
        assert lines[0].amount_fen == 38000

    def test_a_reversal_names_its_original(self) -> None:
        content = ccb_file(ccb_line("Y1"), ccb_line("Y2", kind="1", original="Y1"), total_fen=0)
        lines, _, summary = read(content, CCB)
        assert [(each.sequence, each.original) for each in lines] == [("Y1", None), ("Y2", "Y1")]
        assert summary.net_fen == 0

    def test_a_reversal_of_nothing_is_left_aside_and_its_sum_is_known(self) -> None:
        content = ccb_file(ccb_line("Y1"), ccb_line("Y2", kind="1"), total_fen=0)
        lines, unread, summary = read(content, CCB)
        assert [(each.fault, each.field, each.amount_fen, each.kind) for each in unread] == [
            ("MISSING", "原流水号", 38000, LineKind.REVERSAL)
        ]
        assert (len(lines), summary.open_fen) == (1, -38000)


class TestNamedColumns:
    def test_columns_are_found_by_name_in_any_order_with_others_between(self) -> None:
        names = TAX_COLUMNS.split("|")
        cells = tax_line(treasury="2023-10-08").split("|")
        turned = "|".join(["备注", *reversed(names)]), "|".join(["无", *reversed(cells)])
        (line,), _, _ = read(tax_file(turned[1], total="380.00", columns=turned[0]), TAX)
        assert (line.sequence, line.treasury_on, line.benefit_year) == ("T1", date(2023, 10, 8), 2024)

    def test_payments_of_the_tax_bureaus_channels_with_their_way_to_the_treasury(self) -> None:
        content = tax_file(
            tax_line("T1", channel="01", remitted="2023-10-07", treasury="2023-10-08", paid_at="2023-10-06 08:00:00"),
            tax_line("T2", channel="03"),
            tax_line("T3", channel="05", kind="退费", original="T0", amount="100.00"),
            total="660.00",
        )
        lines, unread, summary = read(content, TAX)
        assert [(each.channel, each.kind, each.treasury_on, each.original) for each in lines] == [
            ("TAX_HALL", LineKind.PAYMENT, date(2023, 10, 8), None),
            ("HENAN_TAX_APP", LineKind.PAYMENT, None, None),
            ("WANSHITONG", LineKind.REVERSAL, None, "T0"),
        ]
        assert (unread, summary.net_fen) == ([], 66000)

    @pytest.mark.parametrize(
        ("remitted", "treasury"),
        [("2023-10-07", ""), ("2023-10-09", ""), ("", "2023-10-09"), ("2023-10-08", "2023-10-07"), ("", "0000-00-00")],
    )
    def test_a_treasury_day_before_its_payment_or_after_its_file_is_left_aside(
        self, remitted: str, treasury: str
    ) -> None:
        content = tax_file(tax_line(remitted=remitted, treasury=treasury), tax_line("T2"), total="760.00")
        lines, unread, _ = read(content, TAX)
        assert ([each.sequence for each in lines], len(unread)) == (["T2"], 1)
