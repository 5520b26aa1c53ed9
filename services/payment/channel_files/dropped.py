"""Files that an institution drops into its folder: ``NAME`` as its layout calls it, then ``NAME.sig`` beside it.

The ``.sig`` holds the serial of the key on its first line and the signature in base64 on its second; it is written
last, and says that the file is whole. What was taken is moved to ``taken``, what was refused to ``refused``. Only
regular files of the folder itself are opened, under the names that the layout allows: links are never followed.
"""

import asyncio
import errno
import hashlib
import os
import re
import stat
from contextlib import suppress
from datetime import date
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import structlog

from services.payment.channel_files.intake import (
    ArrivedFile,
    ChannelFileDiffers,
    ChannelFileUnsigned,
    ChannelFileWrong,
    take,
)
from services.payment.channel_files.state import FileSource
from services.payment.channels import detached_signature
from services.payment.channels.file_senders import FileSender
from services.payment.dates import DateInTheFuture
from services.payment.job_names import CHANNEL_FILES
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.service import ServiceContext

SIGNATURE_SUFFIX: Final = ".sig"
TAKEN, REFUSED = "taken", "refused"
_LOOKED_AT: Final = 10_000
_PIECE: Final = 1 << 20
log = structlog.get_logger(__name__)


class NoPlainFile(Exception):
    """A link, a device or a file beyond its bound stands under an allowed name."""


async def take_next(context: ServiceContext[PaymentResources]) -> int:
    """Take one file from any institution's folder; returns how many there were."""
    for institution in context.resources.file_senders.values():
        if institution.folder is None:
            continue
        found = await asyncio.to_thread(_next_file, institution, institution.folder)
        if found is not None:
            await _take(context, institution, institution.folder, *found)
            return 1
    return 0


async def _take(
    context: ServiceContext[PaymentResources], institution: FileSender, folder: Path, name: str, day: date
) -> None:
    place = REFUSED
    with TemporaryFile() as file:
        try:
            digest, size = await asyncio.to_thread(_copy, folder / name, file, institution.layout.most_bytes)
            serial, signature = await asyncio.to_thread(_signature, folder / (name + SIGNATURE_SUFFIX))
            arrived = ArrivedFile(file, digest, size, serial, signature, FileSource.DROPPED, Trace.start(CHANNEL_FILES))
            await take(context, institution, day, arrived)
            place = TAKEN
        except FileNotFoundError:
            return  # another worker has moved it
        except (ChannelFileUnsigned, ChannelFileWrong, ChannelFileDiffers, DateInTheFuture, NoPlainFile) as refused:
            log.warning(
                "a dropped file is refused",
                institution=institution.code,
                file_day=day.isoformat(),
                refused=type(refused).__name__,
            )
    await asyncio.to_thread(_move, folder, name, place)


def _next_file(institution: FileSender, folder: Path) -> tuple[str, date] | None:
    """The first file by day whose signature lies beside it."""
    before, _, after = institution.layout.names_files.partition("{day}")
    known = re.compile(f"{re.escape(before)}([0-9]{{8}}){re.escape(after)}", re.ASCII)
    with os.scandir(folder) as entries:
        names = {entry.name for entry in islice(entries, _LOOKED_AT)}
    days = [(day, name) for name in names if (day := _day(known.fullmatch(name))) and name + SIGNATURE_SUFFIX in names]
    return min(((name, day) for day, name in days), key=lambda found: (found[1], found[0]), default=None)


def _day(found: "re.Match[str] | None") -> date | None:
    try:
        return date.fromisoformat(found[1]) if found is not None else None
    except ValueError:
        return None


def _copy(place: Path, into: BinaryIO, most: int) -> tuple[bytes, int]:
    """Copy a file that its institution could still change; its SHA-256 and size are those of the copy."""
    digest, size = hashlib.sha256(), 0
    with _opened(place, most) as file:
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > most:
                raise NoPlainFile("it grows while it is read")
            digest.update(piece)
            into.write(piece)
    return digest.digest(), size


def _signature(place: Path) -> tuple[str, str]:
    with _opened(place, detached_signature.LONGEST * 2) as file:
        said = file.read().decode("ascii", "replace").split()
    return (said[0], said[1]) if len(said) == 2 else ("", "")


def _opened(place: Path, most: int) -> BinaryIO:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NoPlainFile("a link") from None
        raise
    file = os.fdopen(descriptor, "rb")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        file.close()
        raise NoPlainFile("not a plain file within its bound")
    return file


def _move(folder: Path, name: str, place: str) -> None:
    """The signature goes last: without the file it is no work, with a file of the same name later it would be."""
    (folder / place).mkdir(exist_ok=True)
    for each in (name, name + SIGNATURE_SUFFIX):
        with suppress(FileNotFoundError):  # another worker has
            (folder / each).rename(folder / place / each)
