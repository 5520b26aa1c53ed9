"""Facts carry their own dates, but none happens after today's business date."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.business_date import business_date
from shared.errors import DomainError, ErrorCode
from shared.service import ServiceContext


class DateInTheFuture(DomainError):
    """The day has not come yet: the date was mistyped."""

    code = ErrorCode.DATE_IN_THE_FUTURE


async def refuse_future(session: AsyncSession, context: ServiceContext[object], days: Iterable[date]) -> date:
    """Today's business date; raises ``DateInTheFuture`` where one of the days lies after it."""
    today = await business_date(session, context.clock)
    latest = max(days, default=today)
    if latest > today:
        raise DateInTheFuture(f"{latest} > {today}")
    return today
