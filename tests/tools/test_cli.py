"""The command line speaks Chinese and English, whichever command is asked about."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tools.cli import COMMANDS, app, loaded

_CHINESE, _ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2,}")
ROOT = Path(__file__).parents[2]
_OF_TYPER = {"install_completion", "show_completion", "help"}


def _described(command: Any, path: str) -> Iterator[tuple[str, str]]:
    yield path, command.help or ""
    for parameter in command.params:
        if parameter.name not in _OF_TYPER:
            yield f"{path} {parameter.name}", getattr(parameter, "help", None) or ""
    for name, below in getattr(command, "commands", {}).items():
        yield from _described(below, f"{path} {name}")


LOADED = {name: loaded(name) for name in COMMANDS}
HELP = dict(_described(typer.main.get_command(app), "canbao"))
for _name, _command in LOADED.items():
    HELP |= dict(_described(_command, f"canbao {_name}"))


@pytest.mark.parametrize("asked", HELP)
def test_every_command_and_option_is_described_in_both_languages(asked: str) -> None:
    assert _CHINESE.search(HELP[asked]), HELP[asked]
    assert _ENGLISH.search(HELP[asked]), HELP[asked]


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert re.fullmatch(r"canbao \d+\.\d+\.\d+\n", result.output)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_shows_what_the_command_says_of_itself(name: str) -> None:
    first = " ".join((LOADED[name].help or "").split("\n\n")[0].split())
    assert COMMANDS[name].help == first


def test_the_list_of_commands_loads_no_service_and_no_library_of_theirs() -> None:
    """First use, "Small": `canbao --help` took 2.4 s of processor, all of it imports."""
    program = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from tools.cli import main\n"
        "try: main()\n"
        "finally: print([each for each in 'fastapi sqlalchemy asyncpg aiokafka yaml'.split() if each in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.rstrip().endswith("[]"), ended.stdout
    assert all(f" {name} " in ended.stdout for name in COMMANDS), ended.stdout


def test_a_command_that_does_not_exist_is_refused() -> None:
    result = CliRunner().invoke(app, ["migrat"])
    assert result.exit_code == 2
    assert "migrat" in result.output
