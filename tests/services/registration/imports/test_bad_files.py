"""Whatever is sent gets a clear answer: about the file as a whole, or about the one row; its neighbours are taken."""

from pathlib import Path

import pytest

from services.registration.imports.columns import ColumnDoubled, ColumnMissing
from services.registration.imports.form import FileIsEmpty, FileIsNoCsv
from services.registration.imports.reader import open_file
from services.registration.imports.records import BLOCK_BYTES
from services.registration.imports.service import Report
from shared.errors import DomainError
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.harness.registers import HEADER, VILLAGE, a_file, a_row, counts, imported, with_towns
from tests.services.registration.imports.registers_read import files_in, rows_of

# Every way for one row to be wrong, and the code under which it is refused.
WRONG = [
    (("", a_number(1), VILLAGE), "IMPORT_CELL_MALFORMED"),
    (("张\x1b[31m三", a_number(1), VILLAGE), "IMPORT_CELL_MALFORMED"),
    (("张\x00三", a_number(1), VILLAGE), "IMPORT_CELL_MALFORMED"),
    (("张" * 350_000, a_number(1), VILLAGE), "IMPORT_CELL_MALFORMED"),
    (("=1+1", a_number(1), VILLAGE), "IMPORT_FORMULA_IN_CELL"),
    (("@SUM(A1)", a_number(1), VILLAGE), "IMPORT_FORMULA_IN_CELL"),
    (("+1", a_number(1), VILLAGE), "IMPORT_FORMULA_IN_CELL"),
    (("-1", a_number(1), VILLAGE), "IMPORT_FORMULA_IN_CELL"),
    (("'=1+1", a_number(1), VILLAGE), "IMPORT_FORMULA_IN_CELL"),
    (("张三", "4.11521E+17", VILLAGE), "IMPORT_NUMBER_ROUNDED"),
    (("张三", "", VILLAGE), "IMPORT_CELL_MALFORMED"),
    (("张三", a_number(1)[:-1] + "?", VILLAGE), "INVALID_IDENTITY_NUMBER"),
    (("张三", "411521199013010019", VILLAGE), "INVALID_IDENTITY_NUMBER"),
    (("张三", a_number(1), "411521101"), "IMPORT_CELL_MALFORMED"),
    (("张三", a_number(1), "411521199201"), "UNKNOWN_REGION"),
    (("张三", a_number(1), "411522101201"), "NOT_FOUND"),
    (("张三", a_number(1)), "IMPORT_ROW_MALFORMED"),
    (("张三", a_number(1), VILLAGE, "1"), "IMPORT_ROW_MALFORMED"),
    (('"张三', a_number(1), VILLAGE), "IMPORT_ROW_MALFORMED"),
    (('"张三"x', a_number(1), VILLAGE), "IMPORT_ROW_MALFORMED"),
    (('"' + "张" * 350_000 + '"', a_number(1), VILLAGE), "IMPORT_ROW_MALFORMED"),
    (("张三", "x" * (3 << 20), VILLAGE), "IMPORT_ROW_MALFORMED"),
]


@pytest.fixture(autouse=True)
async def towns(installation: Installation) -> None:
    await with_towns(installation)


def refused(report: Report) -> list[list[str]]:
    """The refused rows, as they came back."""
    assert report.errors is not None
    return rows_of(report.errors, "utf-8-sig" if report.opened.form.encoding == "utf-8" else "gb18030")[1:]


class TestForm:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
    @pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
    async def test_every_encoding_and_line_break_is_read_and_comes_back_as_it_was(
        self, installation: Installation, tmp_path: Path, encoding: str, line_break: str
    ) -> None:
        rows = [a_row(1, "赵一"), ("钱二", "4115", VILLAGE), a_row(3, "孙三")]

        report = await imported(installation, a_file(tmp_path, rows, encoding=encoding, line_break=line_break))

        assert counts(report) == (2, 0, 1)
        assert report.opened.form.encoding == {"gbk": "gb18030"}.get(encoding, "utf-8")
        assert report.opened.form.byte_order_mark == (encoding == "utf-8-sig")
        assert report.errors is not None
        (header, back) = rows_of(report.errors, encoding.replace("gbk", "gb18030"))
        assert header == [*HEADER, "错误原因"]
        assert back[:3] == list(rows[1])
        assert report.errors.read_bytes().endswith(line_break.encode())

    @pytest.mark.parametrize("delimiter", ["\t", ";"])
    async def test_other_delimiters_are_found_by_the_header(
        self, installation: Installation, tmp_path: Path, delimiter: str
    ) -> None:
        report = await imported(installation, a_file(tmp_path, [a_row(1)], delimiter=delimiter))
        assert (counts(report), report.opened.form.delimiter) == ((1, 0, 0), delimiter)

    @pytest.mark.parametrize(
        ("content", "refusal"),
        [
            (b"", FileIsEmpty),
            (b"\xef\xbb\xbf\r\n", FileIsEmpty),
            ("姓名,证件号码\n张三,1\n".encode("utf-16"), FileIsNoCsv),
            (b"PK\x03\x04...", FileIsNoCsv),
            ("姓名,村代码\n".encode(), ColumnMissing),
            (b"\x00\x01\x02\xff" * 1000, ColumnMissing),
            ("姓名,证件号码,certno,村代码\n".encode(), ColumnDoubled),
        ],
    )
    def test_a_file_that_is_no_register_is_refused_by_name(
        self, tmp_path: Path, content: bytes, refusal: type[DomainError]
    ) -> None:
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        with path.open("rb") as file, pytest.raises(refusal):
            open_file(file)

    async def test_a_header_alone_is_a_file_of_nobody(self, installation: Installation, tmp_path: Path) -> None:
        assert counts(await imported(installation, a_file(tmp_path, []))) == (0, 0, 0)
        assert files_in(tmp_path) == ["people.csv"]

    async def test_national_names_in_any_order_and_codes_are_understood(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        header = ("village_code", "brdy", "CERTNO", "psn_cert_type", "PSN_NAME", "")
        row = (VILLAGE, "1990年1月1日", "E12345678", "08", "JOHN SMITH", "")
        report = await imported(installation, a_file(tmp_path, [row], header))
        assert counts(report) == (1, 0, 0)
        (found,) = await installation.sql("registration", "SELECT document_type, facts->>'birth_date' b FROM enrolment")
        assert (found["document_type"], found["b"]) == ("PASSPORT", "1990-01-01")


class TestRows:
    async def test_a_wrong_row_is_refused_by_name_and_its_neighbours_are_taken(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        rows = [row for at, (wrong, _) in enumerate(WRONG, 10) for row in (wrong, a_row(at))]

        report = await imported(installation, a_file(tmp_path, rows))

        assert counts(report) == (len(WRONG), 0, len(WRONG))
        back = refused(report)
        for (cells, code), row in zip(WRONG, back, strict=True):
            assert row[3].startswith(f"[{code}] "), cells
            assert len(row) == 4
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
        assert report.errors is not None
        content = report.errors.read_bytes()
        assert b"\x1b" not in content
        assert b"\x00" not in content

    async def test_a_number_is_the_same_however_a_spreadsheet_writes_it(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        number = a_number(7, "19900307")
        written = [
            number.lower(),
            number[:6] + number[8:17],
            f" {number} ",
            f"'{number}",
            f'"=""{number}"""',
            f'"{number}"',
            "".join(chr(ord(character) + 0xFEE0) for character in number),
        ]
        await imported(installation, a_file(tmp_path, [("张三", number, VILLAGE)], name="before.csv"))

        report = await imported(installation, a_file(tmp_path, [("张三", each, VILLAGE) for each in written]))

        assert number.endswith("X")
        assert counts(report) == (0, len(written), 0)

    async def test_a_birth_date_that_is_not_the_numbers_is_refused(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        rows = [(*a_row(1), "1990-01-02"), (*a_row(2), "19900101"), (*a_row(3), "1990-02-30"), (*a_row(4), "")]
        report = await imported(installation, a_file(tmp_path, rows, (*HEADER, "出生日期")))
        assert counts(report) == (2, 0, 2)
        assert report.tally.reasons == {"BIRTH_DATE_DIFFERS": 1, "IMPORT_CELL_MALFORMED": 1}

    @pytest.mark.parametrize("rehearsed", [True, False])
    async def test_nobody_is_registered_before_they_are_born(
        self, installation: Installation, tmp_path: Path, rehearsed: bool
    ) -> None:
        rows = [a_row(1), ("李四", a_number(2, "20990101"), VILLAGE)]
        report = await imported(installation, a_file(tmp_path, rows), rehearsed=rehearsed)
        assert (counts(report), report.tally.reasons) == ((1, 0, 1), {"BIRTH_DATE_IN_FUTURE": 1})

    async def test_a_gbk_row_in_a_utf_8_file_is_refused_and_shown_as_it_was_meant(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        path = a_file(tmp_path, [a_row(1), a_row(2)])
        path.write_bytes(path.read_bytes() + ",".join(a_row(3, "李四")).encode("gbk") + b"\n")
        report = await imported(installation, path)
        assert counts(report) == (2, 0, 1)
        (row,) = refused(report)
        assert row[0] == "李四"
        assert "GBK" in row[3]

    async def test_a_utf_8_row_in_a_gbk_file_is_refused_rather_than_registered_under_another_name(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        path = a_file(tmp_path, [a_row(1), a_row(2)], encoding="gbk")
        path.write_bytes(path.read_bytes() + ",".join(a_row(3, "李四")).encode() + b"\n")
        report = await imported(installation, path)
        assert counts(report) == (2, 0, 1)
        assert refused(report)[0][0] == "李四"

    async def test_a_remark_over_several_lines_is_one_row_and_an_unclosed_quote_swallows_none(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        rows = [(*a_row(1), '"一行\n两行"'), (*a_row(2), '"没有结束'), (*a_row(3), ""), (*a_row(4), '"a""b"')]
        report = await imported(installation, a_file(tmp_path, rows, (*HEADER, "备注")))
        assert counts(report) == (3, 0, 1)
        assert a_number(2) in refused(report)[0][0]

    async def test_blank_lines_and_rows_of_empty_cells_are_nobody(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        path = a_file(tmp_path, [a_row(1), ("", "", ""), ("",), a_row(2), ("", "", "")])
        assert counts(await imported(installation, path)) == (2, 0, 0)


async def test_rows_of_many_blocks_are_all_read_once(installation: Installation, tmp_path: Path) -> None:
    rows = [
        (f"张{day}", a_number(sequence, f"199001{day:02d}"), VILLAGE, f'"{"备" * 40}\n注"')
        for day in range(1, 4)
        for sequence in range(1, 900)
    ]
    path = a_file(tmp_path, rows, (*HEADER, "备注"))
    assert path.stat().st_size > 3 * BLOCK_BYTES

    report = await imported(installation, path)

    assert counts(report) == (len(rows), 0, 0)
    assert counts(await imported(installation, path, rehearsed=True)) == (0, len(rows), 0)
