"""The folder of secret files: named by their bare names, never by a path, and only where they lie inside it."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from services.payment.channels.stated_account import SecretContent
from shared.settings_errors import UnusableSetting

# A PEM file has some thousand bytes.
_LARGEST = 1 << 16
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# Files of settings lie in the same folder: passwords of databases are no keys of merchants.
_OF_SETTINGS = "canbao_"


class UnusableSecret(UnusableSetting):
    """A secret file is missing, unreadable, too large, or not a file of the folder; names it, never what it holds."""


class FileStamp(NamedTuple):
    """What of a file changes when its content does."""

    inode: int
    size: int
    modified_ns: int
    changed_ns: int


def is_secret_name(name: str) -> bool:
    """Whether this can be a merchant's secret file: a bare name, and none of a setting."""
    return _NAME.fullmatch(name) is not None and not name.lower().startswith(_OF_SETTINGS)


class SecretFolder:
    """Reads the files of ``CANBAO_SECRETS_DIR`` by name; without that folder there are none."""

    def __init__(self, folder: Path | None) -> None:
        """Nothing is read yet."""
        self._folder = folder

    def stamp(self, name: str) -> FileStamp | None:
        """How a file stands now; None where there is none that may be read."""
        try:
            found = self.path(name).stat()
        except (OSError, UnusableSecret):
            return None
        return FileStamp(found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def read(self, name: str) -> SecretContent:
        """What stands in a file; raises UnusableSecret."""
        try:
            with self.path(name).open("rb") as file:
                content = file.read(_LARGEST + 1)
        except OSError as fault:
            why = fault.strerror or type(fault).__name__
            raise UnusableSecret(f"{name}: 文件无法读取 · the file cannot be read ({why})") from fault
        if not content or len(content) > _LARGEST:
            raise UnusableSecret(f"{name}: 文件为空或过大 · the file is empty or too large")
        return SecretContent(name, content)

    def path(self, name: str) -> Path:
        """Where a file lies, links followed; raises UnusableSecret where that is outside the folder, or no file."""
        if self._folder is None:
            raise UnusableSecret("CANBAO_SECRETS_DIR: 未设置 · is not set")
        if not is_secret_name(name):
            raise UnusableSecret(
                f"{name}: 须为单独的文件名，且不以 canbao_ 开头 · must be a bare name, not of a setting"
            )
        folder = self._folder.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder) or path.name.lower().startswith(_OF_SETTINGS):
            raise UnusableSecret(f"{name}: 指向该目录之外或设置文件 · leads out of the folder, or to a setting's file")
        if not path.is_file():
            raise UnusableSecret(f"{name}: 密钥目录中没有这个文件 · there is no such file in the folder of secrets")
        return path
