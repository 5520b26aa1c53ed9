"""The day that the county lives through: set by the season, read by the peers that date what they do."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random

BEIJING = timezone(timedelta(hours=8))


@dataclass(slots=True)
class SeasonDay:
    """The current business date of everybody in the simulation."""

    today: date

    def moment(self, key: str) -> str:
        """A time of day between nine and five, always the same for the same key, in RFC 3339."""
        second = Random(f"{self.today}:{key}").randrange(9 * 3600, 17 * 3600)
        return self.at(second)

    def at(self, second: int) -> str:
        """That second of the day in RFC 3339."""
        start = datetime(self.today.year, self.today.month, self.today.day, tzinfo=BEIJING)
        return (start + timedelta(seconds=second)).isoformat()
