"""A clock that stands still."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Gives one instant for ever, in UTC."""

    instant: datetime

    def now(self) -> datetime:
        """The instant at which this clock stands, in UTC."""
        return self.instant.astimezone(UTC)
