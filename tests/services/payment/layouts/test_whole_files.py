"""What a file says of its whole: where that is wrong nothing of it is used, and the file is named."""

import gzip
import io
import tracemalloc
import zipfile
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.channels.layouts.faults import FaultyFile
from services.payment.channels.layouts.layout import FileLayout
from services.payment.channels.layouts.reader import FileReader
from tests.services.payment.layouts.invented_files import (
    BACK,
    CCB,
    HARBIN,
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

LINE = harbin_line()
TWO = (harbin_line("S1"), harbin_line("S2"))


def changed(name: str = HARBIN, **changes: object) -> FileLayout:
    """A layout with changes."""
    return FileLayout.model_validate(layout(name).model_dump(by_alias=True) | changes)


@pytest.mark.parametrize(
    ("content", "name", "fault"),
    [
        (b"", HARBIN, "EMPTY"),
        (b"\r\n\r\n", HARBIN, "EMPTY"),
        (harbin_file(*TWO, count=3, total="760.00"), HARBIN, "WRONG_COUNT"),
        (harbin_file(*TWO, count=1, total="760.00"), HARBIN, "WRONG_COUNT"),
        (harbin_file(*TWO, total="760.01"), HARBIN, "WRONG_TOTAL"),
        (harbin_file(*TWO, total="380.00"), HARBIN, "WRONG_TOTAL"),
        (harbin_file(LINE, harbin_line("S2", kind=BACK), total="760.00"), HARBIN, "WRONG_TOTAL"),
        (harbin_file(*TWO, total="76,000"), HARBIN, "WRONG_HEADER"),
        (harbin_file(*TWO, total="-760.00"), HARBIN, "WRONG_HEADER"),
        (harbin_file(*TWO, count="two", total="760.00"), HARBIN, "WRONG_HEADER"),
        (LINE.encode(), HARBIN, "WRONG_HEADER"),
        (b"\xff\xfe|1\r\n", HARBIN, "WRONG_HEADER"),
        (ccb_file(ccb_line(), total_fen=38001), CCB, "WRONG_TOTAL"),
        (ccb_file(ccb_line(), count=2, total_fen=38000), CCB, "WRONG_COUNT"),
        (ccb_file(ccb_line(), total_fen=38000).rpartition(b"\r\n")[0], CCB, "NO_TRAILER"),
        (ccb_file(ccb_line(), total_fen=38000)[:-3], CCB, "NO_TRAILER"),
        (ccb_file(ccb_line(), total_fen=38000).partition(b"\r\n")[0], CCB, "NO_TRAILER"),
        (ccb_file(ccb_line(), total_fen=38000, day="20231009"), CCB, "OTHER_DAY"),
        (ccb_file(ccb_line(), total_fen=38000).replace(b"H4115", b"H3301"), CCB, "OTHER_INSTITUTION"),
        (ccb_file(ccb_line(), total_fen=38000).replace(b"H4115", b"X4115"), CCB, "WRONG_HEADER"),
        (tax_file(tax_line(), total="380.00", columns=TAX_COLUMNS.replace("实缴金额", "金额")), TAX, "WRONG_COLUMNS"),
        (tax_file(tax_line(), total="380.00", columns=f"{TAX_COLUMNS}|实缴金额"), TAX, "WRONG_COLUMNS"),
        (tax_file(tax_line(), total="380.00").partition(b"\n")[0], TAX, "WRONG_COLUMNS"),
    ],
)
def test_a_wrong_whole_is_named_and_nothing_of_it_is_used(content: bytes, name: str, fault: str) -> None:
    with pytest.raises(FaultyFile) as faulty:
        read(content, name, file_day=date(2023, 10, 8), institution="411521000001")
    assert faulty.value.fault == fault


def test_no_fault_repeats_who_paid() -> None:
    with pytest.raises(FaultyFile) as faulty:
        read(ccb_file(ccb_line(), total_fen=1), CCB)
    assert "411521199001010013" not in str(faulty.value)


def test_an_empty_day_is_a_file_with_nothing_in_it() -> None:
    for content, name in ((harbin_file(), HARBIN), (ccb_file(), CCB), (tax_file(), TAX)):
        lines, unread, summary = read(content, name)
        assert (lines, unread, summary.net_fen) == ([], [], 0)


def test_more_back_than_paid_is_a_negative_net_total() -> None:
    content = tax_file(tax_line(kind="退费", original="T0"), total="-380.00")
    assert read(content, TAX)[2].net_fen == -38000


@pytest.mark.parametrize(("total_of", "total"), [("payments", "760.00"), ("net", "380.00"), ("absolute", "1140.00")])
def test_a_total_adds_up_what_its_layout_says(total_of: str, total: str) -> None:
    content = harbin_file(*TWO, harbin_line("S2", kind=BACK), total=total)
    assert read(content, changed(total_of=total_of))[2].net_fen == 38000


def test_a_count_counts_what_its_layout_says() -> None:
    content = harbin_file(*TWO, harbin_line("S2", kind=BACK), count=2, total="760.00")
    assert read(content, changed(count_of="payments"))[2].net_fen == 38000
    with pytest.raises(FaultyFile, match="WRONG_COUNT"):
        read(content)


def test_a_line_without_a_legible_amount_accounts_for_what_is_missing_and_never_for_too_much() -> None:
    bad = harbin_line("S2", amount="38o.00")
    assert read(harbin_file(LINE, bad, total="760.00"))[2].open_fen == 38000
    with pytest.raises(FaultyFile, match="WRONG_TOTAL"):
        read(harbin_file(LINE, bad, total="379.99"))


@pytest.mark.parametrize(("limit", "fault"), [({"most_lines": 1}, "TOO_MANY_LINES"), ({"most_bytes": 60}, "TOO_LARGE")])
def test_a_file_beyond_its_layouts_bounds_is_refused(limit: dict[str, Any], fault: str) -> None:
    with pytest.raises(FaultyFile, match=fault):
        read(harbin_file(*TWO, total="760.00"), changed(**limit))


class TestPacked:
    CONTENT = harbin_file(*TWO, total="760.00")

    @staticmethod
    def zipped(*names: str, content: bytes = CONTENT) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, content)
        return file.getvalue()

    def test_gzip_and_zip_are_read_as_they_are_unpacked(self) -> None:
        for packed, packing in ((gzip.compress(self.CONTENT), "gzip"), (self.zipped("a.txt"), "zip")):
            assert len(read(packed, changed(packing=packing))[0]) == 2

    def test_an_entry_that_climbs_out_of_its_archive_is_content_and_no_file(self) -> None:
        assert len(read(self.zipped("../../etc/passwd"), changed(packing="zip"))[0]) == 2

    @pytest.mark.parametrize(
        ("packed", "packing"),
        [
            (CONTENT, "gzip"),
            (CONTENT, "zip"),
            (gzip.compress(CONTENT)[:-9], "gzip"),
            (gzip.compress(CONTENT) + b"more", "gzip"),
            (b"", "zip"),
        ],
    )
    def test_what_is_not_packed_as_declared_is_named(self, packed: bytes, packing: str) -> None:
        with pytest.raises(FaultyFile, match=r"NOT_PACKED_SO|EMPTY"):
            read(packed, changed(packing=packing))

    def test_of_several_entries_none_is_taken(self) -> None:
        with pytest.raises(FaultyFile, match="NOT_PACKED_SO: 2 entries"):
            read(self.zipped("a.txt", "b.txt"), changed(packing="zip"))

    def test_a_bomb_is_left_where_it_exceeds_its_bound(self) -> None:
        bomb = b"1|1.00\n" + bytes(32 << 20)
        for packed, packing in ((gzip.compress(bomb), "gzip"), (self.zipped("a", content=bomb), "zip")):
            tracemalloc.start()
            with pytest.raises(FaultyFile, match="TOO_LARGE"):
                read(packed, changed(packing=packing, most_bytes=1 << 20))
            assert tracemalloc.get_traced_memory()[1] < 4 << 20
            tracemalloc.stop()


def test_a_long_file_is_read_in_constant_memory() -> None:
    """Of 20,000 lines no more is held than of 2,000: a file of five millions is read the same way."""

    def most_held(count: int) -> int:
        body = b"".join(b"20231008|S%07d|411521199001010013|380.00|GT|1\r\n" % each for each in range(count))
        file = io.BytesIO(b"%d|%d.00\r\n" % (count, count * 380) + body)
        tracemalloc.start()
        for _ in FileReader(layout(HARBIN), file).portions(at_once=500):
            pass
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    assert most_held(6_000) < 1.3 * most_held(1_500)


WHOLE = (
    (HARBIN, harbin_file(*TWO, total="760.00")),
    (CCB, ccb_file(ccb_line("Y1"), ccb_line("Y2"), total_fen=76000)),
    (TAX, tax_file(tax_line("T1"), tax_line("T2"), total="760.00")),
)


@settings(max_examples=250, deadline=None)
@given(
    which=st.sampled_from(WHOLE),
    changes=st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["replace", "insert", "delete"]), st.binary(max_size=4)),
        max_size=6,
    ),
)
def test_whatever_is_done_to_a_file_its_sums_agree_with_what_it_says_or_it_is_named(
    which: tuple[str, bytes], changes: list[tuple[int, str, bytes]]
) -> None:
    name, content = which
    for place, how, piece in changes:
        at = place % (len(content) + 1)
        beyond = at + (0 if how == "insert" else max(len(piece), 1))
        content = content[:at] + (b"" if how == "delete" else piece) + content[beyond:]
    try:
        lines, unread, summary = read(content, name, file_day=date(2023, 10, 8))
    except FaultyFile:
        return
    assert summary.net_fen == sum(each.amount_fen * (1 if each.kind == "PAYMENT" else -1) for each in lines)
    assert len(lines) + len(unread) >= summary.declared_count
    if not unread:
        assert (summary.open_fen, len(lines)) == (0, summary.declared_count)


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from([HARBIN, CCB, TAX]), content=st.binary(max_size=300))
def test_any_bytes_are_refused_or_read_and_never_break_the_reader(name: str, content: bytes) -> None:
    with suppress(FaultyFile):
        lines, unread, summary = read(content, name)
        assert len(lines) + len(unread) >= summary.declared_count
