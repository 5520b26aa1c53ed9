"""The business clock that is passed in; the one place that asks the machine what time it is."""

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Gives the time as an aware instant in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The machine's present instant, in UTC."""
        return datetime.now(UTC)


def business_date_of(instant: datetime) -> date:
    """The calendar date in Asia/Shanghai of an aware instant; a naive one is refused."""
    if instant.tzinfo is None:
        raise ValueError("a business date needs an instant with a time zone")
    return instant.astimezone(SHANGHAI).date()
