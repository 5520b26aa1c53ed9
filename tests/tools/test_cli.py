"""The command line speaks Chinese and English, whichever command is asked about."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner

from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.timeouts import stretched
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


def _paths(command: Any, path: str) -> Iterator[str]:
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _paths(below, f"{path} {name}")


LOADED = {name: loaded(name) for name in COMMANDS}
HELP = dict(_described(typer.main.get_command(app), "canbao"))
for _name, _command in LOADED.items():
    HELP |= dict(_described(_command, f"canbao {_name}"))
COMMAND_PATHS = set(_paths(typer.main.get_command(app), "canbao"))
for _name, _command in LOADED.items():
    COMMAND_PATHS |= set(_paths(_command, f"canbao {_name}"))


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


def _shown(words: list[str], columns: int) -> str:
    result = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": str(columns), "TERMINAL_WIDTH": None})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("asked", sorted(COMMAND_PATHS))
def test_help_is_cut_nowhere_and_fits_the_terminal(asked: str, columns: int) -> None:
    """First use, "Small": help was cut at 80 columns, where Chinese filled a line or a word was long."""
    shown = _shown(asked.split()[1:], columns)
    assert max(cell_len(line.rstrip()) for line in shown.splitlines()) <= columns
    together = "".join(shown.split())
    parameters = [said for path, said in HELP.items() if path.rpartition(" ")[0] == asked and path not in COMMAND_PATHS]
    for said in (HELP[asked], *parameters):
        assert "".join(said.split()) in together, said


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


def test_events_of_before_the_calendar_are_not_sent_again() -> None:
    """F, attacked: the year 1 ended in a traceback."""
    result = CliRunner().invoke(app, ["replay", "outbox", "--since", "0001-01-01"])
    assert result.exit_code == 2
    assert "早于 2000 年" in result.output


@pytest.mark.parametrize("content", [b"garbage\n", b"\xff\xfe", b"[1]\n", b"", None])
def test_a_restoration_with_a_file_that_is_no_anchor_begins_nothing(tmp_path: Path, content: bytes | None) -> None:
    """V, attacked: it ended in a traceback, or recorded nothing of a file whose name was mistyped."""
    anchor = tmp_path / "anchor"
    if content is not None:
        anchor.write_bytes(content)
    result = CliRunner().invoke(app, ["restore", "payment", "--dry-run", "--anchor", str(anchor)])
    assert result.exit_code == 2
    assert "锚点文件不可用" in result.output


TABLES = "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.mark.parametrize("words", [["migrate"], ["replay", "list", "payment"], ["verify"]], ids=" ".join)
async def test_ctrl_c_ends_a_long_command_with_one_line_and_130(installation: Installation, words: list[str]) -> None:
    """First use, "Small": Ctrl-C ended silently. The command waits for a lock that is held here."""
    holder = await asyncpg.connect(installation.settings.owner_url("payment"))
    process = None
    try:
        await holder.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('canbao.migrate'))")
        await holder.execute(f"LOCK TABLE {await holder.fetchval(TABLES)} IN ACCESS EXCLUSIVE MODE")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", "from tools.cli import main; main()", *words),
            cwd=ROOT,
            env={**os.environ, **variables(installation.settings)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

        async def waits() -> bool:
            assert process.returncode is None, "it ended by itself"
            return bool(await holder.fetchval(WAITING))

        await eventually(waits, within_s=20, message="the command waits")
        process.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(process.communicate(), stretched(10))
    finally:
        await holder.close()
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 130, said.decode()
    assert said.decode() == "已中断，可以重新运行 · interrupted; it is safe to run it again\n"


@pytest.mark.parametrize("imported", ["typing", "typer", "pydantic", "sqlalchemy", "services.payment"])
async def test_ctrl_c_while_the_command_is_loaded_ends_it_with_the_same_line(imported: str) -> None:
    """Python reports each import that is done; the signal comes after this one, long before the command runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "importtime", "-c", "from tools.entry import main; main()", "migrate"),
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "CANBAO_OWNER_DATABASE_URL": "postgresql://x@192.0.2.1/x"},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(stretched(60)):
            while line := (await process.stderr.readline()).decode():
                lines.append(line)
                if re.search(rf"\| +{re.escape(imported)}$", line) and any("tools.entry" in each for each in lines):
                    process.send_signal(signal.SIGINT)
                    break
            else:
                pytest.fail(f"{imported} was never imported after the entry")
            rest = (await process.stderr.read()).decode()
            assert await process.wait() == 130, rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = [line for line in rest.splitlines() if not line.startswith("import time:")]
    assert said == ["已中断，可以重新运行 · interrupted; it is safe to run it again"]
