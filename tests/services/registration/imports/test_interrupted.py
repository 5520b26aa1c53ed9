"""An import that was cut off goes on where it was: nobody twice, nobody left out, every refusal reported once."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import orjson
import pytest

from services.registration.imports.runs import RunsElsewhere
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.harness.registers import HEADER, VILLAGE, a_file, counts, imported, with_towns
from tests.harness.timeouts import stretched
from tests.services.registration.imports.registers_read import files_in, rows_of

ROOT = Path(__file__).parents[4]
PEOPLE = 6_000
_WAITS = """
    SELECT count(*) AS n FROM pg_locks
    WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(autouse=True)
async def towns(installation: Installation) -> None:
    await with_towns(installation)


def a_register(folder: Path, remark: str = "") -> Path:
    """A register of many batches, in which every thousandth number is wrong."""
    rows = []
    for number in range(PEOPLE):
        day, sequence = divmod(number, 900)
        right = a_number(sequence + 1, f"199001{day + 1:02d}")
        wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
        rows.append((f"张{number}", wrong if number % 1000 == 500 else right, VILLAGE, remark))
    return a_file(folder, rows, (*HEADER, "备注"))


@asynccontextmanager
async def importing(installation: Installation, path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from tools.cli import main; main()", "import", "people", str(path), "--json"),
        cwd=ROOT,
        env={**os.environ, **variables(installation.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def held_up(installation: Installation, line: int) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    """Let every import stop inside the transaction that would bring it behind a line, until it is let go."""
    holder = await asyncpg.connect(installation.settings.owner_url("registration"))
    await holder.execute(
        f"""
        CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
        CREATE TRIGGER wait_here BEFORE UPDATE ON import_run FOR EACH ROW
            WHEN (NEW.line > {line}) EXECUTE FUNCTION wait_here();
        SELECT pg_advisory_lock(4711);
        """
    )
    try:
        yield lambda: holder.execute("SELECT pg_advisory_unlock_all()")
    finally:
        await holder.close()


async def waits(installation: Installation) -> bool:
    """Whether an import stands still where it was held up."""
    (row,) = await installation.sql("registration", _WAITS)
    return bool(row["n"])


async def test_killed_inside_a_transaction_it_goes_on_at_the_last_committed_row(
    installation: Installation, tmp_path: Path
) -> None:
    path = a_register(tmp_path)
    async with held_up(installation, line=3_500), importing(installation, path) as process:
        await eventually(lambda: waits(installation), within_s=60, message="the import waits inside a transaction")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    (before,) = await installation.sql("registration", "SELECT count(*) AS n FROM enrolment")
    (run,) = await installation.sql("registration", "SELECT line, imported, refused FROM import_run")
    assert 0 < before["n"] == run["imported"] < PEOPLE

    async with importing(installation, path) as process:
        printed, _ = await asyncio.wait_for(process.communicate(), stretched(120))

    assert process.returncode == 1
    report = orjson.loads(printed)
    assert report["resumed_at_line"] == run["line"]
    assert (report["imported"], report["unchanged"], report["refused"]) == (PEOPLE - 6, 0, 6)
    assert files_in(tmp_path) == ["people.csv", "people.errors.csv"]
    assert len(rows_of(tmp_path / "people.errors.csv", "utf-8")) == 1 + 6
    (after,) = await installation.sql(
        "registration",
        """
        SELECT (SELECT count(*) FROM enrolment) AS people, (SELECT count(*) FROM outbox) AS announced,
               (SELECT count(DISTINCT key) FROM outbox) AS once
        """,
    )
    assert tuple(after) == (PEOPLE - 6, PEOPLE - 6, PEOPLE - 6)


async def test_ctrl_c_ends_with_one_line_that_says_how_to_go_on(installation: Installation, tmp_path: Path) -> None:
    async with held_up(installation, line=3_500), importing(installation, a_register(tmp_path)) as process:
        await eventually(lambda: waits(installation), within_s=60, message="the import waits inside a transaction")
        process.send_signal(signal.SIGINT)
        _, said = await asyncio.wait_for(process.communicate(), stretched(60))
    assert process.returncode == 130
    assert said.decode().splitlines()[-1] == "已中断，重新运行即可继续 · interrupted; run it again to go on"
    assert "Traceback" not in said.decode()


async def test_where_its_refusals_are_gone_it_begins_again_and_still_enters_nobody_twice(
    installation: Installation, tmp_path: Path
) -> None:
    path = a_register(tmp_path)
    async with held_up(installation, line=3_500), importing(installation, path) as process:
        await eventually(lambda: waits(installation), within_s=60, message="the import waits inside a transaction")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    (before,) = await installation.sql("registration", "SELECT count(*) AS n FROM enrolment")
    (part,) = (name for name in files_in(tmp_path) if name.endswith(".part"))
    (tmp_path / part).unlink()

    report = await imported(installation, path)

    assert report.resumed_at_line is None
    assert counts(report) == (PEOPLE - 6 - before["n"], before["n"], 6)
    assert report.errors is not None
    assert len(rows_of(report.errors, "utf-8")) == 1 + 6


async def test_two_imports_of_one_file_do_not_run_beside_each_other(installation: Installation, tmp_path: Path) -> None:
    path = a_register(tmp_path)
    async with held_up(installation, line=3_500), importing(installation, path) as process:
        await eventually(lambda: waits(installation), within_s=60, message="the import waits inside a transaction")
        # Stopped, it waits for the lock as long as this takes.
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(RunsElsewhere):
            await imported(installation, path)


async def test_a_file_that_is_changed_meanwhile_is_refused_and_leaves_what_it_had_entered(
    installation: Installation, tmp_path: Path
) -> None:
    # More than the reading process reads ahead.
    path = a_register(tmp_path, "备" * 150)
    async with held_up(installation, line=3_500) as let_go, importing(installation, path) as process:
        await eventually(lambda: waits(installation), within_s=60, message="the import waits inside a transaction")
        with path.open("a", encoding="utf-8") as file:
            file.write("另一人,1,1\n")
        await let_go()
        _, errors = await asyncio.wait_for(process.communicate(), stretched(120))
    assert process.returncode == 2
    assert b"IMPORT_FILE_CHANGED" in errors
