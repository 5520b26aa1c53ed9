"""The installation's business date: advanced by an operator, announced to every service."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.service import activate
from shared.contracts.event import Trace
from shared.contracts.registration import BusinessDateAdvanced
from shared.database.business_date import advance_business_date, business_date
from shared.domain.clock import Clock
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish
from shared.service import ServiceContext
from shared.settings import Settings

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('canbao.business_date'))")
_STATED = text("SELECT business_date FROM business_date")
_STEP = 500


class BusinessDateGoesBack(DomainError):
    """The business date only moves forward."""

    code = ErrorCode.BUSINESS_DATE_GOES_BACK


async def advance(session: AsyncSession, settings: Settings, day: date, trace: Trace) -> None:
    """Move the business date forward and announce it; the same day again changes nothing.

    Until an operator states a first date it is today's, and the first may lie in the past: a season is rehearsed.
    Raises ``BusinessDateGoesBack``.
    """
    await session.execute(_LOCK)
    stated: date | None = (await session.execute(_STATED)).scalar_one_or_none()
    if stated is not None and day < stated:
        raise BusinessDateGoesBack(f"{stated} → {day}", pointer="/date")
    if stated == day:
        return
    await advance_business_date(session, day)
    fact = BusinessDateAdvanced(region=settings.region, installation_id=settings.installation_id, business_date=day)
    await publish(session, [(fact, trace)])


async def daily_step(context: ServiceContext[object]) -> int:
    """One batch of the work that a new day brings: cover begins and ends."""
    async with context.database.transaction(context.settings.region) as session:
        return await activate(session, await _today(session, context.clock), _STEP)


async def _today(session: AsyncSession, clock: Clock) -> date:
    return await business_date(session, clock)
