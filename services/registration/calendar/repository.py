"""The stated business date in SQL."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('canbao.business_date'))")
_STATED = text("SELECT business_date FROM business_date")


async def lock_stated(session: AsyncSession) -> date | None:
    """The date that an operator stated last, if any; until this transaction is over nobody else states one."""
    await session.execute(_LOCK)
    stated: date | None = (await session.execute(_STATED)).scalar_one_or_none()
    return stated
