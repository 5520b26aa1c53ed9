"""Identifiers that sort by the time they were made (UUID version 7)."""

from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

_BY_TIME = 7


def new_id() -> UUID:
    """Make a new identifier."""
    return uuid7()


def first_id_of(moment: datetime) -> UUID:
    """What no identifier that is made from a moment on sorts before."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def age_of(identifier: UUID, now: datetime) -> timedelta | None:
    """How long ago an identifier says that it was made, negative for a day to come; None for one of another kind."""
    if identifier.version != _BY_TIME:
        return None
    return timedelta(milliseconds=int(now.timestamp() * 1000) - (identifier.int >> 80))
