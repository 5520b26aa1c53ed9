"""Asking the tax bureau's exchange platform what it received for a batch.

How the real platform speaks is not public: this is the shape that installations agree on with their tax bureau.
"""

from typing import IO

import httpx

from services.payment.batches.models import Batch, OnlineBatch
from shared.errors import DomainError, ErrorCode
from shared.settings import Settings
from shared.web.authorities import authorities

TIMEOUT_S = 15.0
_CHUNK = 1 << 16
# As much as a detail of twice the lines takes, and a page beside it.
_MOST_BYTES, _PER_LINE = 1 << 20, 1_000


class TaxExchangeUnavailable(DomainError):
    """The platform gave no answer that could be used; nothing was changed."""

    code = ErrorCode.TAX_EXCHANGE_UNAVAILABLE


class TaxDetailNotFound(DomainError):
    """The tax bureau has received nothing under this name."""

    code = ErrorCode.TAX_DETAIL_NOT_FOUND


def reference_of(batch: Batch) -> str:
    """The name under which the tax bureau knows the batch: its serial, or its channel's settlement."""
    if isinstance(batch, OnlineBatch):
        day = f"{batch.channel}/{batch.merchant_id}/{batch.settlement_day}"
        return day if batch.part == 1 else f"{day}/{batch.part}"
    if batch.collection_notice_serial is None:
        raise RuntimeError(f"batch {batch.id} has passed the tax hall without a serial")  # a constraint forbids it
    return batch.collection_notice_serial


async def fetch_detail(settings: Settings, batch: Batch, into: IO[bytes]) -> None:
    """Write the tax bureau's detail of the batch into a file; raises TaxExchangeUnavailable or TaxDetailNotFound."""
    if not settings.tax_base_url:
        raise TaxExchangeUnavailable("未设置 CANBAO_TAX_BASE_URL · it is not set")
    reference = reference_of(batch)
    path = f"/v1/settlements/{reference}" if isinstance(batch, OnlineBatch) else f"/v1/batches/{reference}"
    token = settings.tax_token.get_secret_value() if settings.tax_token else ""
    try:
        await _get(settings.tax_base_url.rstrip("/") + path, token, into, _MOST_BYTES + batch.line_count * _PER_LINE)
    except httpx.HTTPError as error:
        raise TaxExchangeUnavailable(type(error).__name__) from None
    into.seek(0)


async def _get(url: str, token: str, into: IO[bytes], most: int) -> None:
    """A bounded answer: a platform gone wrong must not fill our disk."""
    size = 0
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=authorities(trust_env=False)) as client,
        client.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise TaxDetailNotFound
        if answer.status_code != httpx.codes.OK:
            raise TaxExchangeUnavailable(f"应答 it answered {answer.status_code}")
        async for chunk in answer.aiter_bytes(_CHUNK):
            size += len(chunk)
            if size > most:
                raise TaxExchangeUnavailable("应答过大 · the answer is too large")
            into.write(chunk)
