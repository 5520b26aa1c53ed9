"""Reading and marking what a channel gave back unasked and a new payment makes good."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class MissingRefund:
    """A refund that nobody asked for, and the part of a payment that it gave back.

    ``leaves`` where that part is not on its way to the treasury and, given back as a whole, needs not go there: then
    what makes it good goes in its place. ``line_id`` is that part.
    """

    id: UUID
    line_id: UUID
    enrolment_id: UUID
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    leaves: bool

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


# The part is held too: a batch that counts it meanwhile says whether it is on its way.
_LOCK_MISSING = select_into(
    MissingRefund,
    """
    SELECT {fields}
    FROM unasked_refund u JOIN settlement_difference d ON d.unasked_id = u.id
    JOIN payment_line l ON l.id = u.payment_line_id
    WHERE u.enrolment_id = ANY(CAST(:enrolments AS uuid[])) AND u.recovered_by IS NULL AND d.state = 'OPEN'
    ORDER BY u.id FOR UPDATE OF u, d, l
    """,
    id="u.id",
    line_id="l.id",
    enrolment_id="u.enrolment_id",
    **{name: f"l.{name}" for name in ("person_token", "benefit_year")},
    region="u.region",
    amount_fen="u.amount_fen",
    leaves="coalesce(l.premium, l.state = 'CREDITED') AND l.settled_on IS NULL AND u.amount_fen = l.amount_fen",
)
_RECOVER = text("UPDATE unasked_refund SET recovered_by = :suspense_id WHERE id = ANY(CAST(:ids AS uuid[]))")


async def lock_missing(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> list[MissingRefund]:
    """What was given back of these enrolments' contributions and is open, held until the transaction ends."""
    return await fetch_all(session, _LOCK_MISSING, MissingRefund, {"enrolments": sorted(set(enrolment_ids))})


async def recover(session: AsyncSession, refund_ids: Sequence[UUID], suspense_id: UUID) -> None:
    """Note that suspended money makes locked refunds good."""
    await session.execute(_RECOVER, {"ids": sorted(refund_ids), "suspense_id": suspense_id})
