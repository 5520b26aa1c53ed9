"""Commands whose help is cut nowhere: each option on lines as wide as the terminal, Chinese characters counted as two.

Typer's own tables lose the last character of a line of Chinese that fills its column, and the end of a long word.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument, TyperCommand, TyperGroup

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
_Rows = list[tuple[str, str]]


class WholeHelpCommand(TyperCommand):
    """A command whose help is shown whole."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print it; nothing is left for the formatter."""
        _print_help(self, ctx, [])


class WholeHelpGroup(TyperGroup):
    """A group of commands whose help is shown whole."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print it with a line for each command; nothing is left for the formatter."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        _print_help(self, ctx, [(name, _paragraphs(each.help)[0]) for name, each in commands if each is not None])


class Commands(typer.Typer):
    """A Typer application whose commands and groups show their help whole."""

    def __init__(self, **settings: Any) -> None:
        """Take what Typer takes."""
        super().__init__(**{"cls": WholeHelpGroup} | settings)

    def command(self, *args: Any, **settings: Any) -> Callable[[FunctionT], FunctionT]:
        """Register a function as a command, as Typer does."""
        return super().command(*args, **{"cls": WholeHelpCommand} | settings)


def _print_help(command: TyperCommand | TyperGroup, ctx: Any, commands: _Rows) -> None:
    console = Console(highlight=False)
    _say(console, command.get_usage(ctx))
    for paragraph in _paragraphs(command.help):
        _say(console, f"\n{paragraph}")
    arguments, options = _parameters(command, ctx)
    for title, rows in (("参数 · Arguments", arguments), ("选项 · Options", options), ("命令 · Commands", commands)):
        if rows:
            console.print(Text(f"\n{title}", style="bold"))
            console.print(_table(rows))


def _parameters(command: TyperCommand | TyperGroup, ctx: Any) -> tuple[_Rows, _Rows]:
    arguments: _Rows = []
    options: _Rows = []
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            (arguments if isinstance(parameter, TyperArgument) else options).append(record)
    return arguments, options


def _table(rows: _Rows) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in rows:
        table.add_row(Text(f"  {name}", style="cyan"), Text(" ".join(said.split()), overflow="fold"))
    return table


def _say(console: Console, words: str) -> None:
    console.print(Text(words, overflow="fold"))


def _paragraphs(said: str | None) -> list[str]:
    return list(_joined(inspect.cleandoc(said or "")))


def _joined(said: str) -> Iterator[str]:
    """Paragraphs without the line breaks of the source."""
    for paragraph in said.split("\n\n"):
        yield " ".join(paragraph.split())
