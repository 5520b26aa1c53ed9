"""The installation's business date: advanced by an operator, announced to every service."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.calendar import repository
from shared.contracts.event import Trace
from shared.contracts.registration import BusinessDateAdvanced
from shared.database.business_date import advance_business_date
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish
from shared.settings import Settings


class BusinessDateGoesBack(DomainError):
    """The business date only moves forward."""

    code = ErrorCode.BUSINESS_DATE_GOES_BACK


async def advance(session: AsyncSession, settings: Settings, day: date, trace: Trace) -> None:
    """Move the business date forward and announce it; the same day again changes nothing.

    Until an operator states a first date it is today's, and the first may lie in the past: a season is rehearsed.
    Raises ``BusinessDateGoesBack``.
    """
    stated = await repository.lock_stated(session)
    if stated is not None and day < stated:
        raise BusinessDateGoesBack(f"{stated} → {day}", pointer="/date")
    if stated == day:
        return
    await advance_business_date(session, day)
    fact = BusinessDateAdvanced(region=settings.region, installation_id=settings.installation_id, business_date=day)
    await publish(session, [(fact, trace)])
