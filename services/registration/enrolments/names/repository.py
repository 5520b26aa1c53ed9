"""Enrolments whose name has no token yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, update_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class UntokenedName:
    """An enrolled person whose name rests encrypted and has no token."""

    id: UUID
    region: str
    benefit_year: int
    person_token: str
    person_name: bytes
    actor: str
    correlation_id: UUID

    @property
    def trace(self) -> Trace:
        """The chain of the registration."""
        return Trace(actor=self.actor, correlation_id=self.correlation_id)


@dataclass(frozen=True, slots=True)
class TokenedName:
    """The token of an enrolled person's name."""

    id: UUID
    name_token: str


_UNTOKENED = select_into(
    UntokenedName,
    """
    SELECT {fields} FROM enrolment WHERE name_token IS NULL ORDER BY id LIMIT :most
    FOR NO KEY UPDATE SKIP LOCKED
    """,
)
_TOKENED = ColumnMap[TokenedName]({"id": "uuid", "name_token": "text"})
_RECORD = update_rows("enrolment", _TOKENED, key="id", where="enrolment.name_token IS NULL")


async def lock_untokened(session: AsyncSession, most: int) -> list[UntokenedName]:
    """The first of them by id, held until the transaction ends; those that somebody else holds are left to them."""
    return await fetch_all(session, _UNTOKENED, UntokenedName, {"most": most})


async def record(session: AsyncSession, tokened: Sequence[TokenedName]) -> None:
    """Store the tokens of locked enrolments."""
    if tokened:
        await session.execute(_RECORD, _TOKENED.arrays(tokened))
