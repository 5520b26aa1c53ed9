"""Rosters that a restoration has lost, or their withdrawal: found by the assessments that were made by them."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all
from tools.restore.tasks import Task


class _Mismatch(NamedTuple):
    recorded_at: datetime
    region: str
    benefit_year: int
    enrolment_id: str
    identity: str
    counted: bool
    actor: str


# Of those whose assessment was taken up again: identities that the last one counts and no roster certifies, and those
# that a roster certifies and it did not count. Ages are known from the date of birth.
_MISMATCHES = text(
    """
    WITH taken AS (SELECT DISTINCT key FROM lost_event WHERE event = 'subsidy.contribution_assessed.v1'),
    newest AS (
        SELECT a.* FROM taken JOIN enrolment e ON e.id = taken.key AND e.terminated_on IS NULL
        JOIN assessment a ON a.enrolment_id = e.id AND a.version = e.version
    ), counted AS (
        SELECT newest.enrolment_id, identity FROM newest, jsonb_array_elements_text(newest.identities) AS identity
        WHERE identity NOT IN ('AGE_60_69', 'AGE_70_PLUS')
    ), held AS (
        SELECT DISTINCT newest.enrolment_id, line.identity FROM newest
        JOIN roster_line AS line ON line.person_token = newest.person_token
         AND line.certified_on <= newest.assessed_on
         AND (line.withdrawn_on IS NULL OR line.withdrawn_on > newest.assessed_on)
    )
    SELECT newest.recorded_at, newest.region, newest.benefit_year, newest.enrolment_id::text, identity,
           counted.identity IS NOT NULL AS counted, newest.actor
    FROM counted FULL JOIN held USING (enrolment_id, identity) JOIN newest USING (enrolment_id)
    WHERE counted.identity IS NULL OR held.identity IS NULL
    ORDER BY newest.recorded_at, newest.enrolment_id, identity
    """
)
_ENTER = ("重新录入资助名册", "enter the roster again that certified it")
_WITHDRAW = ("重新录入名册撤销", "enter the withdrawal from the roster again")


async def roster_tasks(session: AsyncSession) -> list[Task]:
    """One task for each person and identity of which roster and last assessment do not agree."""
    return [
        Task(
            one.recorded_at,
            one.region,
            one.benefit_year,
            f"{one.enrolment_id} {one.identity}",
            *(_ENTER if one.counted else _WITHDRAW),
            one.actor,
        )
        for one in await fetch_all(session, _MISMATCHES, _Mismatch)
    ]
