"""Identifiers that sort by the time they were made (UUID version 7)."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

_BY_TIME = 7


def new_id() -> UUID:
    """Make a new identifier."""
    return uuid7()


def made_at(identifier: UUID) -> datetime | None:
    """When an identifier was made, to the millisecond; None for one of another kind."""
    if identifier.version != _BY_TIME:
        return None
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
