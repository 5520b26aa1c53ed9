"""The work queue of stored notices: a batch per transaction, split where one of them cannot be worked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.crediting.decision import Quarantine, is_another_merchants, quarantine_of
from services.payment.crediting.service import Outcome, credit
from services.payment.job_names import CREDITING
from services.payment.notices import repository
from services.payment.notices.notice import ChannelNotice, NoticeKind, PaymentNotice, RefundNotice
from services.payment.orders import repository as orders
from services.payment.orders.repository import OrderedWith
from services.payment.refunds.service import settle
from services.payment.resources import PaymentResources
from shared.messaging.bus.errors import error_summary, is_transient
from shared.messaging.outbox.publication import collected
from shared.service import Job, ServiceContext

AT_ONCE = 500
_NOTICES = Counter("canbao_notices", "Stored notices by what became of them", ["state", "reason"])
log = structlog.get_logger(__name__)


async def work_notices(context: ServiceContext[PaymentResources]) -> int:
    """Work one batch of stored notices; returns how many."""
    try:
        return await _work(context, partial(repository.claim, limit=AT_ONCE))
    except Exception as failure:
        if not _is_about_a_notice(failure):
            raise  # all of it again, later
        log.warning("a batch of notices failed, working them one by one", error=type(failure).__name__)
        return await _work_one_by_one(context)


async def _work_one_by_one(context: ServiceContext[PaymentResources]) -> int:
    async with context.database.transaction(context.settings.region) as session:
        waiting = await repository.waiting(session, AT_ONCE)
    done = 0
    for notice_id in waiting:
        try:
            done += await _work(context, partial(repository.claim_one, notice_id=notice_id))
        except Exception as failure:
            if not _is_about_a_notice(failure):
                raise
            done += await _quarantine(context, notice_id, failure)
    return done


def _is_about_a_notice(failure: Exception) -> bool:
    """Whether working others can succeed: not while the database is away, nor while its tables are not as expected."""
    return not (is_transient(failure) or isinstance(failure, ProgrammingError))


async def retry_parked(context: ServiceContext[object]) -> int:
    """Look again at refund notices whose payment was being booked at the moment when they were parked."""
    async with context.database.transaction(context.settings.region) as session:
        unparked = await repository.unpark_booked(session)
    if unparked:
        context.wake(CREDITING)
    return unparked


async def _work(
    context: ServiceContext[PaymentResources], claim: Callable[[AsyncSession], Awaitable[Sequence[ChannelNotice]]]
) -> int:
    async with context.database.transaction(context.settings.region) as session:
        notices = await claim(session)
        if not notices:
            return 0
        outcomes = await work(session, notices, context.resources)
        await repository.conclude(session, outcomes)
    for state, reason in outcomes.values():
        _NOTICES.labels(state, reason or "").inc()
    return len(notices)


async def work(
    session: AsyncSession, notices: Sequence[ChannelNotice], resources: PaymentResources
) -> dict[UUID, Outcome]:
    """Decide what becomes of each stored notice, and do it."""
    outcomes: dict[UUID, Outcome] = {}
    # Facts are judged by what was agreed when they were ordered: a setting changes, an order does not.
    ordered = await orders.appids(session, [each.order_no for each in notices if isinstance(each, PaymentNotice)])
    payments: list[PaymentNotice] = []
    refunds: list[RefundNotice] = []
    for notice in notices:
        if notice.kind is NoticeKind.OTHER:
            outcomes[notice.id] = ("IGNORED", None)
        elif isinstance(notice, RefundNotice) and is_another_merchants(notice):
            outcomes[notice.id] = ("QUARANTINED", Quarantine.OTHER_MERCHANT.value)
        elif isinstance(notice, RefundNotice):
            refunds.append(notice)
        elif not isinstance(notice, PaymentNotice):
            outcomes[notice.id] = ("QUARANTINED", Quarantine.UNREADABLE.value)
        elif notice.outcome != "SUCCESS":
            outcomes[notice.id] = ("IGNORED", notice.outcome)
        elif (appid := _appid(notice, ordered, resources)) is None:
            outcomes[notice.id] = ("QUARANTINED", Quarantine.UNKNOWN_MERCHANT.value)
        elif (foreign := quarantine_of(notice, appid)) is not None:
            outcomes[notice.id] = ("QUARANTINED", foreign.value)
        else:
            payments.append(notice)
    async with collected(session):
        return outcomes | await credit(session, payments) | await settle(session, refunds)


def _appid(notice: PaymentNotice, ordered: Mapping[str, OrderedWith], resources: PaymentResources) -> str | None:
    """The application that a payment has to be of: its order's, else that of the merchant in the settings."""
    order = ordered.get(notice.order_no)
    if order is not None and order.merchant_id == notice.merchant_id:
        return order.appid
    merchant = resources.accounts.by_name.get((notice.channel, notice.merchant_id))
    return merchant.appid if merchant is not None else None


async def _quarantine(context: ServiceContext[object], notice_id: UUID, failure: Exception) -> int:
    """One notice that cannot be worked must not hold up the rest: it waits in quarantine for a person."""
    async with context.database.transaction(context.settings.region) as session:
        claimed = await repository.claim_one(session, notice_id)
        reason = Quarantine.UNPROCESSABLE.value
        await repository.conclude(session, {notice.id: ("QUARANTINED", reason) for notice in claimed})
    for notice in claimed:
        log.error(
            "a notice cannot be worked",
            notice_id=str(notice.id),
            trace_id=str(notice.correlation_id),
            error=error_summary(failure),
        )
    return len(claimed)


JOBS = (
    Job(CREDITING, work_notices, interval_s=0.5),
    Job("parked refund notices", retry_parked, interval_s=60.0),
)
