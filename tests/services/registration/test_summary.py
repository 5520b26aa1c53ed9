"""What registration reports of a year: people by day of enrolment, and lists of those in one state."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx

from services.registration.enrolments.service import record_assessments
from shared.database.engine import Database
from tests.harness.installation import COUNTY, Installation
from tests.services.registration.test_enrolments import a_person, http
from tests.services.registration.test_rejected import assessed

__all__ = ["http"]


async def registered(http: httpx.AsyncClient, sequence: int) -> UUID:
    answer = await http.post("/registration/v1/enrolments", json=a_person(sequence))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def pay(installation: Installation, enrolment: UUID, day: date, year: int) -> None:
    """Record a payment; the events that lead there are other tests' matter."""
    await installation.sql(
        "registration",
        f"""
        UPDATE enrolment SET state = 'WAITING', benefit_year = {year}, paid_basis = 'PAYMENT', paid_on = '{day}',
            paid_fen = 38000, due_fen = 38000, aided_fen = 0, benefit_start = '{year}-01-01',
            benefit_end = '{year}-12-31'
        WHERE id = '{enrolment}' RETURNING id
        """,
    )
    await count_again(installation)


async def count_again(installation: Installation) -> None:
    """Count what was not written by the service."""
    await installation.sql("registration", "TRUNCATE enrolment_count, enrolment_count_delta")
    await installation.sql(
        "registration",
        "INSERT INTO enrolment_count (region, benefit_year, state, paid_on, people)"
        " SELECT region, benefit_year, state, paid_on, count(*) FROM enrolment GROUP BY 1, 2, 3, 4",
    )


async def summary(http: httpx.AsyncClient) -> Mapping[str, Any]:
    answer = await http.get("/registration/v1/summary?benefit_year=2024")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestEnrolledByDay:
    async def test_people_are_counted_on_the_day_of_payment_and_two_years_stand_side_by_side(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        first, second, third, before, _ = [await registered(http, sequence) for sequence in range(1, 6)]
        for enrolment, day in ((first, date(2023, 10, 2)), (second, date(2023, 10, 2)), (third, date(2023, 10, 9))):
            await pay(installation, enrolment, day, 2024)
        await pay(installation, before, date(2022, 11, 30), 2023)
        found = await summary(http)
        assert found["enrolled_by_day"] == [
            {"day": "2023-10-02", "enrolled": 2},
            {"day": "2023-10-09", "enrolled": 1},
        ]
        assert found["enrolled_by_day_year_before"] == [{"day": "2022-11-30", "enrolled": 1}]
        assert sum(town["enrolled"] for town in found["towns"]) == 3


class TestList:
    async def test_people_in_one_state_are_listed_masked_with_the_reason_page_by_page(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        enrolments = [await registered(http, sequence) for sequence in range(1, 5)]
        database = Database(installation.settings.service_url("registration"), pool_size=1)
        async with database.transaction(COUNTY) as session:
            await record_assessments(session, [assessed(each, 1, "HELD") for each in enrolments[:3]])
        await database.dispose()

        asked = "/registration/v1/enrolments?benefit_year=2024&state=HELD&limit=2"
        page = (await http.get(asked)).json()
        rest = (await http.get(f"{asked}&after={page['next']}")).json()
        assert [UUID(each["id"]) for each in page["items"] + rest["items"]] == sorted(enrolments[:3])
        assert rest["next"] is None
        assert {each["reason_code"] for each in page["items"] + rest["items"]} == {"NOT_IN_SCOPE"}
        assert all("****" in each["document_number"] for each in page["items"] + rest["items"])
        assert (await http.get("/registration/v1/enrolments?benefit_year=2023&state=HELD")).json()["items"] == []
