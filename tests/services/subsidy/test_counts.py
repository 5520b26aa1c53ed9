"""F: the running counts of prices and roster lines are a recount at every moment, folded or not."""

from services.subsidy.counts import repository
from shared.database.engine import Database
from shared.database.running_counts import fold
from tests.harness.installation import COUNTY, Installation
from tests.services.subsidy.residents import CountyClient, number, roster

STANDING = f"""
    SELECT region, benefit_year, pricing_id, row_no, paid, sum(people)::bigint AS people
    FROM ({repository.PEOPLE.standing}) AS each
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(people) <> 0 ORDER BY 1, 2, 3, 4, 5
"""
RECOUNTED = """
    SELECT region, benefit_year, pricing_id, row_no, paid_on IS NOT NULL AS paid, count(*) AS people
    FROM enrolment WHERE terminated_on IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


async def exact(county: Installation) -> bool:
    return bool(await county.sql("subsidy", STANDING) == await county.sql("subsidy", RECOUNTED))


async def test_people_are_counted_by_the_price_that_they_have(client: CountyClient, county: Installation) -> None:
    """Subsidy's summary read every enrolment of the year and every roster line at each look."""
    database = Database(county.settings.service_url("subsidy"), pool_size=1)
    uploaded = await client.upload(roster("DIBAO", 1))
    first, second = await client.register(1), await client.register(2)
    for enrolment in (first, second):
        await client.assessed(enrolment)
    assert await exact(county)
    async with database.transaction(COUNTY) as session:
        for folding in (repository.PEOPLE.folding(), repository.LINES.folding()):
            await fold(session, folding)  # the service's own job may have come before
    before = await client.summary()
    assert (before["outcomes"], before["roster_lines"]) == ({"PRICED": 2}, {"DIBAO": 1})

    await client.upload(roster("MILD_DISABLED", 2))
    body = {"document_number": number(1), "withdrawn_on": "2023-10-09", "reason": "复核不符"}
    answer = await client.http.post(f"/subsidy/v1/rosters/{uploaded['id']}/withdrawals", json=body)
    assert answer.status_code == 200
    for enrolment in (first, second):
        await client.assessed(enrolment, version=2)
    after = await client.summary()
    assert (after["outcomes"], after["roster_lines"]) == ({"PRICED": 2}, {"MILD_DISABLED": 1})
    assert await exact(county)
    await database.dispose()
