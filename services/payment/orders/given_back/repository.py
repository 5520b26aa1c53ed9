"""Reading what is missing of paid contributions."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a channel gave back of an enrolment's contribution, and nobody paid again or decided about."""

    enrolment_id: UUID
    amount_fen: int


_OPEN = select_into(
    GivenBack,
    """
    SELECT {fields} FROM unasked_refund u JOIN settlement_difference d ON d.unasked_id = u.id
    WHERE u.enrolment_id = ANY(CAST(:enrolments AS uuid[])) AND u.recovered_by IS NULL AND d.state = 'OPEN'
    GROUP BY u.enrolment_id ORDER BY u.enrolment_id
    """,
    enrolment_id="u.enrolment_id",
    amount_fen="sum(u.amount_fen)::bigint",
)


async def missing(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What is missing of these enrolments' contributions, in fen; who is not there misses nothing."""
    if not enrolment_ids:
        return {}
    found = await fetch_all(session, _OPEN, GivenBack, {"enrolments": sorted(enrolment_ids)})
    return {each.enrolment_id: each.amount_fen for each in found}
