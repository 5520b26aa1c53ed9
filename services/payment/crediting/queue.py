"""The work queue of stored notices: a batch per transaction, split where one of them cannot be worked."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import Row
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.crediting import repository
from services.payment.crediting.decision import PaidNotice, Quarantine, quarantine_of
from services.payment.crediting.service import Outcome, credit
from services.payment.refunds.service import RefundNotice, settle
from services.payment.resources import CREDITING, PaymentResources
from shared.contracts.event import Trace
from shared.domain.clock import business_date_of
from shared.messaging.bus.errors import error_summary, is_transient
from shared.service import Running

AT_ONCE = 500
_NOTICES = Counter("canbao_notices", "Stored notices by what became of them", ["state", "reason"])
log = structlog.get_logger(__name__)


async def work_notices(running: Running) -> int:
    """Work one batch of stored notices; returns how many."""
    try:
        return await _work(running, partial(repository.claim, limit=AT_ONCE))
    except Exception as failure:
        if not _is_about_a_notice(failure):
            raise  # all of it again, later
        log.warning("a batch of notices failed, working them one by one", error=type(failure).__name__)
        return await _work_one_by_one(running)


async def _work_one_by_one(running: Running) -> int:
    async with running.database.transaction(running.settings.region) as session:
        waiting = await repository.waiting(session, AT_ONCE)
    done = 0
    for notice_id in waiting:
        try:
            done += await _work(running, partial(repository.claim_one, notice_id=notice_id))
        except Exception as failure:
            if not _is_about_a_notice(failure):
                raise
            done += await _set_aside(running, notice_id, failure)
    return done


def _is_about_a_notice(failure: Exception) -> bool:
    """Whether working others can succeed: not while the database is away, nor while its tables are not as expected."""
    return not (is_transient(failure) or isinstance(failure, ProgrammingError))


async def look_again_at_parked(running: Running) -> int:
    """Look again at refund notices whose payment was being booked at the moment when they were parked."""
    async with running.database.transaction(running.settings.region) as session:
        unparked = await repository.unpark_booked(session)
    if unparked:
        running.wake(CREDITING)
    return unparked


async def _work(running: Running, claim: Callable[[AsyncSession], Awaitable[Sequence[Row[Any]]]]) -> int:
    resources: PaymentResources = running.resources
    async with running.database.transaction(running.settings.region) as session:
        rows = await claim(session)
        if not rows:
            return 0
        outcomes = await work(session, rows, resources)
        await repository.conclude(session, outcomes)
    for state, reason in outcomes.values():
        _NOTICES.labels(state, reason or "").inc()
    return len(rows)


async def work(session: AsyncSession, rows: Sequence[Row[Any]], resources: PaymentResources) -> dict[UUID, Outcome]:
    """Say of each stored notice what becomes of it, and do it."""
    outcomes: dict[UUID, Outcome] = {}
    payments: list[PaidNotice] = []
    refunds: list[RefundNotice] = []
    for row in rows:
        merchant = resources.merchants.get(row.mchid)
        if row.kind == "OTHER":
            outcomes[row.id] = ("IGNORED", None)
        elif merchant is None:
            outcomes[row.id] = ("QUARANTINED", Quarantine.UNKNOWN_MERCHANT.value)
        elif row.kind == "UNREADABLE":
            outcomes[row.id] = ("QUARANTINED", Quarantine.UNREADABLE.value)
        elif row.kind == "REFUND":
            refunds.append(_refund_notice(row))
        elif row.outcome != "SUCCESS":
            outcomes[row.id] = ("IGNORED", row.outcome)
        else:
            notice = _paid_notice(row)
            foreign = quarantine_of(notice, merchant.appid)
            if foreign is not None:
                outcomes[row.id] = ("QUARANTINED", foreign.value)
            else:
                payments.append(notice)
    return outcomes | await credit(session, payments) | await settle(session, refunds)


async def _set_aside(running: Running, notice_id: UUID, failure: Exception) -> int:
    """One notice that cannot be worked must not hold up the rest: it waits in quarantine for a person."""
    log.error("a notice cannot be worked", error=error_summary(failure))
    async with running.database.transaction(running.settings.region) as session:
        rows = await repository.claim_one(session, notice_id)
        reason = Quarantine.UNPROCESSABLE.value
        await repository.conclude(session, {row.id: ("QUARANTINED", reason) for row in rows})
    return len(rows)


def _paid_notice(row: Row[Any]) -> PaidNotice:
    return PaidNotice(
        id=row.id,
        channel=row.channel,
        mchid=row.mchid,
        payee_mchid=row.payee_mchid,
        payee_appid=row.payee_appid,
        order_no=row.order_no,
        transaction_id=row.transaction_id,
        amount_fen=row.amount_fen,
        currency=row.currency,
        succeeded_at=row.succeeded_at,
        paid_on=business_date_of(row.succeeded_at),
        region=row.region,
        trace=Trace(row.actor, row.correlation_id),
    )


def _refund_notice(row: Row[Any]) -> RefundNotice:
    return RefundNotice(
        id=row.id,
        mchid=row.mchid,
        payee_mchid=row.payee_mchid,
        refund_no=row.refund_no,
        transaction_id=row.transaction_id,
        status=row.outcome,
        amount_fen=row.amount_fen,
        succeeded_at=row.succeeded_at,
    )
