"""Reading progress over HTTP."""

from typing import Any

import httpx
import pytest

from services.quota import SERVICE
from services.quota.progress import handlers
from services.registration import SERVICE as REGISTRATION
from shared.database.engine import Database
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.services.quota.enrolment_histories import Person
from tests.services.quota.targets_notice import TOTAL, annex, towns
from tests.services.registration.test_enrolments import a_person

PATH = "/quota/v1/progress"


async def the_county_counts(installation: Installation, persons: list[Person]) -> None:
    """Deliver what registration announced about these people."""
    database = Database(installation.settings.service_url("quota"), pool_size=1)
    steps: dict[int, Any] = {0: handlers.on_registered, 1: handlers.on_paid, 2: handlers.on_terminated}
    async with database.transaction(COUNTY) as session:
        for place, handle in steps.items():
            events = [person.received()[place] for person in persons if len(person.events()) > place]
            await handle(session, events, None)
    await database.dispose()


async def progress(http: httpx.AsyncClient, **parameters: Any) -> dict[str, Any]:
    answer = await http.get(PATH, params={"benefit_year": 2024} | parameters)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


class TestProgress:
    async def test_towns_and_county_are_sums_of_villages(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post("/quota/v1/targets", json=annex())
        persons = [Person("411521101201", paid=True), Person("411521101202"), Person("411521102201", paid=True)]
        persons.append(Person("411521102201", paid=True, terminated=True))
        await the_county_counts(installation, persons)
        found = await progress(http)
        assert [town["name"] for town in found["towns"][:3]] == ["铁铺", "丽水", "尤店"]
        assert found["towns"][0] == {
            "region": "411521101",
            "name": "铁铺",
            "target": 12035,
            "registered": 2,
            "enrolled": 1,
            "terminated": 0,
            "percent": "0.01",
            "remaining": 12034,
            "over": 0,
        }
        assert {key: found["county"][key] for key in ("registered", "enrolled", "terminated", "target")} == {
            "registered": 3,
            "enrolled": 2,
            "terminated": 1,
            "target": TOTAL,
        }
        assert found["notices"] == [{"region": "411521", "version": 1, "document": "罗政办〔2023〕52号", "note": ""}]

    async def test_a_township_goes_over_its_target(self, http: httpx.AsyncClient, installation: Installation) -> None:
        small = [{"region": "411521101", "name": "铁铺", "target": 2}]
        await http.post("/quota/v1/targets", json=annex(towns=small, declared_total=2, note="任务数按比例缩小"))
        await the_county_counts(installation, [Person("411521101201", paid=True) for _ in range(3)])
        found = await progress(http)
        (town,) = found["towns"]
        assert (town["percent"], town["remaining"], town["over"]) == ("150.00", 0, 1)
        assert found["notices"][0]["note"] == "任务数按比例缩小"

    async def test_people_outside_every_known_township_are_named_and_not_dropped(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post("/quota/v1/targets", json=annex())
        await the_county_counts(
            installation, [Person("411521999201", paid=True), Person("411521999201"), Person("411521101201")]
        )
        found = await progress(http)
        assert found["unattributed"] == {
            "registered": 2,
            "enrolled": 1,
            "terminated": 0,
            "villages": [{"region": "411521999201", "registered": 2, "enrolled": 1, "terminated": 0}],
        }
        in_towns = sum(town["registered"] for town in found["towns"])
        assert in_towns + found["unattributed"]["registered"] == found["county"]["registered"] == 3

    async def test_an_amended_target_is_the_one_in_force(self, http: httpx.AsyncClient) -> None:
        await http.post("/quota/v1/targets", json=annex())
        amended = towns()
        amended[0]["target"] = 0
        await http.post("/quota/v1/targets", json=annex(towns=amended, declared_total=TOTAL - 12035))
        found = await progress(http)
        assert (found["towns"][0]["target"], found["towns"][0]["percent"]) == (0, None)
        assert (found["county"]["target"], found["notices"][0]["version"]) == (TOTAL - 12035, 2)

    async def test_before_any_target_the_county_is_still_counted(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await the_county_counts(installation, [Person("411521101201", paid=True)])
        found = await progress(http)
        assert (found["towns"], found["county"]["percent"], found["county"]["enrolled"]) == ([], None, 1)
        assert found["unattributed"]["registered"] == 1

    async def test_another_year_starts_from_nothing(self, http: httpx.AsyncClient, installation: Installation) -> None:
        await the_county_counts(installation, [Person("411521101201")])
        assert (await progress(http, benefit_year=2025))["county"]["registered"] == 0


class TestRegions:
    async def test_a_township_sees_its_own_line_only(self, http: httpx.AsyncClient, installation: Installation) -> None:
        await http.post("/quota/v1/targets", json=annex())
        await the_county_counts(installation, [Person("411521101201"), Person("411521102201")])
        http.headers.update(installation.caller("quota:read", region="411521102"))
        found = await progress(http)
        assert [(town["name"], town["registered"]) for town in found["towns"]] == [("丽水", 1)]
        assert (found["county"]["registered"], found["county"]["target"]) == (1, 18681)
        assert found["unattributed"]["registered"] == 0

    async def test_another_county_sees_nothing(self, http: httpx.AsyncClient, installation: Installation) -> None:
        await http.post("/quota/v1/targets", json=annex())
        await the_county_counts(installation, [Person("411521101201")])
        http.headers.update(installation.caller("quota:read", region="411522"))
        found = await progress(http)
        assert (found["towns"], found["notices"], found["county"]["registered"]) == ([], [], 0)

    @pytest.mark.parametrize("year", ["", "abc", "20240", "-1"])
    async def test_a_year_that_is_none_is_refused(self, http: httpx.AsyncClient, year: str) -> None:
        assert (await http.get(PATH, params={"benefit_year": year})).status_code == 422


async def test_what_registration_announces_is_counted_while_quota_runs(installation: Installation) -> None:
    """Through the outbox and the bus, as in production."""
    scopes = ("registration:read", "registration:write", "registration:operate", "quota:read", "quota:write")
    async with installation.http_client(REGISTRATION, SERVICE) as client:
        client.headers.update(installation.caller(*scopes))
        await client.post("/quota/v1/targets", json=annex())
        regions = [{"code": "411521101", "name": "铁铺"}]
        assert (await client.post("/registration/v1/regions", json={"regions": regions})).status_code == 204
        for sequence in range(1, 6):
            answer = await client.post("/registration/v1/enrolments", json=a_person(sequence))
            assert answer.status_code == 201, answer.text

        async def counted() -> bool:
            return bool((await progress(client))["county"]["registered"] == 5)

        await eventually(counted, within_s=20, message="five people are counted")
