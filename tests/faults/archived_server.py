"""A PostgreSQL that archives its log, so that it can be put back to a named point as an operator would do it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from shared.database.data_folder import SUPERUSER, program
from shared.database.embedded import EmbeddedPostgres
from tests.harness.cluster import scratch_folder
from tests.harness.eventually import eventually

_ENDED_WITHIN_S = 20


def socket_dir_of(postgres: EmbeddedPostgres) -> Path:
    """The folder of a server's socket."""
    return Path(parse_qs(urlsplit(postgres.admin_url).query)["host"][0])


class ArchivedServer:
    """The server, its archive and its base backup."""

    def __init__(self, folder: Path) -> None:
        self._archive, self._backup = folder / "archive", folder / "backup"
        folder.chmod(0o711)  # where tests run as root, the server has an account of its own
        self._archive.mkdir(mode=0o700)
        self._parameters = {
            "archive_mode": "on",
            "archive_command": f"cp %p {self._archive}/%f",
            "restore_command": f"cp {self._archive}/%f %p",
            "max_wal_senders": "2",
        }
        self.postgres = EmbeddedPostgres(folder / "data", parameters=self._parameters)

    def start(self) -> None:
        """Have it answering, and able to archive."""
        self.postgres.start()
        self._give_to_server(self._archive)

    def _give_to_server(self, folder: Path) -> None:
        owner = (self.postgres.data_dir / "cluster").stat()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)

    @property
    def socket_dir(self) -> Path:
        """Where it answers."""
        return socket_dir_of(self.postgres)

    def back_up(self) -> None:
        """Make a base backup while the server works."""
        password = urlsplit(self.postgres.admin_url).password or ""
        command = [str(program("pg_basebackup")), "-h", str(self.socket_dir), "-U", SUPERUSER, "-D", str(self._backup)]
        environment = {**os.environ, "PGPASSWORD": password}
        subprocess.run([*command, "--checkpoint=fast"], env=environment, check=True, capture_output=True)

    async def mark(self, name: str) -> None:
        """Name this moment, and archive what was written until it."""
        await self._execute(f"SELECT pg_create_restore_point('{name}')")
        await self._execute("SELECT pg_switch_wal()")

    async def lose(self) -> None:
        """The server ends at once, and its disk with it."""
        pid = self.postgres.server_pid
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)
        await eventually(lambda: self.postgres.server_pid is None, within_s=_ENDED_WITHIN_S, message="it is gone")
        self.postgres.stop()
        cluster = self.postgres.data_dir / "cluster"
        if self._backup.exists():
            self._give_to_server(self._backup)
        shutil.rmtree(cluster)

    def restore_to(self, name: str) -> None:
        """Put the base backup in its place and play the log up to the named moment."""
        cluster = self.postgres.data_dir / "cluster"
        (self._backup / "recovery.signal").touch()
        target = f"recovery_target_name = '{name}'\nrecovery_target_action = 'promote'\n"
        with (self._backup / "postgresql.auto.conf").open("a", encoding="ascii") as settings:
            settings.write(target)
        owner = self._backup.stat()
        os.chown(self._backup / "recovery.signal", owner.st_uid, owner.st_gid)
        self._backup.rename(cluster)
        self.postgres.start()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.postgres.admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def archived_server() -> Iterator[ArchivedServer]:
    """One for the length of a block."""
    folder = scratch_folder()
    server = ArchivedServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
