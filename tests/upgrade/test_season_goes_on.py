"""A season that earlier code began is migrated, played to its end and proven by the code of today."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import services.composition  # noqa: F401 - registers every event
from shared.contracts.event import EVENT_TYPES
from shared.database.embedded import EmbeddedPostgres
from shared.database.older_names import database_at
from tests.harness.cluster import scratch_folder
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched
from tests.journeys.up_process import ROOT, WITHIN_S, going
from tests.upgrade.restored import restore, restored_name
from tools.up.refusal import Exit

# The oldest first. Who comes from an older state passes the newer ones on the way, so `make test` begins at the newest;
# `make test-faults` begins at each.
STATES = [Path(__file__).parent / commit for commit in ("a9b5d62", "dd11e2e")]
*OLDER, NEWEST = STATES
pytestmark = [
    pytest.mark.parametrize(
        "state",
        [*(pytest.param(folder, marks=pytest.mark.slow_fault) for folder in OLDER), NEWEST],
        ids=lambda folder: folder.name,
    ),
    pytest.mark.expects_errors,
]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    folder = scratch_folder()
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def _environment(data: Path) -> dict[str, str]:
    """The settings that `up` leaves for the other commands."""
    lines = (data / "secrets" / "canbao.env").read_text(encoding="utf-8").splitlines()
    return {name: value[1:-1] for name, _, value in (line.partition("=") for line in lines)}


def _canbao(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tools.cli import main; main()", *arguments]
    environment = {**os.environ, **_environment(data)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=stretched(WITHIN_S), check=False
    )


def test_it_is_migrated_played_to_its_end_and_proven(state: Path, data: Path) -> None:
    port = free_port()
    asyncio.run(restore(state, data, port))

    with going(data, port, data.parent / "log") as started:
        started.wait_for("agrees with the simulator's own books to the fen")
        days = re.findall(r"^\d{4}-\d\d-\d\d", started.printed(), re.MULTILINE)
        proof = _canbao(data, "verify")
        migrated_again = _canbao(data, "migrate")
        ended = started.end(signal.SIGINT)

    assert days, "the season went on"
    interrupted_on = json.loads((state / "made.json").read_text(encoding="utf-8"))["interrupted_on"]
    assert min(days) >= interrupted_on, "it went on where the earlier code had stopped"
    assert proof.returncode == 0, proof.stdout + proof.stderr
    assert migrated_again.returncode == 0, migrated_again.stdout + migrated_again.stderr
    assert ended == Exit.FINE, started.printed()


async def test_everything_announced_then_is_understood_now(state: Path, data: Path) -> None:
    await restore(state, data, free_port())
    understood = set()
    with EmbeddedPostgres(data / "postgres") as server:
        for database in ("registration", "payment", "subsidy"):
            for name, payload in await _announced(database_at(server.admin_url, restored_name(state, database))):
                event = EVENT_TYPES[name].model_validate_json(payload)
                assert isinstance(event.key, UUID)
                understood.add(name)
    assert len(understood) > 8, understood


async def _announced(url: str) -> list[tuple[str, Any]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT event, payload::text AS payload FROM outbox ORDER BY id")
    finally:
        await connection.close()
    return [(row["event"], row["payload"]) for row in rows]


def test_every_state_is_begun_from(state: Path) -> None:
    dumped = {made.parent for made in Path(__file__).parent.glob("*/made.json")}
    assert dumped == set(STATES)
    assert state in dumped
