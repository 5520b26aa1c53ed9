"""How far the season is: a bar on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_LINE_EVERY_S = 5.0


class SeasonDisplay(Protocol):
    """Shows the simulator's news as it comes."""

    def update(self, news: dict[str, Any]) -> None:
        """One line of news."""


class _Counter:
    def __init__(self) -> None:
        self.total = 0
        self.registered = 0
        self.paid = 0
        self.people = 0
        self.date = ""

    def count(self, news: dict[str, Any]) -> None:
        if news["event"] == "season":
            self.total = news["residents"] + news["orders"]
            self.registered, self.paid, self.people = news["registered"], news["paid"], news["people"]
        elif news["event"] == "day":
            self.date = news["date"]
        elif news["event"] == "credited":
            self.people = news["people"]
        elif news["event"] in ("registered", "paid"):
            setattr(self, news["event"], news["count"])

    @property
    def done(self) -> int:
        return min(self.total, self.registered + self.paid)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("参保征缴季 season", total=None, date="")
        self._counter = _Counter()

    def update(self, news: dict[str, Any]) -> None:
        self._counter.count(news)
        if news["event"] == "complaint":
            self._progress.console.print(f"[red]不符 · differs: {news['key']}: {news['what']}[/]")
        self._progress.update(
            self._task, total=self._counter.total or None, completed=self._counter.done, date=self._counter.date
        )


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._counter = _Counter()
        self._last = 0.0

    def update(self, news: dict[str, Any]) -> None:
        self._counter.count(news)
        if news["event"] == "complaint":
            self._console.print(f"不符 · differs: {news['key']}: {news['what']}", highlight=False)
        now = time.monotonic()
        if not self._counter.date:
            return
        if news["event"] == "day" or now - self._last >= _LINE_EVERY_S:
            self._last = now
            counter = self._counter
            self._console.print(
                f"{counter.date} 登记 registered {counter.registered:,} · 缴费到账 paid {counter.people:,} 人 people",
                highlight=False,
            )


@contextmanager
def season_display(console: Console) -> Iterator[SeasonDisplay]:
    """The display of the season for this console."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[date]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress)
