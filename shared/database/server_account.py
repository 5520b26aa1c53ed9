"""Under which account the embedded PostgreSQL runs: it refuses root, so root lends it one that owns only its data."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "canbao"

# Linux capability numbers. Reading and searching anywhere is enough for folders above the data and the program;
# containers often withhold it and leave only the wider one.
_LENDABLE = {"dac_read_search": 2, "dac_override": 1}


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used here; the text gives the remedy in Chinese and English."""


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """Who owns the data files, and the words to put before a command so that it runs as that account."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def own(self, path: Path) -> None:
        """Hand one file or folder over to the account."""
        if self.prefix:
            os.chown(path, self.uid, self.gid)


def server_account(*, program: Path, data_dir: Path) -> ServerAccount:
    """Choose the caller's own account, or for root an unprivileged one that can reach the program and the data."""
    if os.geteuid() != 0:
        return ServerAccount(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError(
            "找不到 setpriv（软件包 util-linux），请安装它，或以普通用户运行。"
            " setpriv (package util-linux) is missing: install it, or run as an ordinary user."
        )
    entry = _account_entry()
    words = [setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--no-new-privs"]
    if open_to_all(program) and open_to_all(data_dir):
        words += ["--inh-caps=-all", "--bounding-set=-all"]
    else:
        capability = _lendable_capability(data_dir)
        # Without the secure bit, access(2) ignores capabilities of an ordinary account, and initdb asks access(2)
        # whether its own binary may be run.
        words += [f"--{name}=-all,+{capability}" for name in ("inh-caps", "ambient-caps", "bounding-set")]
        words += ["--securebits=+no_setuid_fixup"]
    return ServerAccount(entry.pw_uid, entry.pw_gid, (*words, "--"))


def open_to_all(path: Path) -> bool:
    """Whether any account can pass every folder down to this path and read what is there."""
    resolved = path.resolve()
    wanted = stat.S_IROTH | stat.S_IXOTH if resolved.is_file() else stat.S_IXOTH
    folders_pass = all(parent.stat().st_mode & stat.S_IXOTH for parent in resolved.parents)
    return folders_pass and resolved.stat().st_mode & wanted == wanted


def _account_entry() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    try:
        subprocess.run([*command, "--shell", "/usr/sbin/nologin", ACCOUNT], check=True, capture_output=True, text=True)
        return pwd.getpwnam(ACCOUNT)
    except (OSError, subprocess.CalledProcessError, KeyError) as reason:
        detail = getattr(reason, "stderr", "") or str(reason)
        raise EmbeddedPostgresError(
            f"PostgreSQL 不能以 root 运行，而系统用户 {ACCOUNT} 无法创建：{detail.strip()}。请以普通用户运行。"
            f" PostgreSQL refuses root and the system user {ACCOUNT} cannot be made: run as an ordinary user."
        ) from reason


def _lendable_capability(data_dir: Path) -> str:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    held = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapPrm"))
    for name, number in _LENDABLE.items():
        if held >> number & 1:
            return name
    raise EmbeddedPostgresError(
        f"系统用户 {ACCOUNT} 无法进入 {data_dir} 的上级目录，且此处的 root 无权授予。"
        "请用 --data 选择可进入的目录，或以普通用户运行。"
        f" The system user {ACCOUNT} cannot pass the folders above {data_dir} and root may not lend that right here:"
        " choose another folder with --data, or run as an ordinary user."
    )
