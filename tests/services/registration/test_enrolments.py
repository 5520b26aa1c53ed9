"""Registering people over HTTP."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.registration import SERVICE
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation

EVERYTHING = ("registration:read", "registration:write", "registration:operate")


def a_person(sequence: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "document_number": a_number(sequence),
        "name": "张三",
        "birth_date": "1990-01-01",
        "region": "411521101201",
        "benefit_year": 2024,
    } | changes


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of registration, with two towns in the directory, on 2023-10-09."""
    await installation.set_business_date(date(2023, 10, 9), "registration")
    async with installation.http_client(SERVICE, role="web") as client:
        client.headers.update(installation.caller(*EVERYTHING))
        towns = [{"code": "411521101", "name": "铁铺"}, {"code": "411521102", "name": "丽水"}]
        assert (await client.post("/registration/v1/regions", json={"regions": towns})).status_code == 204
        yield client


class TestRegister:
    async def test_a_person_is_registered_on_the_business_date_and_shown_masked(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/registration/v1/enrolments", json=a_person())
        assert answer.status_code == 201
        body = answer.json()
        assert (body["state"], body["registered_on"]) == ("REGISTERED", "2023-10-09")
        assert body["document_number"] == "411521********" + a_number()[-4:]
        shown = (await http.get(f"/registration/v1/enrolments/{body['id']}")).json()
        assert shown["assessment"] is None
        assert shown["paid"] is None
        assert a_number() not in str(shown)
        assert "张三" not in str(shown)

    async def test_the_fact_is_announced_once_with_its_actor_and_no_number(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post("/registration/v1/enrolments", json=a_person())
        rows = await installation.sql("registration", "SELECT event, actor, region, payload::text FROM outbox")
        assert [(row["event"], row["actor"], row["region"]) for row in rows] == [
            ("registration.enrolment_registered.v1", "clerk", "411521101201")
        ]
        assert a_number() not in rows[0]["payload"]
        assert "张三" not in rows[0]["payload"]

    async def test_names_and_numbers_rest_encrypted(self, http: httpx.AsyncClient, installation: Installation) -> None:
        await http.post("/registration/v1/enrolments", json=a_person())
        (row,) = await installation.sql("registration", "SELECT e::text AS everything FROM enrolment e")
        assert a_number() not in row["everything"]
        assert a_number().encode().hex() not in row["everything"]
        assert "张三" not in row["everything"]
        assert "张三".encode().hex() not in row["everything"]

    async def test_an_old_number_of_fifteen_digits_is_the_same_person(self, http: httpx.AsyncClient) -> None:
        old = a_number()[:6] + a_number()[8:17]
        assert (await http.post("/registration/v1/enrolments", json=a_person(document_number=old))).status_code == 201
        again = await http.post("/registration/v1/enrolments", json=a_person())
        assert (again.status_code, again.json()["code"]) == (409, "ALREADY_ENROLLED")

    async def test_a_duplicate_from_another_region_is_refused_without_saying_where(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        await http.post("/registration/v1/enrolments", json=a_person())
        elsewhere = await http.post(
            "/registration/v1/enrolments",
            json=a_person(region="411521102201"),
            headers=installation.caller("registration:write", region="411521102"),
        )
        assert elsewhere.status_code == 409
        assert "411521101" not in elsewhere.text
        (row,) = await installation.sql("registration", "SELECT count(*) AS n FROM outbox")
        assert row["n"] == 1

    @pytest.mark.parametrize(
        ("changes", "code", "pointer"),
        [
            ({"document_number": a_number()[:-1] + "?"}, "INVALID_IDENTITY_NUMBER", "/document_number"),
            ({"document_number": "411521199013010019"}, "INVALID_IDENTITY_NUMBER", "/document_number"),
            ({"birth_date": "1990-01-02"}, "BIRTH_DATE_DIFFERS", "/birth_date"),
            (
                {"document_type": "PASSPORT", "document_number": "E12345678", "birth_date": "2023-10-10"},
                "BIRTH_DATE_IN_FUTURE",
                "/birth_date",
            ),
            ({"region": "411521199201"}, "UNKNOWN_REGION", "/region"),
            ({"region": "411521101"}, "MALFORMED_REQUEST", "/region"),
            ({"name": "张\n三"}, "MALFORMED_REQUEST", "/name"),
            ({"name": "  "}, "MALFORMED_REQUEST", "/name"),
            ({"state": "PAID"}, "MALFORMED_REQUEST", "/state"),
            ({"benefit_year": 1}, "MALFORMED_REQUEST", "/benefit_year"),
        ],
    )
    async def test_bad_input_gets_a_named_error_and_leaves_nothing(
        self, http: httpx.AsyncClient, installation: Installation, changes: dict[str, Any], code: str, pointer: str
    ) -> None:
        answer = await http.post("/registration/v1/enrolments", json=a_person(**changes))
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert (body["code"], body["errors"][0]["pointer"]) == (code, pointer)
        assert all(body[name] for name in ("title", "title_en", "remedy", "remedy_en"))
        (row,) = await installation.sql(
            "registration", "SELECT (SELECT count(*) FROM enrolment) + (SELECT count(*) FROM outbox) AS n"
        )
        assert row["n"] == 0


class TestWhoSeesWhat:
    async def test_another_region_finds_nothing(self, http: httpx.AsyncClient, installation: Installation) -> None:
        known = (await http.post("/registration/v1/enrolments", json=a_person())).json()["id"]
        for region, status in (("411521101", 200), ("411521101201", 200), ("411521102", 404), ("411521101202", 404)):
            answer = await http.get(
                f"/registration/v1/enrolments/{known}", headers=installation.caller("registration:read", region=region)
            )
            assert answer.status_code == status, region

    async def test_a_caller_cannot_register_into_another_region(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        answer = await http.post(
            "/registration/v1/enrolments",
            json=a_person(),
            headers=installation.caller("registration:write", region="411521102"),
        )
        assert answer.status_code == 404
        (row,) = await installation.sql("registration", "SELECT count(*) AS n FROM enrolment")
        assert row["n"] == 0


class TestBusinessDate:
    async def test_it_moves_forward_only_and_is_announced(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        assert (await http.get("/registration/v1/business-date")).json() == {"date": "2023-10-09"}
        assert (await http.post("/registration/v1/business-date", json={"date": "2023-10-10"})).status_code == 200
        assert (await http.post("/registration/v1/business-date", json={"date": "2023-10-10"})).status_code == 200
        back = await http.post("/registration/v1/business-date", json={"date": "2023-10-09"})
        assert back.json()["code"] == "BUSINESS_DATE_GOES_BACK"
        rows = await installation.sql("registration", "SELECT event FROM outbox")
        assert [row["event"] for row in rows] == ["registration.business_date_advanced.v1"]


class TestRegions:
    async def test_nobody_enters_or_renames_another_regions_towns(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        clerk = installation.caller("registration:operate", region="411521101")
        for code in ("411521102", "411521199"):
            body = {"regions": [{"code": code, "name": "改名"}]}
            answer = await http.post("/registration/v1/regions", json=body, headers=clerk)
            assert (answer.status_code, answer.json()["code"]) == (422, "UNKNOWN_REGION")
        mine = {"regions": [{"code": "411521101201", "name": "何家村"}]}
        assert (await http.post("/registration/v1/regions", json=mine, headers=clerk)).status_code == 204
        rows = await installation.sql("registration", "SELECT code, name FROM region_directory ORDER BY code")
        assert [(row["code"], row["name"]) for row in rows] == [
            ("411521101", "铁铺"), ("411521101201", "何家村"), ("411521102", "丽水"),
        ]  # fmt: skip

    async def test_the_database_keeps_the_directory_of_others_too(
        self, http: httpx.AsyncClient, installation: Installation
    ) -> None:
        async with (
            installation.running(SERVICE, role="web") as (run,),
            run.database.transaction("411521101") as session,
        ):
            renamed = await session.execute(text("UPDATE region_directory SET name = 'x' RETURNING code"))
            assert renamed.scalars().all() == ["411521101"]
