"""The command line speaks Chinese and English, whichever command is asked about."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tools.cli import app

_CHINESE, _ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2,}")
_OF_TYPER = {"install_completion", "show_completion", "help"}


def _told(command: Any, path: str) -> Iterator[tuple[str, str]]:
    yield path, command.help or ""
    for parameter in command.params:
        if parameter.name not in _OF_TYPER:
            yield f"{path} {parameter.name}", getattr(parameter, "help", None) or ""
    for name, below in getattr(command, "commands", {}).items():
        yield from _told(below, f"{path} {name}")


HELP = dict(_told(typer.main.get_command(app), "canbao"))


@pytest.mark.parametrize("asked", HELP)
def test_every_command_and_option_is_told_in_both_languages(asked: str) -> None:
    assert _CHINESE.search(HELP[asked]), HELP[asked]
    assert _ENGLISH.search(HELP[asked]), HELP[asked]


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert re.fullmatch(r"canbao \d+\.\d+\.\d+\n", result.output)
