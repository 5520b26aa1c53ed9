"""One line per request, found by the trace id of its answer, without a person's data (first use O5)."""

import json
from uuid import uuid4

import pytest
from structlog.testing import capture_logs
from structlog.types import EventDict

from services.registration import SERVICE as REGISTRATION
from tests.harness.installation import COUNTY, Installation


def lines(captured: list[EventDict]) -> list[EventDict]:
    return [line for line in captured if line["event"] == "request"]


async def test_a_line_names_client_endpoint_status_and_time(installation: Installation) -> None:
    async with installation.http_client(REGISTRATION, role="web") as http:
        with capture_logs() as captured:
            enrolment = uuid4()
            answer = await http.get(
                f"/registration/v1/enrolments/{enrolment}", headers=installation.caller("registration:read")
            )
    assert answer.status_code == 404
    [line] = lines(captured)
    assert {
        "client": "clerk",
        "method": "GET",
        "path": "/registration/v1/enrolments/{enrolment_id}",
        "status": 404,
    }.items() <= line.items()
    assert line["ms"] >= 0
    assert str(enrolment) not in json.dumps(line)


@pytest.mark.parametrize("path", ["/registration/v1/people/411521199001010014", "/registration/%E5%BC%A0%E4%B8%89"])
async def test_an_address_that_is_no_endpoint_is_not_repeated(installation: Installation, path: str) -> None:
    async with installation.http_client(REGISTRATION, role="web") as http:
        with capture_logs() as captured:
            assert (await http.get(path)).status_code == 404
    [line] = lines(captured)
    assert (line["path"], line["client"]) == ("(no such endpoint)", "-")


@pytest.mark.parametrize("path", ["/registration/docs", "/registration/openapi.json"])
async def test_a_page_that_is_no_operation_is_named_all_the_same(installation: Installation, path: str) -> None:
    async with installation.http_client(REGISTRATION, role="web") as http:
        with capture_logs() as captured:
            assert (await http.get(path)).status_code == 200
            assert (await http.get(f"{path}/more")).status_code == 404
    assert [(line["path"], line["status"]) for line in lines(captured)] == [(path, 200), ("(no such endpoint)", 404)]


async def test_health_probes_write_no_line(installation: Installation) -> None:
    async with installation.http_client(REGISTRATION, role="web") as http:
        with capture_logs() as captured:
            await http.get("/healthz")
            await http.get("/readyz")
    assert lines(captured) == []


@pytest.mark.expects_errors
async def test_a_bug_is_logged_with_its_place_under_the_trace_id_of_its_answer(installation: Installation) -> None:
    async with installation.http_client(REGISTRATION, role="web") as http:
        await installation.sql("registration", "ALTER TABLE region_directory RENAME TO gone")
        with capture_logs() as captured:
            answer = await http.post(
                "/registration/v1/regions",
                headers=installation.caller("registration:operate"),
                json={"regions": [{"code": f"{COUNTY}101", "name": "灵山镇"}]},
            )
    assert answer.status_code == 500
    [bug] = [line for line in captured if line["event"] == "unexpected error"]
    assert bug["trace_id"] == answer.json()["trace_id"]
    assert "regions/" in bug["place"]
    assert "42P01" in bug["error"]
