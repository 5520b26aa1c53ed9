"""A standby that follows a server asynchronously, is cut off before the last commits, and takes over at its address."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from shared.database.data_folder import SUPERUSER, program
from shared.database.embedded import EmbeddedPostgres
from tests.faults.archived_server import ArchivedServer, socket_dir_of
from tests.harness.cluster import scratch_folder
from tests.harness.eventually import eventually


class Standby:
    """Streaming replication into a data folder of its own."""

    def __init__(self, primary: ArchivedServer, folder: Path) -> None:
        self._primary = primary
        self.postgres = EmbeddedPostgres(folder / "standby")

    def start(self) -> None:
        """Copy the primary while it works, and follow it."""
        folder = self.postgres.data_dir
        folder.mkdir(mode=0o711)
        self._primary.postgres.data_dir.chmod(0o711)  # its socket lies inside, and the standby's account is to reach it
        shutil.copy(self._primary.postgres.data_dir / "superuser.password", folder)
        password = urlsplit(self._primary.postgres.admin_url).password or ""
        command = [str(program("pg_basebackup")), "-h", str(self._primary.socket_dir), "-U", SUPERUSER]
        command += ["--checkpoint=fast", "--write-recovery-conf", "-D", str(folder / "cluster")]
        environment = {**os.environ, "PGPASSWORD": password}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        # The archive is the primary's own: what is not streamed does not arrive.
        with (folder / "cluster" / "postgresql.auto.conf").open("a", encoding="ascii") as settings:
            settings.write("restore_command = ''\narchive_mode = 'off'\n")
        # The primary's socket lies among its files, and what locks it was copied too.
        (folder / "cluster" / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        owner = (self._primary.postgres.data_dir / "cluster").stat()
        for path in (folder / "cluster", *(folder / "cluster").rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
        self.postgres.start()

    @property
    def socket_dir(self) -> Path:
        """Where it answers."""
        return socket_dir_of(self.postgres)

    async def cut_off(self) -> None:
        """It has what the primary has committed until now; nothing of what comes later arrives."""
        at = await _one(self._primary.postgres.admin_url, "SELECT pg_current_wal_flush_lsn()::text")
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{at}'::pg_lsn"
        await eventually(lambda: _one(self.postgres.admin_url, reached), within_s=60, message="the standby follows")
        await _one(self.postgres.admin_url, "ALTER SYSTEM SET primary_conninfo = ''")
        await _one(self.postgres.admin_url, "SELECT pg_reload_conf()")
        alone = "SELECT count(*) = 0 FROM pg_stat_wal_receiver"
        await eventually(lambda: _one(self.postgres.admin_url, alone), within_s=60, message="nothing is received")

    async def promoted(self) -> None:
        """It takes over as it is."""
        assert await _one(self.postgres.admin_url, "SELECT pg_promote(true, 120)")


async def _one(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@contextmanager
def standby_of(primary: ArchivedServer) -> Iterator[Standby]:
    """One for the length of a block."""
    folder = scratch_folder()
    folder.chmod(0o711)
    standby = Standby(primary, folder)
    try:
        standby.start()
        yield standby
    finally:
        standby.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
