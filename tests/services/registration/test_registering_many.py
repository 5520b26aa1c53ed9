"""A village's applications entered together: each is taken or refused by itself."""

import httpx

from shared.errors import ErrorCode
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.services.registration.test_enrolments import a_person, http

__all__ = ["http"]
BATCH = "/registration/v1/enrolments/batch"


async def test_good_applications_are_taken_and_wrong_ones_refused_by_their_line(http: httpx.AsyncClient) -> None:
    known = (await http.post("/registration/v1/enrolments", json=a_person(1))).json()
    sent = [
        a_person(1),
        a_person(2),
        a_person(3, document_number=a_number(3)[:17] + "?"),
        a_person(4, birth_date="1990-01-02"),
        a_person(5, region="411521199201"),
        a_person(6),
        a_person(6),
    ]

    answer = await http.post(BATCH, json={"enrolments": sent})

    assert answer.status_code == 200
    body = answer.json()
    assert [entry["line"] for entry in body["registered"]] == [2, 6]
    assert [(entry["line"], entry["code"]) for entry in body["refused"]] == [
        (1, "ALREADY_ENROLLED"),
        (3, "INVALID_IDENTITY_NUMBER"),
        (4, "BIRTH_DATE_DIFFERS"),
        (5, "UNKNOWN_REGION"),
        (7, "ALREADY_ENROLLED"),
    ]
    spec = ErrorCode.ALREADY_ENROLLED.value
    assert body["refused"][0] == {
        "line": 1,
        "code": "ALREADY_ENROLLED",
        "title": spec.zh,
        "title_en": spec.en,
        "detail": None,
        "existing": known["id"],
    }
    assert body["refused"][4]["existing"] == body["registered"][1]["id"]
    assert a_number(1) not in answer.text
    shown = (await http.get(f"/registration/v1/enrolments/{body['registered'][0]['id']}")).json()
    assert shown["document_number"] == body["registered"][0]["document_number"]


async def test_each_begins_a_chain_of_its_own_and_is_announced_once(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    for _ in range(2):
        await http.post(BATCH, json={"enrolments": [a_person(sequence) for sequence in range(1, 6)]})

    rows = await installation.sql("registration", "SELECT event, correlation_id FROM outbox")

    assert len(rows) == len({row["correlation_id"] for row in rows}) == 5
    assert {row["event"] for row in rows} == {"registration.enrolment_registered.v1"}


async def test_an_application_in_another_region_than_the_callers_is_refused_by_its_line(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    http.headers.update(installation.caller("registration:write", region="411521101"))

    elsewhere = [a_person(2, region="411521102201"), a_person(3, region="411521999201")]
    answer = await http.post(BATCH, json={"enrolments": [a_person(1), *elsewhere]})

    assert answer.status_code == 200
    assert [entry["line"] for entry in answer.json()["registered"]] == [1]
    # Whether a place beyond the caller's region exists is not said.
    assert [(entry["line"], entry["code"]) for entry in answer.json()["refused"]] == [
        (2, "NOT_FOUND"),
        (3, "NOT_FOUND"),
    ]


async def test_where_a_town_names_its_villages_no_other_code_is_one(http: httpx.AsyncClient) -> None:
    village = {"code": "411521101201", "name": "铁铺村"}
    assert (await http.post("/registration/v1/regions", json={"regions": [village]})).status_code == 204

    answer = await http.post(BATCH, json={"enrolments": [a_person(1), a_person(2, region="411521101999")]})

    assert [entry["line"] for entry in answer.json()["registered"]] == [1]
    assert [(entry["line"], entry["code"]) for entry in answer.json()["refused"]] == [(2, "UNKNOWN_REGION")]


async def test_a_malformed_application_refuses_the_whole_and_takes_nobody(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    answer = await http.post(BATCH, json={"enrolments": [a_person(1), a_person(2, surname="张")]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/enrolments/1/surname"
    assert not await installation.sql("registration", "SELECT id FROM enrolment")
