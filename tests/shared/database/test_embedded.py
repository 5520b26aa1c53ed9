"""The embedded PostgreSQL: first start, restart, and every way in which its owner can go."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.database.data_folder import program
from shared.database.embedded import EmbeddedPostgres, EmbeddedPostgresError
from shared.database.server_account import server_account
from tests.harness.cluster import scratch_folder
from tests.harness.eventually import eventually
from tests.harness.timeouts import stretched

CHECKOUT = Path(__file__).parents[3]
OWNER = [sys.executable, "-m", "tests.harness.embedded_owner"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only its owner may enter, as `mktemp -d` makes them."""
    path = scratch_folder()
    yield path / "postgres"
    shutil.rmtree(path, ignore_errors=True)


def owner_of(folder: Path, *, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Another process that owns the folder, once it has said that its server is ready."""
    owner = subprocess.Popen(
        [*prefix, *OWNER, str(folder)], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    return owner


def ordinary_account(folder: Path) -> tuple[str, ...]:
    """Words before a command that run it as somebody who owns the folder and is not root."""
    account = server_account(program=program("postgres"), data_dir=folder.parent)
    folder.mkdir()
    account.own(folder)
    return account.prefix


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


async def ask(postgres: EmbeddedPostgres, query: str) -> Any:
    connection = await asyncpg.connect(postgres.admin_url, timeout=stretched(10))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


class TestStart:
    async def test_a_first_start_makes_a_durable_cluster_that_no_network_reaches(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            expected = {
                "fsync": "on",
                "synchronous_commit": "on",
                "full_page_writes": "on",
                "data_checksums": "on",
                "listen_addresses": "",
                "password_encryption": "scram-sha-256",
                "server_encoding": "UTF8",
                "jit": "off",
                "max_connections": "200",
            }
            for name, value in expected.items():
                assert await ask(postgres, f"SELECT current_setting('{name}')") == value, name
            assert await ask(postgres, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"

    async def test_data_is_there_after_a_stop_and_a_start(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            await ask(postgres, "CREATE TABLE kept AS SELECT 38000 AS fen")
        assert postgres.server_pid is None
        with EmbeddedPostgres(folder) as postgres:
            assert await ask(postgres, "SELECT fen FROM kept") == 38000

    def test_starting_twice_is_starting_once(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            server = postgres.server_pid
            postgres.start()
            assert postgres.server_pid == server

    def test_the_password_is_its_owners_alone(self, folder: Path) -> None:
        with EmbeddedPostgres(folder):
            assert stat.S_IMODE((folder / "superuser.password").stat().st_mode) == 0o600

    async def test_a_wrong_password_is_refused(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres, pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres.url("postgres", "guessed", "postgres"))

    def test_folders_above_the_data_keep_their_permissions(self, folder: Path) -> None:
        above = folder.parent.stat().st_mode
        with EmbeddedPostgres(folder):
            assert stat.S_IMODE(above) == 0o700
            assert folder.parent.stat().st_mode == above

    @pytest.mark.parametrize("name", ["长" * 40, "with, comma", "with:colon", "with 空格"])
    async def test_any_folder_name_is_reached(self, folder: Path, name: str) -> None:
        with EmbeddedPostgres(folder / name) as postgres:
            assert await ask(postgres, "SELECT 1") == 1

    async def test_a_first_start_that_was_killed_half_way_begins_again(self, folder: Path) -> None:
        (folder / "cluster.draft" / "base").mkdir(parents=True)
        (folder / "cluster.draft" / "PG_VERSION").write_text("18\n")
        with EmbeddedPostgres(folder) as postgres:
            assert await ask(postgres, "SELECT 1") == 1

    def test_an_unusable_folder_is_named_with_the_remedy(self, folder: Path) -> None:
        folder.parent.joinpath("file").touch()
        with pytest.raises(EmbeddedPostgresError, match=r"无法使用数据目录 .*/file/data.*--data"):
            EmbeddedPostgres(folder.parent / "file" / "data").start()

    def test_a_server_that_cannot_start_says_why(self, folder: Path) -> None:
        broken = EmbeddedPostgres(folder, parameters={"shared_buffers": "many"})
        with pytest.raises(EmbeddedPostgresError, match=r"invalid value for parameter \"shared_buffers\""):
            broken.start()
        with EmbeddedPostgres(folder) as corrected:
            assert corrected.server_pid is not None

    async def test_an_ordinary_account_starts_it_too(self, folder: Path) -> None:
        owner = owner_of(folder, prefix=ordinary_account(folder))
        try:
            assert await ask(EmbeddedPostgres(folder), "SELECT 1") == 1
        finally:
            owner.communicate()
        assert owner.returncode == 0


class TestOwnership:
    def test_a_second_living_owner_is_refused_by_name(self, folder: Path) -> None:
        owner = owner_of(folder)
        try:
            with pytest.raises(EmbeddedPostgresError, match=rf"进程 {owner.pid}.*in use by another canbao"):
                EmbeddedPostgres(folder).start()
            assert EmbeddedPostgres(folder).server_pid is not None
        finally:
            owner.communicate()

    def test_ctrl_c_in_the_terminal_does_not_reach_the_server(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            assert postgres.server_pid is not None
            assert os.getpgid(postgres.server_pid) != os.getpgid(0)
            assert os.getsid(postgres.server_pid) != os.getsid(0)

    async def test_the_server_ends_by_itself_when_its_owner_is_killed(self, folder: Path) -> None:
        owner = owner_of(folder)
        owner.kill()
        owner.communicate()
        await eventually(lambda: EmbeddedPostgres(folder).server_pid is None, within_s=20, message="server ended")


class TestRecovery:
    async def test_after_the_owner_is_killed_the_next_start_has_every_committed_row(self, folder: Path) -> None:
        owner = owner_of(folder)
        await ask(EmbeddedPostgres(folder), "CREATE TABLE kept AS SELECT 1 AS fen")
        owner.kill()
        with EmbeddedPostgres(folder) as postgres:  # at once, while the old server may still be stopping
            assert await ask(postgres, "SELECT fen FROM kept") == 1
        owner.communicate()

    async def test_a_server_orphaned_with_its_keeper_is_replaced(self, folder: Path) -> None:
        owner = owner_of(folder)
        orphan = EmbeddedPostgres(folder).server_pid
        assert orphan is not None
        os.kill(parent_of(orphan), signal.SIGKILL)
        owner.kill()
        owner.communicate()
        assert EmbeddedPostgres(folder).server_pid == orphan
        with EmbeddedPostgres(folder) as postgres:
            assert postgres.server_pid != orphan
            assert await ask(postgres, "SELECT 1") == 1

    async def test_a_killed_server_recovers_at_the_next_start(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            await ask(postgres, "CREATE TABLE kept AS SELECT 1 AS fen")
            assert postgres.server_pid is not None
            os.kill(postgres.server_pid, signal.SIGKILL)
            await eventually(lambda: postgres.server_pid is None, message="server died")
            postgres.start()
            assert await ask(postgres, "SELECT fen FROM kept") == 1

    async def test_a_query_that_outlives_a_killed_server_is_ended_before_the_next_start(self, folder: Path) -> None:
        with EmbeddedPostgres(folder) as postgres:
            connection = await asyncpg.connect(postgres.admin_url)
            busy = asyncio.create_task(connection.execute("DO 'BEGIN LOOP END LOOP; END'"))
            await eventually(
                lambda: ask(postgres, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO%LOOP%'"),
                message="the query runs",
            )
            assert postgres.server_pid is not None
            os.kill(postgres.server_pid, signal.SIGKILL)
            await eventually(lambda: postgres.server_pid is None, message="server died")
            postgres.start()
            assert await ask(postgres, "SELECT 1") == 1
            with pytest.raises((asyncpg.PostgresError, OSError)):
                await busy

    async def test_a_stale_pid_file_that_names_a_stranger_is_no_server(self, folder: Path) -> None:
        with EmbeddedPostgres(folder):
            pid_file = (folder / "cluster" / "postmaster.pid").read_text().splitlines()
        stranger = "\n".join([str(os.getppid()), *pid_file[1:]]) + "\n"
        (folder / "cluster" / "postmaster.pid").write_text(stranger)
        with EmbeddedPostgres(folder) as postgres:
            assert await ask(postgres, "SELECT 1") == 1
