"""Files of invented institutions as tests write them, byte by byte."""

from collections.abc import Sequence
from io import BytesIO

from services.payment.channels.layouts.catalogue import declared_layouts
from services.payment.channels.layouts.layout import FileLayout
from services.payment.channels.layouts.lines import FileLine, FileSummary, UnreadLine
from services.payment.channels.layouts.reader import FileReader

HARBIN, CCB, TAX = "harbin-bank-day-end", "ccb-yunongtong-day-end", "tax-exchange-detail"
NUMBER = "411521199001010013"
PAID, BACK = "1", "2"


def layout(name: str) -> FileLayout:
    """One of the layouts that canbao brings."""
    return declared_layouts()[name]


def harbin_line(
    sequence: str = "S1",
    amount: str = "380.00",
    *,
    kind: str = PAID,
    day: str = "20231008",
    number: str = NUMBER,
    channel: str = "GT",
) -> str:
    """A line of the bank's day-end file."""
    return f"{day}|{sequence}|{number}|{amount}|{channel}|{kind}"


def harbin_file(*lines: str, count: int | str | None = None, total: str = "0.00", end: str = "\r\n") -> bytes:
    """The bank's day-end file with its header."""
    return end.join([f"{len(lines) if count is None else count}|{total}", *lines, ""]).encode("gb18030")


def ccb_line(
    sequence: str = "Y1",
    amount: str = "00038000",
    *,
    name: str = "张三",
    kind: str = "0",
    original: str = "",
    number: str = NUMBER,
    day: str = "20231008",
    year: str = "2024",
) -> bytes:
    """A record of fixed width: a Chinese character takes two bytes of it."""
    return b"".join(
        [
            f"D{day}103456{sequence:<20}{original:<20}01{number:<18}".encode(),
            name.encode("gbk").ljust(40),
            f"{year}{amount}{kind}".encode(),
        ]
    )


def ccb_file(*lines: bytes, count: int | None = None, total_fen: int = 0, day: str = "20231008") -> bytes:
    """The bank's file with its first and last record."""
    head = f"H{'411521000001':<12}{day}{'':<20}".encode()
    tail = f"T{len(lines) if count is None else count:08d}{total_fen:015d}".encode()
    return b"\r\n".join([head, *lines, tail])


TAX_COLUMNS = (
    "缴费明细流水号|原缴费明细流水号|原缴费日期|证件类型|证件号码|姓名|费款所属期|实缴金额|征收渠道|缴费退费标志|缴费时间|上解时间|"
    "入国库时间|电子税票号码"
)


def tax_line(
    sequence: str = "T1",
    amount: str = "380.00",
    *,
    channel: str = "01",
    kind: str = "缴费",
    original: str = "",
    original_day: str = "",
    number: str = NUMBER,
    name: str = "张三",
    treasury: str = "",
    remitted: str = "",
    paid_at: str = "2023-10-08 10:34:56",
) -> str:
    """A line of the exchange platform's detail."""
    return (
        f"{sequence}|{original}|{original_day}|201|{number}|{name}|2024-01-01|{amount}|{channel}|{kind}|{paid_at}|{remitted}|"
        f"{treasury}|"
    )


def tax_file(*lines: str, total: str = "0.00", day: str = "20231008", columns: str = TAX_COLUMNS) -> bytes:
    """The exchange platform's detail of a day."""
    return "\n".join([f"{day}|{len(lines)}|{total}", columns, *lines, ""]).encode()


def read(
    content: bytes, name: str | FileLayout = HARBIN, **known: object
) -> tuple[Sequence[FileLine], Sequence[UnreadLine], FileSummary]:
    """Read a whole file."""
    form = name if isinstance(name, FileLayout) else layout(name)
    reader = FileReader(form, BytesIO(content), **known)  # type: ignore[arg-type] # what a test knows of the file
    lines: list[FileLine] = []
    unread: list[UnreadLine] = []
    for portion in reader.portions(at_once=2):
        lines += portion.lines
        unread += portion.unread
    return lines, unread, reader.summary
