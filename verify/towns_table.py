"""The table of townships, as wide as the terminal allows: a column is left out before a figure is cut."""

from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.table import Table

from shared.domain.clock import SHANGHAI
from shared.domain.money import format_yuan
from verify.report import ConsistencyReport, TownLine


@dataclass(frozen=True, slots=True)
class _Column:
    """A figure of a township: the higher ``rank``, the sooner it is left out."""

    head: str
    figure: str
    rank: int = 0


_COLUMNS = (
    _Column("任务数\ntarget", "target", 5),
    _Column("登记\nregistered", "registered"),
    _Column("参保\nenrolled", "enrolled"),
    _Column("参保者应缴\nenrolled due", "due_fen", 4),
    _Column("资助\naid", "aided_fen", 2),
    _Column("已缴\npremium", "paid_fen"),
    _Column("待查待退\nsuspense", "suspense_fen", 1),
    _Column("待核销\nunapplied", "unapplied_fen", 7),
    _Column("待存入\ncollecting", "collecting_fen", 8),
    _Column("待报解\npending", "pending_fen", 6),
    _Column("在途\nin transit", "in_transit_fen", 3),
    _Column("国库\ntreasury", "treasury_fen"),
)
_TOWNSHIP = "乡镇\nTownship"
_BETWEEN = 3  # what stands between two columns


def towns_table(report: ConsistencyReport, width: int) -> Table:
    """The townships, and the sum over all of them."""
    when = report.examined_at.astimezone(SHANGHAI)
    lines = (*report.towns, report.overall)
    columns = _fitting(lines, width)
    caption = "金额单位：元 · amounts in yuan"
    if len(columns) < len(_COLUMNS):
        caption += "（部分栏未列，设 COLUMNS=190 可全列 · some columns left out, COLUMNS=190 shows all）"
    table = Table(
        title=f"{report.region_name} {report.benefit_year} 年度 · 一致性核对 · consistency · {when:%Y-%m-%d %H:%M:%S}",
        caption=caption,
        box=box.SIMPLE_HEAD,
    )
    table.add_column(_TOWNSHIP, no_wrap=True)
    for column in columns:
        table.add_column(column.head, justify="right", no_wrap=True)
    for line in report.towns:
        table.add_row(line.name, *(_shown(line, column) for column in columns))
    table.add_section()
    table.add_row(report.overall.name, *(_shown(report.overall, column) for column in columns), style="bold")
    return table


def yuan(amount_fen: int) -> str:
    """Fen as yuan with separated thousands."""
    whole, _, fraction = format_yuan(amount_fen).partition(".")
    grouped = f"{int(whole):,}"
    return f"-{grouped}.{fraction}" if whole == "-0" else f"{grouped}.{fraction}"


def _fitting(lines: tuple[TownLine, ...], width: int) -> list[_Column]:
    """All columns if they fit; else without those at nothing everywhere, then without the dispensable ones."""
    columns = list(_COLUMNS)
    empty = [column for column in columns if column.rank and not any(getattr(line, column.figure) for line in lines)]
    for column in (*empty, *sorted(columns, key=lambda column: -column.rank)):
        if _width(lines, columns) <= width or not column.rank:
            break
        if column in columns:
            columns.remove(column)
    return columns


def _width(lines: tuple[TownLine, ...], columns: list[_Column]) -> int:
    names = max(cell_len(line.name) for line in lines)
    widths = [
        max(cell_len(text) for text in (*column.head.split("\n"), *(_shown(line, column) for line in lines)))
        for column in columns
    ]
    return max(names, cell_len("Township")) + sum(widths) + _BETWEEN * (len(columns) + 1)


def _shown(line: TownLine, column: _Column) -> str:
    value: int | None = getattr(line, column.figure)
    if value is None:
        return ""
    return yuan(value) if column.figure.endswith("_fen") else f"{value:,}"
