"""Taking a file: whose word it is, whether it came before, and all of it or nothing.

The bytes are kept nowhere, because they name people: what stays is their hash, the institution's signature of them was
checked against it, and the lines by token. A file that is wrong as a whole is named, and nothing of it counts.
"""

from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files import repository
from services.payment.channel_files.line_tokens import TokenMaker
from services.payment.channel_files.lines import repository as lines
from services.payment.channel_files.models import ChannelFile
from services.payment.channel_files.repository import FileHead
from services.payment.channel_files.state import OTHER_CONTENT, FileSource, FileState
from services.payment.channels.detached_signature import SignatureRefused, verify_file
from services.payment.channels.file_senders import FileSender
from services.payment.channels.layouts.faults import FaultyFile
from services.payment.channels.layouts.reader import FileReader
from services.payment.dates import DateInTheFuture
from services.payment.job_names import CHANNEL_FILES
from services.payment.read_aside import read_aside
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode
from shared.service import ServiceContext

log = structlog.get_logger(__name__)


class ChannelFileUnsigned(DomainError):
    """Nobody knows whose word it is: nothing of it is kept."""

    code = ErrorCode.CHANNEL_FILE_UNSIGNED


class ChannelFileWrong(DomainError):
    """The institution's own file does not agree with itself: it is named, and nothing of it counts."""

    code = ErrorCode.CHANNEL_FILE_WRONG


class ChannelFileDiffers(DomainError):
    """Another file counts for the day: this one is named, and nothing of it counts."""

    code = ErrorCode.CHANNEL_FILE_DIFFERS


@dataclass(frozen=True)
class ArrivedFile:
    """A file as it came: its bytes in a file of our own, their SHA-256 and number, and who vouches for them."""

    content: BinaryIO
    digest: bytes
    size: int
    serial: str
    signature: str
    source: FileSource
    trace: Trace


@dataclass(frozen=True, slots=True)
class TakenFile:
    """A file that counts, and whether it had come before."""

    file: ChannelFile
    repeated: bool


class _AnotherCame(Exception):
    """Another file of the day was taken while this one was read."""


async def take(
    context: ServiceContext[PaymentResources], institution: FileSender, file_day: date, arrived: ArrivedFile
) -> TakenFile:
    """Take a file of an institution's day, once.

    Raises ChannelFileUnsigned and DateInTheFuture, of which nothing is kept; ChannelFileWrong and ChannelFileDiffers,
    of which a named file is.
    """
    try:
        verify_file(institution.keys, arrived.serial, arrived.signature, arrived.digest)
    except SignatureRefused as refused:
        raise ChannelFileUnsigned(str(refused)) from None
    head = _head(context, institution, file_day, arrived)
    async with context.database.transaction(head.region) as session:
        if file_day > await business_date(session, context.clock):
            raise DateInTheFuture(file_day.isoformat())
        if (before := await repository.same(session, head)) is not None:
            return _again(before)
        try:
            async with session.begin_nested():
                await _take(session, context, institution, head, arrived.content)
        except FaultyFile as faulty:
            await repository.refuse(session, head, faulty.fault.value, faulty.detail)
        except _AnotherCame:
            await repository.refuse(session, head, OTHER_CONTENT, "")
    async with context.database.transaction(head.region) as session:
        taken = await repository.same(session, head)
    if taken is None:
        raise RuntimeError(f"a file of {institution.code} was neither taken nor refused")
    _say(taken)
    if taken.state == FileState.RECEIVED:
        context.wake(CHANNEL_FILES)
    return TakenFile(_counting(taken), repeated=False)


async def _take(
    session: AsyncSession,
    context: ServiceContext[PaymentResources],
    institution: FileSender,
    head: FileHead,
    content: BinaryIO,
) -> None:
    """Write all lines, then the file: whole or not at all."""
    if await repository.of_day(session, head.institution, head.file_day) is not None:
        raise _AnotherCame
    reader = FileReader(institution.layout, content, file_day=head.file_day, institution=institution.named_in_file)
    tokens = TokenMaker(context.resources.token_key, context.settings.benefit_year)
    last_line = 0
    async with aclosing(read_aside(tokens.portions(reader))) as portions:
        async for some in portions:
            await lines.add(session, head.id, head.institution, head.region, some)
            last_line = max(last_line, *(line.line_no for line in some))
    await lines.set_repeated_aside(session, head.id)
    said = reader.summary
    if not await repository.accept(
        session,
        head,
        declared_count=said.declared_count,
        declared_fen=said.declared_fen,
        total_of=institution.layout.total_of.value,
        last_line=last_line,
    ):
        raise _AnotherCame


def _head(
    context: ServiceContext[PaymentResources], institution: FileSender, file_day: date, arrived: ArrivedFile
) -> FileHead:
    return FileHead(
        id=new_id(),
        institution=institution.code,
        layout=institution.layout.layout,
        file_day=file_day,
        content_hash=arrived.digest.hex(),
        content_bytes=arrived.size,
        source=arrived.source.value,
        signed_by=arrived.serial,
        region=institution.region,
        trace=arrived.trace,
    )


def _again(before: ChannelFile) -> TakenFile:
    return TakenFile(_counting(before), repeated=True)


def _counting(file: ChannelFile) -> ChannelFile:
    """The file where it counts; else raises why not, now as before."""
    if file.state != FileState.REFUSED:
        return file
    place = f"{file.institution} {file.file_day}"
    if file.fault == OTHER_CONTENT:
        raise ChannelFileDiffers(place)
    raise ChannelFileWrong(f"{place}: {file.fault} {file.fault_detail or ''}".rstrip())


def _say(file: ChannelFile) -> None:
    named = {"institution": file.institution, "file_day": file.file_day.isoformat(), "file_id": str(file.id)}
    if file.state == FileState.REFUSED:
        log.warning("an institution's file is refused", **named, fault=file.fault, detail=file.fault_detail)
    elif file.unread_count:
        log.warning("lines of an institution's file cannot be read", **named, lines=file.unread_count)
    else:
        log.info("an institution's file was taken", **named, lines=file.line_count)
