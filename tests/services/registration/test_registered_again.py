"""A person who was registered in a window that a restoration lost is registered again under the id that others know."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registration import SERVICE
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.messaging.outbox.epochs import LostEvent, keep_lost
from shared.protection import name_token, person_token, person_token_key
from tests.harness.identity_numbers import a_number
from tests.harness.installation import COUNTY, Installation
from tests.services.registration.test_enrolments import EVERYTHING, a_person

_YEAR = 2024


async def lose(installation: Installation, sequence: int, year: int = _YEAR, named: str | None = None) -> UUID:
    """What canbao restore writes down of a registration that the database lost; the id that others know.

    ``named`` is the token of the name that the lost event said, if it said one.
    """
    enrolment_id = new_id()
    token = person_token(person_token_key(installation.settings), "RESIDENT_ID", a_number(sequence))
    lost = LostEvent(
        id=new_id(),
        event="registration.enrolment_registered.v1",
        key=enrolment_id,
        epoch=1,
        seq=1,
        region="411521101201",
        benefit_year=year,
        person_token=token,
        actor="clerk",
        recorded_at=datetime(2023, 10, 8, tzinfo=UTC),
        payload={
            "person_token": token,
            "registered_on": "2023-10-07",
            "facts": {"birth_date": "1990-01-01", "hukou": "non_local"},
            **({} if named is None else {"name_token": named}),
        },
    )
    database = Database(installation.settings.owner_url("registration"), pool_size=1)
    try:
        async with database.transaction(COUNTY) as session:
            await keep_lost(session, 2, [lost])
    finally:
        await database.dispose()
    return enrolment_id


@pytest.fixture
async def http(installation: Installation) -> Any:
    """A client of registration, with one town in the directory."""
    await installation.set_business_date(date(2023, 10, 9), "registration")
    async with installation.http_client(SERVICE, role="web") as client:
        client.headers.update(installation.caller(*EVERYTHING))
        towns = [{"code": "411521101", "name": "铁铺"}]
        assert (await client.post("/registration/v1/regions", json={"regions": towns})).status_code == 204
        yield client


async def test_a_person_registered_again_takes_the_id_that_others_know(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    """E1: a family's money is credited to the enrolment that registration has, and not to a ghost."""
    key = person_token_key(installation.settings)
    named = name_token(key, person_token(key, "RESIDENT_ID", a_number(1)), "张三")
    known = await lose(installation, 1, named=named)
    answer = await http.post("/registration/v1/enrolments", json=a_person(1))
    assert (answer.status_code, answer.json()["id"]) == (201, str(known))
    shown = await http.get(f"/registration/v1/enrolments/{known}")
    assert shown.json()["document_number"] == "411521********" + a_number(1)[-4:]
    rows = await installation.sql("registration", "SELECT settled_because FROM lost_event")
    assert [row["settled_because"] for row in rows] == ["REGISTERED_AGAIN"]
    events = await installation.sql("registration", "SELECT key, event FROM outbox")
    assert [tuple(row) for row in events] == [(known, "registration.enrolment_reaffirmed.v1")]
    standing = await installation.sql("registration", "SELECT registered_on, facts::text FROM enrolment")
    assert standing[0]["registered_on"] == date(2023, 10, 7)
    assert '"hukou": "non_local"' in standing[0]["facts"]


async def test_another_person_or_another_year_takes_an_id_of_its_own(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    """E1: the id belongs to one person in one year, and to one enrolment only."""
    known = await lose(installation, 1, year=2025)
    assert (await http.post("/registration/v1/enrolments", json=a_person(1))).json()["id"] != str(known)
    other = await lose(installation, 2)
    assert (await http.post("/registration/v1/enrolments", json=a_person(3))).json()["id"] != str(other)
    first = await http.post("/registration/v1/enrolments", json=a_person(2))
    assert first.json()["id"] == str(other)
    again = await http.post("/registration/v1/enrolments", json=a_person(2))
    assert again.json()["code"] == "ALREADY_ENROLLED"
