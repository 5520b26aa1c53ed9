"""A preview decides a case as it would be decided, and nothing is stored."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.subsidy import SERVICE
from tests.harness.installation import Installation
from tests.tools.policy.test_commands import FARMER as CASE

PREVIEW = "/subsidy/v1/assessments:preview"


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with installation.http_client(SERVICE, role="web") as client:
        client.headers.update(installation.caller("subsidy:read"))
        yield client


async def test_the_answer_comes_with_every_rule_that_was_tried(http: httpx.AsyncClient) -> None:
    answer = (await http.post(PREVIEW, json=CASE)).json()
    assert (answer["pack"], answer["answer"]["individual_due"]) == ("luoshan-2024", "380.00")
    (standard,) = [reason for reason in answer["reasons"] if reason["code"] == "STANDARD"]
    assert standard["clause"]["quote"] == "个人缴费标准为每人 380 元"


async def test_nothing_is_stored_or_announced(http: httpx.AsyncClient, installation: Installation) -> None:
    await http.post(PREVIEW, json=CASE)
    for table in ("enrolment", "assessment", "outbox"):
        assert await installation.sql("subsidy", f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"config_overrides": {"individual_contribution": "1.00"}}, ""),
        ({"shoe_size": 42}, "/shoe_size"),
        ({"birth_date": "1899-12-31"}, "/birth_date"),
        ({"birth_date": "2023-11-06"}, ""),
        ({"categories": ["AGE_60_69"]}, "/categories/0"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_pointer(
    http: httpx.AsyncClient, changes: dict[str, Any], pointer: str
) -> None:
    refused = await http.post(PREVIEW, json=CASE | changes)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
