"""What the command says: how far it is, and what became of the file."""

import sys
from types import TracebackType
from typing import Any, Self

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from services.registration.imports.form import GB18030, Form
from services.registration.imports.passing import Opened
from services.registration.imports.runs import Run, Tally
from services.registration.imports.service import Report
from shared.errors import ErrorCode

_DELIMITERS = {",": "逗号分隔 comma", "\t": "制表符分隔 tab", ";": "分号分隔 semicolon"}
_EVERY_PERCENT = 10
_SHOWN = 100


class Bar:
    """A bar on a terminal, a plain line for every tenth of the file elsewhere; all of it on standard error."""

    def __init__(self) -> None:
        """Nothing is shown before the first rows are through."""
        self._console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console) if self._console.is_terminal else None
        self._task: TaskID | None = None
        self._said = 0

    def __call__(self, opened: Opened, run: Run, /) -> None:
        """Show how far it is."""
        done, size = run.position.offset, opened.form.size
        if self._bar is not None:
            if self._task is None:
                self._task = self._bar.add_task("", total=size)
            self._bar.update(self._task, completed=done, description=_counted(run.tally))
        elif (percent := 100 * done // size) >= self._said + _EVERY_PERCENT:
            self._said = percent
            print(f"{percent} % · {_counted(run.tally)}", file=sys.stderr, flush=True)

    def __enter__(self) -> Self:
        """Show it while the block runs."""
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.stop()


def print_report(report: Report, *, rehearsed: bool) -> None:
    """The summary as a clerk reads it."""
    tally = report.tally
    if rehearsed:
        typer.echo("试运行，未登记任何人 · rehearsed, nobody was registered")
    typer.echo(f"文件 file         {_written(report.opened.form)}")
    if report.opened.columns.unused:
        typer.echo(f"未使用的列 unused  {_listed(report.opened.columns.unused)}")
    if report.resumed_at_line is not None:
        typer.echo(f"接续 resumed      第 {report.resumed_at_line:,} 行 · at line {report.resumed_at_line:,}")
    typer.echo(f"新增 imported   {tally.imported:>10,}")
    typer.echo(f"不变 unchanged  {tally.unchanged:>10,}")
    typer.echo(f"拒绝 refused    {tally.refused:>10,}{f'  → {report.errors}' if report.errors else ''}")
    for code, count in sorted(tally.reasons.items(), key=lambda one: (-one[1], one[0])):
        spec = ErrorCode[code].value
        typer.echo(f"    {count:>10,}  {spec.zh} · {spec.en}")


def as_json(report: Report, *, rehearsed: bool) -> str:
    """The summary as one JSON object."""
    form, tally = report.opened.form, report.tally
    summary: dict[str, Any] = {
        "rehearsed": rehearsed,
        "encoding": form.encoding,
        "byte_order_mark": form.byte_order_mark,
        "delimiter": form.delimiter,
        "unused_columns": report.opened.columns.unused,
        "resumed_at_line": report.resumed_at_line,
        "rows": tally.rows,
        "imported": tally.imported,
        "unchanged": tally.unchanged,
        "refused": tally.refused,
        "reasons": dict(tally.reasons),
        "errors_file": str(report.errors) if report.errors else None,
    }
    return orjson.dumps(summary).decode()


def _counted(tally: Tally) -> str:
    return f"新增 {tally.imported:,} 不变 {tally.unchanged:,} 拒绝 {tally.refused:,}"


def _written(form: Form) -> str:
    encoding = "GB18030（GBK）" if form.encoding == GB18030 else "UTF-8"
    mark = "，带 BOM with BOM" if form.byte_order_mark else ""
    return f"{encoding}{mark}，{_DELIMITERS[form.delimiter]}"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(name or "（空 empty）" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} … {len(names)}"
