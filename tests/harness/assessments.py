"""Assessments as subsidy announces them, and the books that payment keeps of what they make due."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from shared.contracts.event import Received, Trace
from shared.contracts.subsidy import BenefitRule, ContributionAssessed, ScheduleRow, Share
from shared.domain.ids import new_id
from tests.harness.installation import Installation

VILLAGE = "411521101201"
DUE_FEN = 38_000
ASSESSED_ON = date(2023, 10, 8)

_BALANCES = """
    SELECT account, sum(fen)::bigint AS fen FROM (
        SELECT debit AS account, amount_fen AS fen FROM transfer
        UNION ALL SELECT credit, -amount_fen FROM transfer) AS side
    GROUP BY account HAVING sum(fen) <> 0 ORDER BY account
"""


def row(due_fen: int = DUE_FEN, *, until: date = date(2023, 12, 30), aid_fen: int = 0, **changes: Any) -> ScheduleRow:
    """A row of a schedule: due from October until a day, the rest of 380 yuan aided where asked."""
    shares = (Share(funder="medical_assistance_fund", amount_fen=aid_fen),) if aid_fen else ()
    fields: dict[str, Any] = {
        "pay_from": date(2023, 10, 1),
        "pay_until": until,
        "standard_fen": due_fen + aid_fen,
        "due_fen": due_fen,
        "shares": shares,
        "benefit": BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31)),
    }
    return ScheduleRow(**fields | changes)


def assessed(
    enrolment_id: UUID, *rows: ScheduleRow, version: int = 1, region: str = VILLAGE, outcome: str = "PRICED"
) -> Received[ContributionAssessed]:
    """The fact that an enrolment was assessed."""
    event = ContributionAssessed(
        region=region,
        benefit_year=2024,
        enrolment_id=enrolment_id,
        person_token=f"token-{enrolment_id.hex}",
        version=version,
        outcome=outcome,
        pack="luoshan-2024",
        schedule=(rows or (row(),)) if outcome == "PRICED" else (),
        assessed_on=ASSESSED_ON,
    )
    return Received(event, new_id(), version, "subsidy", datetime(2023, 10, 8, tzinfo=UTC), Trace.start("clerk-of-old"))


async def balances(installation: Installation) -> dict[str, int]:
    """The books: debits minus credits per account, accounts at nothing left out."""
    rows = await installation.sql("payment", _BALANCES)
    return {row["account"]: row["fen"] for row in rows}
