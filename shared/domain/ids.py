"""Identifiers that sort by the time they were made (UUID version 7)."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Make a new identifier."""
    return uuid7()
