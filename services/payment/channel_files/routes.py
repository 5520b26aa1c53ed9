"""Files of institutions over HTTP: pushed with a detached signature, listed with their lines."""

import hashlib
from tempfile import TemporaryFile
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from services.payment.channel_files import repository
from services.payment.channel_files.fetched import SERIAL_HEADER, SIGNATURE_HEADER, signature_of
from services.payment.channel_files.intake import (
    ArrivedFile,
    ChannelFileDiffers,
    ChannelFileUnsigned,
    ChannelFileWrong,
    take,
)
from services.payment.channel_files.lines import repository as lines
from services.payment.channel_files.schemas import (
    ChannelFileLineOut,
    ChannelFileLinePage,
    ChannelFileOut,
    ChannelFilePage,
)
from services.payment.channel_files.state import FileSource, FileState, LineState
from services.payment.dates import DateInTheFuture
from services.payment.resources import PaymentResources
from shared.errors import DomainError, ErrorCode, NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.fields import Day
from shared.web.strict_route import BodyTooLarge, StrictRequest, StrictRoute


class InstitutionUnknown(DomainError):
    """No institution of that code sends us files."""

    code = ErrorCode.INSTITUTION_UNKNOWN


class FileRequest(StrictRequest):
    """A request with a file as its body: each layout has its own, smaller bound."""

    most_bytes = 1 << 30


class FileRoute(StrictRoute):
    """A route that takes a file, not a form and not JSON."""

    request_class = FileRequest


ROUTER = APIRouter(route_class=FileRoute, prefix="/v1/channel-files", tags=["bank"])
READ = requires("payment:read")
Code = Annotated[str, Path(pattern=r"^[0-9A-Z_]{2,32}$")]
_AGAIN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": ChannelFileOut, "description": "The same file had come before"},
}
_SIGNED: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "schema": {"type": "string"},
            "description": description,
        }
        for name, description in (
            (SERIAL_HEADER, "密钥编号 · serial of the institution's key"),
            (SIGNATURE_HEADER, "文件原始字节的 RSA-SHA256 签名，base64 · base64 of RSA-SHA256 over the raw bytes"),
        )
    ],
}


@ROUTER.put(
    "/{institution}/{file_day}",
    status_code=201,
    dependencies=[requires("payment:agent", for_whole_area=True)],
    responses=_AGAIN,
    openapi_extra=_SIGNED,
)
@responses_for(NotFound, InstitutionUnknown, ChannelFileUnsigned, ChannelFileWrong, ChannelFileDiffers, DateInTheFuture)
async def push_file(
    request: Request,
    response: Response,
    caller: CurrentCaller,
    context: CurrentContext[PaymentResources],
    institution: Code,
    file_day: Day,
) -> ChannelFileOut:
    """Take an institution's signed file of a day; the same file again is the same file."""
    sender = context.resources.file_senders.get(institution)
    if sender is None:
        raise InstitutionUnknown(institution)
    digest, size = hashlib.sha256(), 0
    with TemporaryFile() as file:
        async for piece in request.stream():
            size += len(piece)
            if size > sender.layout.most_bytes:
                raise BodyTooLarge
            digest.update(piece)
            file.write(piece)
        serial, signature = signature_of(request.headers)
        arrived = ArrivedFile(file, digest.digest(), size, serial, signature, FileSource.PUSHED, caller.trace())
        taken = await take(context, sender, file_day, arrived)
    if taken.repeated:
        response.status_code = 200
    return ChannelFileOut.model_validate(taken.file)


@ROUTER.get("", dependencies=[READ])
async def list_files(
    session: Session,
    institution: Annotated[str | None, Query(pattern=r"^[0-9A-Z_]{2,32}$")] = None,
    state: FileState | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ChannelFilePage:
    """Files in the order in which they came; at wish those of an institution, or in a state."""
    files = await repository.listed(session, institution=institution, state=state, after=after, limit=limit)
    return ChannelFilePage.of(map(ChannelFileOut.model_validate, files), limit, key=lambda file: file.id)


@ROUTER.get("/{file_id}", dependencies=[READ])
@responses_for(NotFound)
async def read_file(session: Session, file_id: UUID) -> ChannelFileOut:
    """One file, and how far its lines are worked."""
    file = await repository.find(session, file_id)
    if file is None:
        raise NotFound
    return ChannelFileOut.model_validate(file)


@ROUTER.get("/{file_id}/lines", dependencies=[READ])
@responses_for(NotFound)
async def list_lines(
    session: Session,
    file_id: UUID,
    state: LineState | None = None,
    after: Annotated[int, Query(ge=0, le=20_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> ChannelFileLinePage:
    """Lines of a file in its order: with ``state=UNREAD`` those that cannot be read, by number and reason."""
    if await repository.find(session, file_id) is None:
        raise NotFound
    found = await lines.listed(session, file_id, state=state, after=after, limit=limit)
    return ChannelFileLinePage.of(map(ChannelFileLineOut.model_validate, found), limit, key=lambda line: line.line_no)
