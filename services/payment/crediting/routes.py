"""Quarantine over HTTP: authentic notices that were not credited, and those of them that can be worked again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.payment.crediting import repository
from services.payment.crediting.decision import OURS_TO_MEND
from services.payment.resources import CREDITING
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode
from shared.web.dependencies import CurrentRunning, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

router = APIRouter(route_class=StrictRoute)


class NotRetriable(DomainError):
    """No such notice waits in quarantine for something that we could mend."""

    code = ErrorCode.NOTICE_NOT_RETRIABLE


class QuarantinedOut(BaseModel):
    """An authentic notice that was not credited, and why."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    mchid: str
    order_no: str | None
    transaction_id: str | None
    refund_no: str | None
    amount_fen: int | None
    currency: str | None
    succeeded_at: datetime | None
    reason: str
    region: str


class Retried(BaseModel):
    """The notice waits to be worked again."""

    id: UUID


@router.get("/v1/quarantine", dependencies=[requires("payment:read")])
async def list_quarantine(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[QuarantinedOut]:
    """Notices in quarantine, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.quarantined(session, after=after, limit=limit)
    return [QuarantinedOut.model_validate(row) for row in rows]


@router.post("/v1/quarantine/{notice_id}/retry", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotRetriable)
async def retry_notice(session: Session, running: CurrentRunning, notice_id: UUID) -> Retried:
    """Work a notice again that was set aside because of us: an error since mended, a merchant since configured."""
    if not await repository.retry(session, notice_id, [reason.value for reason in OURS_TO_MEND]):
        raise NotRetriable
    after_commit(session, lambda: running.wake(CREDITING))
    return Retried(id=notice_id)
