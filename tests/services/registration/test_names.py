"""Names as they come in: every endpoint takes the same ones, keeps their spelling, and makes one token of one name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from services.registration import SERVICE
from services.registration.enrolments.names.jobs import name_step
from shared.protection import name_token, open_vault, person_token, person_token_key
from tests.harness.conformance import document_of
from tests.harness.identity_numbers import a_number
from tests.harness.installation import Installation
from tests.harness.registers import a_file, a_row, counts, imported
from tests.services.registration.test_enrolments import a_person, http
from tests.services.registration.test_registered_again import lose

__all__ = ["http"]
SPELLINGS = ("艾力·买买提", "艾力 • 买买提", "艾力．买买提", "艾力・买买提 ")
NO_NAMES = ("张\u200b三", "张\x7f三", "张\u0085三", "·", "张?三", "张\ufffd", "张" * 61)
NAMED = "registration.person_named.v1"


def _token(installation: Installation, sequence: int, name: str) -> str:
    key = person_token_key(installation.settings)
    return name_token(key, person_token(key, "RESIDENT_ID", a_number(sequence)), name)


async def _announced(installation: Installation) -> list[tuple[UUID, str, Any]]:
    rows = await installation.sql("registration", "SELECT key, event, payload::text FROM outbox ORDER BY id")
    return [(row["key"], row["event"], orjson.loads(row["payload"]).get("name_token")) for row in rows]


async def _enter(
    http: httpx.AsyncClient, installation: Installation, folder: Path, how: str, people: Sequence[Any]
) -> int:
    """Enter people in one of the ways there are; how many of them are refused, each for its name alone."""
    if how == "file":
        rows = [(person["name"], person["document_number"], person["region"]) for person in people]
        report = await imported(installation, a_file(folder, rows))
        assert set(report.tally.reasons) <= {"IMPORT_CELL_MALFORMED"}
        return counts(report)[2]
    path, bodies = (
        ("enrolments", people) if how == "one" else ("enrolments/batch", [{"enrolments": [p]} for p in people])
    )
    answers = [await http.post(f"/registration/v1/{path}", json=body) for body in bodies]
    refused = [answer.json() for answer in answers if answer.status_code == 422]
    assert all(body["errors"][0]["pointer"].endswith("/name") for body in refused), refused
    return len(refused)


@pytest.mark.parametrize("how", ["one", "many", "file"])
async def test_one_name_has_one_token_however_it_is_written_and_wherever_it_comes_in(
    http: httpx.AsyncClient, installation: Installation, tmp_path: Path, how: str
) -> None:
    """W6: what stands is the spelling that was entered; what is compared is the name."""
    people = [a_person(sequence, name=name) for sequence, name in enumerate(SPELLINGS, start=1)]
    assert await _enter(http, installation, tmp_path, how, people) == 0
    said = sorted(token for _, _, token in await _announced(installation))
    assert said == sorted(_token(installation, sequence, "艾力·买买提") for sequence in range(1, 5))
    vault = open_vault(installation.settings)
    rows = await installation.sql("registration", "SELECT id, person_name, name_token FROM enrolment")
    kept = [vault.decrypt("enrolment", "person_name", row["id"], row["person_name"]) for row in rows]
    assert sorted(kept) == sorted(name.strip() for name in SPELLINGS)
    assert sorted(row["name_token"] for row in rows) == said


@pytest.mark.parametrize("how", ["one", "many", "file"])
async def test_what_is_no_name_is_refused_wherever_it_comes_in(
    http: httpx.AsyncClient, installation: Installation, tmp_path: Path, how: str
) -> None:
    people = [a_person(sequence, name=name) for sequence, name in enumerate(NO_NAMES, start=1)]
    assert await _enter(http, installation, tmp_path, how, people) == len(people)
    assert await _announced(installation) == []


async def test_half_a_character_is_refused(http: httpx.AsyncClient) -> None:
    """A lone surrogate can be written in JSON and in no database."""
    body = orjson.dumps(a_person(1, name="X")).replace(b'"X"', b'"\\ud800\\u5f20"')
    answer = await http.post("/registration/v1/enrolments", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_file_does_not_differ_from_what_stands_by_another_spelling(
    http: httpx.AsyncClient, installation: Installation, tmp_path: Path
) -> None:
    for sequence, name in ((1, "张 三"), (2, "艾力•买买提"), (3, "李四")):
        await http.post("/registration/v1/enrolments", json=a_person(sequence, name=name))
    rows = [a_row(1, "张三"), a_row(2, "艾力．买买提"), a_row(3, "李五"), a_row(4, "王五"), a_row(4, "王　五")]
    assert counts(await imported(installation, a_file(tmp_path, rows))) == (1, 3, 1)


async def test_names_of_an_earlier_version_get_their_token_and_are_announced_once(
    http: httpx.AsyncClient, installation: Installation
) -> None:
    """What an upgrade finds: names without a token, whose registration said none."""
    for sequence in (1, 2, 3):
        await http.post("/registration/v1/enrolments", json=a_person(sequence))
    await installation.sql("registration", "UPDATE enrolment SET name_token = NULL")
    before = len(await _announced(installation))
    async with installation.running(SERVICE, role="web") as runs:
        assert [await name_step(runs[0]), await name_step(runs[0])] == [3, 0]
    named = (await _announced(installation))[before:]
    assert sorted(token for _, _, token in named) == sorted(_token(installation, n, "张三") for n in (1, 2, 3))
    assert {event for _, event, _ in named} == {NAMED}
    rows = await installation.sql("registration", "SELECT id, name_token FROM enrolment")
    assert {(row["id"], row["name_token"]) for row in rows} == {(key, token) for key, _, token in named}


@pytest.mark.parametrize(("said", "announced"), [("张三", False), ("张 三", False), ("张山", True), (None, True)])
async def test_who_is_registered_again_under_another_name_is_named_again(
    http: httpx.AsyncClient, installation: Installation, said: str | None, announced: bool
) -> None:
    """A restoration lost the registration; others know the person under the name that it said, if it said one."""
    known = await lose(installation, 1, named=None if said is None else _token(installation, 1, said))
    await http.post("/registration/v1/enrolments", json=a_person(1))
    again = [(known, "registration.enrolment_reaffirmed.v1", None)]
    named = [(known, NAMED, _token(installation, 1, "张三"))]
    assert await _announced(installation) == again + (named if announced else [])


# Fields of requests that are called a name and hold no person's.
OF_NO_PERSON = {("registration", "RegionIn"), ("quota", "TownTargetIn")}


def test_every_field_that_names_a_person_is_one_kind_of_field() -> None:
    """The schemas say where names come in; a new one that is compared by its bytes is found here."""
    found = {
        (service, owner): shape.get("format")
        for service in ("registration", "subsidy", "payment", "quota")
        for owner, schema in document_of(service)["components"]["schemas"].items()
        if not owner.endswith("Out")
        for field, shape in schema.get("properties", {}).items()
        if field == "name" or field.endswith("_name")
    }
    assert {place for place, kind in found.items() if kind != "person-name"} - _answers() == OF_NO_PERSON
    assert {place for place, kind in found.items() if kind == "person-name"} == {
        ("registration", "EnrolmentIn"),
        ("subsidy", "RosterLineIn"),
    }


def _answers() -> set[tuple[str, str]]:
    """Schemas that no request body leads to."""
    reached: set[tuple[str, str]] = set()
    every: set[tuple[str, str]] = set()
    for service in ("registration", "subsidy", "payment", "quota"):
        document = document_of(service)
        schemas = document["components"]["schemas"]
        every |= {(service, name) for name in schemas}
        asked = [operation["requestBody"] for path in document["paths"].values() for operation in path.values()
                 if isinstance(operation, dict) and "requestBody" in operation]  # fmt: skip
        while asked:
            for name in _referred(asked.pop()):
                if (service, name) not in reached:
                    reached.add((service, name))
                    asked.append(schemas[name])
    return every - reached


def _referred(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {value["$ref"].rpartition("/")[2]} if "$ref" in value else set()
        return here.union(*map(_referred, value.values())) if value else here
    return set().union(*map(_referred, value)) if isinstance(value, list) else set()
