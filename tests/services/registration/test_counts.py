"""The running counts of enrolments: exact at every moment, before and after they are folded."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.registration.enrolments.counts import repository
from services.registration.enrolments.service import activate, record_assessments
from shared.database import running_counts
from shared.database.engine import Database
from tests.harness.installation import COUNTY, Installation
from tests.services.registration.test_enrolments import http
from tests.services.registration.test_rejected import assessed
from tests.services.registration.test_summary import registered
from tests.services.registration.test_summary import summary as whole_summary

__all__ = ["http"]

STANDING = f"""
    SELECT region, benefit_year, state, reason_code, paid_on, sum(people)::bigint AS people
    FROM ({repository.COUNTS.standing}) AS each GROUP BY 1, 2, 3, 4, 5 HAVING sum(people) <> 0 ORDER BY 1, 2, 3, 4, 5
"""
RECOUNTED = """
    SELECT region, benefit_year, state, CASE WHEN state = 'REJECTED' THEN reason_code END AS reason_code, paid_on,
           count(*) AS people
    FROM enrolment GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


async def summary(http: httpx.AsyncClient) -> dict[str, Any]:
    """The figures of enrolments in it."""
    return {name: figures for name, figures in (await whole_summary(http)).items() if name != "messages"}


async def folded(database: Database, most: int = running_counts.FOLDED_AT_ONCE) -> int:
    async with database.transaction(COUNTY) as session:
        return await running_counts.fold(session, repository.COUNTS.folding(), most)


async def exact(installation: Installation) -> bool:
    standing = await installation.sql("registration", STANDING)
    return bool(standing == await installation.sql("registration", RECOUNTED))


async def test_a_summary_is_the_same_before_and_after_its_counts_are_folded(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    """F: registration's summary read every enrolment of the year at each look."""
    enrolments = [await registered(http, sequence) for sequence in range(1, 5)]
    before = await summary(http)
    assert before["states"] == {"REGISTERED": 4}
    database = Database(installation.settings.service_url("registration"), pool_size=4)
    assert await exact(installation)
    assert sum([await folded(database, most=1) for _ in range(5)]) == 4
    assert await summary(http) == before

    async with database.transaction(COUNTY) as session:
        await record_assessments(session, [assessed(each, 1, "PRICED") for each in enrolments[:2]])
        await record_assessments(session, [assessed(enrolments[2], 1, "REJECTED")])
    after = await summary(http)
    assert after["states"] == {"REGISTERED": 1, "PRICED": 2, "REJECTED": 1}
    assert await exact(installation)
    assert sum(await asyncio.gather(*(folded(database) for _ in range(4)))) == 4
    assert await summary(http) == after
    assert await installation.sql("registration", "SELECT FROM enrolment_count_delta") == []
    assert await installation.sql("registration", "SELECT FROM enrolment_count WHERE people <= 0") == []
    await database.dispose()


async def test_a_change_that_is_undone_or_moves_nobody_leaves_no_count(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    enrolment: UUID = await registered(http, 1)
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    assert await folded(database) == 1
    async with database.transaction(COUNTY) as session:
        await record_assessments(session, [assessed(enrolment, 1, "PRICED")])
        await session.rollback()
    assert await installation.sql("registration", "SELECT FROM enrolment_count_delta") == []
    async with database.transaction(COUNTY) as session:
        await record_assessments(session, [assessed(enrolment, 1, "PRICED")])
        await record_assessments(session, [assessed(enrolment, 2, "PRICED")])
    deltas = await installation.sql("registration", "SELECT state, people FROM enrolment_count_delta ORDER BY state")
    assert [tuple(each) for each in deltas] == [("PRICED", 1), ("REGISTERED", -1)]
    await database.dispose()


async def test_whom_a_day_moves_is_counted(http: httpx.AsyncClient, installation: Installation) -> None:
    """Cover begins in a statement of its own."""
    enrolments = [await registered(http, sequence) for sequence in (1, 2, 3)]
    await installation.sql(
        "registration",
        "UPDATE enrolment SET state = 'WAITING', paid_basis = 'CONTRIBUTION', paid_on = '2023-10-09', paid_fen = 38000,"
        f" due_fen = 38000, aided_fen = 0, benefit_start = '2024-01-01', benefit_end = '2024-12-31'"
        f" WHERE id <> '{enrolments[0]}'",
    )
    await installation.sql(
        "registration",
        "WITH gone AS (DELETE FROM enrolment_count_delta) INSERT INTO enrolment_count (region, benefit_year, state,"
        " paid_on, people) SELECT region, benefit_year, state, paid_on, count(*) FROM enrolment GROUP BY 1, 2, 3, 4",
    )
    database = Database(installation.settings.service_url("registration"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        assert await activate(session, date(2024, 1, 1), 10) == 2
    await database.dispose()
    assert (await summary(http))["states"] == {"ACTIVE": 2, "REGISTERED": 1}
    assert await exact(installation)
