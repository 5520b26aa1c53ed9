"""Quarantine over HTTP: authentic notices that were not credited, and those of them that can be worked again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.crediting.decision import RETRYABLE_QUARANTINE
from services.payment.crediting.schemas import Retried, WaitingQuarantinedOut
from services.payment.job_names import CREDITING
from services.payment.notices.notice import NoticeKind, VerifiedNotice
from services.payment.notices.quarantine import repository
from services.payment.resources import PaymentResources
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode
from shared.web.dependencies import CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)


class NotRetriable(DomainError):
    """No such notice waits in quarantine for a reason on our side, or it still cannot be read."""

    code = ErrorCode.NOTICE_NOT_RETRIABLE


@ROUTER.get("/v1/quarantine", dependencies=[requires("payment:read")])
async def list_quarantine(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> list[WaitingQuarantinedOut]:
    """Notices in quarantine, oldest first; ``after`` is the last id of the page before."""
    rows = await repository.quarantined(session, after=after, limit=limit)
    return [WaitingQuarantinedOut.model_validate(row) for row in rows]


@ROUTER.post("/v1/quarantine/{notice_id}/retry", status_code=202, dependencies=[requires("payment:operate")])
@responses_for(NotRetriable)
async def retry_notice(session: Session, context: CurrentContext[PaymentResources], notice_id: UUID) -> Retried:
    """Work a notice again that was quarantined for a reason on our side: an error fixed, a merchant configured.

    One that could not be read is read again from the message as it came.
    """
    waiting = notice_id
    if not await repository.retry(session, notice_id, [reason.value for reason in RETRYABLE_QUARANTINE]):
        waiting = await _read_again(session, context.resources, notice_id)
    after_commit(session, lambda: context.wake(CREDITING))
    return Retried(id=waiting)


async def _read_again(session: Session, resources: PaymentResources, notice_id: UUID) -> UUID:
    unread = await repository.lock_unread(session, notice_id)
    if unread is None:
        raise NotRetriable
    channel = resources.channels.get((unread.notice.channel, unread.notice.merchant_id))
    read = channel.read_again(unread) if channel is not None else None
    if read is None:
        raise NotRetriable("现有的商户和密钥打不开原报文 · today's merchants and keys do not open the message")
    if read.kind is NoticeKind.UNREADABLE:
        raise NotRetriable("原报文仍无法读懂 · the message still cannot be read")
    await repository.replace_by(session, notice_id, VerifiedNotice(read, unread.evidence))
    return read.id
