"""Files that an institution offers over HTTP, asked for day by day until each is there.

``GET`` of its address with the day filled in: 200 with the file and the signature's headers, or 404 as long as there is
none. What is refused is asked for again: an institution that issues a day's file again answers with another one.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from tempfile import TemporaryFile
from typing import Final

import httpx
import structlog

from services.payment.channel_files import repository
from services.payment.channel_files.intake import (
    ArrivedFile,
    ChannelFileDiffers,
    ChannelFileUnsigned,
    ChannelFileWrong,
    take,
)
from services.payment.channel_files.state import FileSource
from services.payment.channels.file_senders import FileSender
from services.payment.job_names import CHANNEL_FILES
from services.payment.remittance.tax_exchange import TIMEOUT_S
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.service import ServiceContext
from shared.web.authorities import authorities

SERIAL_HEADER: Final = "Canbao-Serial"
SIGNATURE_HEADER: Final = "Canbao-Signature"
_DAYS_BACK: Final = 31
_CHUNK: Final = 1 << 16
log = structlog.get_logger(__name__)


class NoFileToFetch(Exception):
    """The institution has none for the day yet, or gave an answer that cannot be used."""


async def ask_for_days(context: ServiceContext[PaymentResources]) -> int:
    """Ask every institution once for each day without a file, and wait for the next time; always 0."""
    for institution in context.resources.file_senders.values():
        for day in await _days(context, institution):
            try:
                await _fetch(context, institution, day)
            except (NoFileToFetch, ChannelFileUnsigned, ChannelFileWrong, ChannelFileDiffers, httpx.HTTPError) as why:
                log.warning(
                    "an institution's file was not fetched",
                    institution=institution.code,
                    file_day=day.isoformat(),
                    because=type(why).__name__,
                )
    return 0


async def _days(context: ServiceContext[PaymentResources], institution: FileSender) -> list[date]:
    if not institution.fetch_url or institution.fetched_from is None:
        return []
    async with context.database.transaction(context.settings.region) as session:
        today = await business_date(session, context.clock)
        first = institution.fetched_from
        return list(await repository.days_without(session, institution.code, first, today, back=_DAYS_BACK))


async def _fetch(context: ServiceContext[PaymentResources], institution: FileSender, day: date) -> None:
    url = institution.fetch_url.replace("{day}", day.isoformat())
    headers = {"Authorization": f"Bearer {institution.fetch_token}"} if institution.fetch_token else {}
    digest, size = hashlib.sha256(), 0
    with TemporaryFile() as file:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=authorities(trust_env=False)) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise NoFileToFetch(f"{answer.status_code}")
            async for chunk in answer.aiter_raw(_CHUNK):
                size += len(chunk)
                if size > institution.layout.most_bytes:
                    raise NoFileToFetch("the answer is too large")
                digest.update(chunk)
                file.write(chunk)
            serial, signature = signature_of(answer.headers)
        arrived = ArrivedFile(
            file, digest.digest(), size, serial, signature, FileSource.FETCHED, Trace.start(CHANNEL_FILES)
        )
        await take(context, institution, day, arrived)


def signature_of(headers: Mapping[str, str]) -> tuple[str, str]:
    """The serial of the key and the signature that came with a file."""
    return headers.get(SERIAL_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
