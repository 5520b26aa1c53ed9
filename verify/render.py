"""The report on paper: a table of townships, then the checks with the rows that differ; and as JSON."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from verify import labels
from verify.report import CheckResult, ConsistencyReport, RowFinding
from verify.towns_table import towns_table, yuan

WIDE = 190  # columns of text in which everything fits
_ON_PAPER = 100  # columns of a file or a pipe, unless COLUMNS says otherwise
_IDENTIFIER = 36  # characters of a UUID
_BESIDE = 78  # columns of an identifier, a region, an amount and what stands between
_ROOMY = 140  # and from which on the checks say what they compare

_MARKS = {"OK": ("✓", "green"), "IN_FLIGHT": ("…", "yellow"), "BREAK": ("✗", "bold red")}


def render(report: ConsistencyReport, width: int = WIDE) -> RenderableType:
    """The whole report, Chinese first, for so many columns of text; print it with a rich console."""
    parts: list[RenderableType] = [towns_table(report, width), Text(), _checks(report, width)]
    parts += [part for check in report.checks if (part := _rows(check, width)) is not None]
    too_old = _too_old(report)
    restoring = [Text(f"! {each.zh} · {each.en}", style="yellow") for each in report.unfinished]
    return Group(*parts, Text(), *([too_old] if too_old is not None else ()), *restoring, _verdict(report))


def print_report(report: ConsistencyReport, console: Console | None = None) -> None:
    """Print it; where the output is no terminal, as wide as ``COLUMNS`` says, else as a page takes it."""
    console = console or Console()
    if not console.is_terminal:
        width = console.width if os.environ.get("COLUMNS", "").isdigit() else _ON_PAPER
        console = Console(file=console.file, width=width, no_color=True)
    console.print(render(report, console.width))


def as_json(report: ConsistencyReport) -> str:
    """The report for a machine: the same facts, amounts in fen, instants with their zone."""
    facts = asdict(report) | {
        "consistent": report.consistent,
        "settled": report.settled,
        "breaks": report.breaks,
        "in_flight": report.in_flight,
    }
    for check, result in zip(facts["checks"], report.checks, strict=True):
        check["verdict"] = result.verdict
    return json.dumps(facts, ensure_ascii=False, indent=2, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _checks(report: ConsistencyReport, width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    table.add_column("核对 · check")
    roomy = width >= _ROOMY
    if roomy:
        table.add_column("比较 · what is compared")
    table.add_column("笔数\nrows", justify="right")
    table.add_column("结论\nverdict")
    for check in report.checks:
        mark, style = _MARKS[check.verdict]
        name = Text.assemble(check.zh, "\n", (f"{check.en} · {check.code}", "dim"))
        compares = [Text(check.compares, style="dim")] if roomy else []
        table.add_row(Text(mark, style=style), name, *compares, f"{check.examined:,}", Text(_says(check), style=style))
    return table


def _says(check: CheckResult) -> str:
    parts = []
    if check.breaks:
        parts.append(f"不符 BREAK {check.breaks:,}" + _fen(check.break_fen))
    if check.in_flight:
        oldest = f"最久 oldest {age(check.oldest_age_s)}"
        parts.append(f"在途 IN FLIGHT {check.in_flight:,}{_fen(check.in_flight_fen)} ({oldest})")
    if check.named_count:
        parts.append(f"列明 named {check.named_count:,}" + _fen(check.named_fen))
    return "\n".join(parts) or "一致 ✓"


def _rows(check: CheckResult, width: int) -> Table | None:
    groups = (
        ("不符 BREAK", check.rows, check.breaks, "red"),
        ("在途 IN FLIGHT", check.waiting[:5], check.in_flight, "yellow"),
        ("列明 named", check.named, check.named_count, "cyan"),
    )
    if not any(rows for _, rows, _, _ in groups):
        return None
    table = Table(title=f"{check.zh} · {check.code}", title_justify="left", box=box.SIMPLE_HEAD)
    # An identifier is searched for and copied whole: what was expected and found is folded before it.
    whole = width >= _ON_PAPER
    table.add_column("对象\nrow", overflow="fold", min_width=_IDENTIFIER if whole else None)
    table.add_column("区划\nregion", no_wrap=True)
    for head in ("应为\nexpected", "实为\nfound"):
        table.add_column(head, overflow="fold", max_width=(width - _BESIDE) // 2 if whole else None)
    table.add_column("差额\nyuan", justify="right", no_wrap=True)
    for label, rows, count, style in groups:
        if count:
            table.add_row(Text(label, style=style))
        _add_rows(table, rows, count)
    return table


def _add_rows(table: Table, rows: Iterable[RowFinding], count: int) -> None:
    shown = 0
    for row in rows:
        shown += 1
        amount = yuan(row.difference_fen) if row.difference_fen else ""
        what, wanted = labels.subject(row.subject), labels.expected(row.expected)
        table.add_row(what, row.region or "—", wanted, row.found, amount)
    if count > shown:
        table.add_row(Text(f"另有 {count - shown:,} 笔 · and {count - shown:,} more", style="dim"))


def _verdict(report: ConsistencyReport) -> Text:
    if report.breaks:
        words = f"✗ 不一致：{report.breaks:,} 处不符，须逐笔查明 · {report.breaks:,} rows differ without reason"
        return Text(words, style="bold red")
    if report.in_flight:
        words = f"… 一致：{report.in_flight:,} 处在途 · consistent, {report.in_flight:,} differences are on their way"
        return Text(words, style="yellow")
    took = f"{len(report.checks)} 项核对，{report.took_s:.1f} 秒"
    return Text(f"✓ 参保、缴费、国库三方一致，分文不差 · everything agrees to the fen（{took}）", style="bold green")


def _too_old(report: ConsistencyReport) -> Text | None:
    """What has waited beyond its limit, the oldest and whose it is; it breaks nothing, and is no one's to forget."""
    found = next((check for check in report.checks if check.code == "CLEARING_AGE" and check.named_count), None)
    if found is None:
        return None
    oldest = found.named[0]
    amount = f"，{yuan(found.named_fen)} 元" if found.named_fen else ""
    what = f"{oldest.region} {labels.subject(oldest.subject)}"
    words = (
        f"! 在途超时 {found.named_count:,} 项{amount}；最久的：{what}，{oldest.found}"
        f" · {found.named_count:,} items have waited beyond their limit"
    )
    return Text(words, style="yellow")


def age(seconds: float) -> str:
    """How long something has waited, in the largest fitting unit."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def _fen(amount_fen: int) -> str:
    return f" · {yuan(amount_fen)} 元" if amount_fen else ""
