"""Named queries on numbers that look alike. The migration lists them; nothing else adds to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A stored number that looks like one stored before it, and the approval that resolved it."""

    id: UUID
    kind: str
    document_id: str
    number: str
    beside_id: str
    beside_number: str
    region: str
    resolved_by: UUID | None
    new_number: str | None


_OPEN = select_into(
    LookAlike,
    """
    SELECT {fields} FROM document_look_alike
    WHERE resolved_by IS NULL AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit
    """,
)
_LOCK = select_into(LookAlike, "SELECT {fields} FROM document_look_alike WHERE id = :id FOR UPDATE")
_RESOLVE = text("UPDATE document_look_alike SET resolved_by = :approval, new_number = :new_number WHERE id = :id")


async def unresolved(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[LookAlike]:
    """A page of those that nobody resolved."""
    return await fetch_all(session, _OPEN, LookAlike, {"after": after, "limit": limit})


async def lock(session: AsyncSession, look_alike_id: UUID) -> LookAlike | None:
    """One of them, held until the transaction ends."""
    return await fetch_one(session, _LOCK, LookAlike, {"id": look_alike_id})


async def resolve(session: AsyncSession, look_alike_id: UUID, approval_id: UUID, new_number: str | None) -> None:
    """Note the approval that resolved one, locked before, and the number that its document has from now on."""
    await session.execute(_RESOLVE, {"id": look_alike_id, "approval": approval_id, "new_number": new_number})
