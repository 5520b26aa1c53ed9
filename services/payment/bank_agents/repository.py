"""What an institution may learn of one person, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills.models import rows_of
from shared.contracts.subsidy import ScheduleRow


@dataclass(frozen=True, slots=True)
class AgentBill:
    """A bill in force of the person asked about."""

    benefit_year: int
    state: str
    rows: tuple[ScheduleRow, ...]


@dataclass(frozen=True, slots=True)
class AgentPerson:
    """A person as their region knows them, their newest name by token, and the day of business."""

    registered: bool
    name_token: str | None
    business_date: date | None
    bills: Sequence[AgentBill]


# One look into each index. An ended enrolment's bill may stand beside another one's of the year: the newer counts.
_ASK = text(
    """
    SELECT known.registered, known.name_token, today.business_date, b.benefit_year, b.state, b.schedule::text
    FROM (SELECT 1) AS one
    LEFT JOIN LATERAL (
        SELECT true AS registered, name_token FROM person_name
        WHERE person_token = :person ORDER BY person_token, enrolment_id DESC LIMIT 1
    ) AS known ON true
    LEFT JOIN business_date AS today ON true
    LEFT JOIN LATERAL (
        SELECT benefit_year, state, schedule FROM bill
        WHERE person_token = :person AND superseded_because IS NULL ORDER BY id DESC LIMIT 8
    ) AS b ON true
    """
)


async def ask(session: AsyncSession, person_token: str) -> AgentPerson:
    """What is known of a person in the transaction's region."""
    rows = (await session.execute(_ASK, {"person": person_token})).all()
    bills: dict[int, AgentBill] = {}
    for row in rows:
        if row.benefit_year is not None:
            bills.setdefault(row.benefit_year, AgentBill(row.benefit_year, row.state, rows_of(row.schedule)))
    first = rows[0]
    return AgentPerson(
        bool(first.registered) or bool(bills),
        first.name_token,
        first.business_date,
        [bills[year] for year in sorted(bills)],
    )
