"""Asking the tax bureau's exchange platform what it received for a batch.

How the real platform speaks is not public: this is the shape that installations agree on with their tax bureau.
"""

import ssl
from functools import cache
from typing import Annotated
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.payment.batches.models import Batch, OnlineBatch
from services.payment.remittance.detail import TaxDetail, TaxLine
from shared.errors import DomainError, ErrorCode
from shared.settings import Settings

TIMEOUT_S = 15.0
MAX_BYTES = 32 * 1024 * 1024
MAX_LINES = 100_000


class TaxExchangeUnavailable(DomainError):
    """The platform gave no answer that could be used; nothing was changed."""

    code = ErrorCode.TAX_EXCHANGE_UNAVAILABLE


class TaxDetailNotFound(DomainError):
    """The tax bureau has received nothing under this name."""

    code = ErrorCode.TAX_DETAIL_NOT_FOUND


class _LineIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    line_no: Annotated[str, Field(min_length=1, max_length=64)]
    enrolment_id: UUID
    amount_fen: Annotated[int, Field(strict=True)]


class _DetailIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    serial: str | None = None
    total_fen: Annotated[int, Field(strict=True)]
    lines: Annotated[list[_LineIn], Field(max_length=MAX_LINES)]


def reference_of(batch: Batch) -> str:
    """The name under which the tax bureau knows the batch: its serial, or its channel's settlement."""
    if isinstance(batch, OnlineBatch):
        day = f"{batch.channel}/{batch.merchant_id}/{batch.settlement_day}"
        return day if batch.part == 1 else f"{day}/{batch.part}"
    if batch.collection_notice_serial is None:
        raise RuntimeError(f"batch {batch.id} has passed the tax hall without a serial")  # a constraint forbids it
    return batch.collection_notice_serial


async def fetch_detail(settings: Settings, batch: Batch) -> TaxDetail:
    """The tax bureau's detail of the batch; raises TaxExchangeUnavailable or TaxDetailNotFound."""
    if not settings.tax_base_url:
        raise TaxExchangeUnavailable("未设置 CANBAO_TAX_BASE_URL · it is not set")
    reference = reference_of(batch)
    path = f"/v1/settlements/{reference}" if isinstance(batch, OnlineBatch) else f"/v1/batches/{reference}"
    token = settings.tax_token.get_secret_value() if settings.tax_token else ""
    try:
        body = await _get(settings.tax_base_url.rstrip("/") + path, token)
        detail = _DetailIn.model_validate_json(body)
    except httpx.HTTPError as error:
        raise TaxExchangeUnavailable(type(error).__name__) from None
    except ValidationError:
        raise TaxExchangeUnavailable("应答不是批次明细 · the answer is not a batch detail") from None
    lines = [TaxLine(line.line_no, line.enrolment_id, line.amount_fen) for line in detail.lines]
    return TaxDetail(detail.serial if detail.serial is not None else reference, detail.total_fen, lines)


@cache
def _authorities() -> ssl.SSLContext:
    """Whom we trust: read once, because reading them stops the event loop for tens of milliseconds."""
    return httpx.create_ssl_context(trust_env=False)


async def _get(url: str, token: str) -> bytes:
    """A bounded answer: a platform gone wrong must not fill our memory."""
    async with (
        httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=_authorities()) as client,
        client.stream("GET", url, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise TaxDetailNotFound
        if answer.status_code != httpx.codes.OK:
            raise TaxExchangeUnavailable(f"应答 it answered {answer.status_code}")
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise TaxExchangeUnavailable("应答过大 · the answer is too large")
        return bytes(body)
