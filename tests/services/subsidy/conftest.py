"""A county on 2023-10-09 with the example amounts: registration and subsidy run, and a client calls them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.registration import SERVICE as REGISTRATION
from services.subsidy import SERVICE as SUBSIDY
from shared.service import ServiceContext
from tests.harness.installation import Installation, http_client
from tests.services.subsidy.residents import OCTOBER_9, CountyClient

AMOUNTS = Path(__file__).parents[3] / "deploy/counties/luoshan-2024/example-amounts.yaml"
SCOPES = ("registration:read", "registration:write", "registration:operate", "subsidy:read", "subsidy:write")


@pytest.fixture
async def county(installation: Installation) -> Installation:
    """The installation, on the day and with the amounts that these tests suppose."""
    await installation.set_business_date(OCTOBER_9, "registration", "subsidy")
    return installation.with_settings(policy_overrides=AMOUNTS)


@pytest.fixture
async def subsidy(county: Installation) -> AsyncIterator[ServiceContext]:
    """Subsidy alone, without background work: its handlers are called by the test."""
    async with county.running(SUBSIDY, role="web") as (running,):
        yield running


@pytest.fixture
async def client(county: Installation) -> AsyncIterator[CountyClient]:
    """Registration and subsidy at work, on the embedded bus."""
    async with county.running(REGISTRATION, SUBSIDY) as runs, http_client(runs) as http:
        http.headers.update(county.caller(*SCOPES))
        towns = [{"code": "411521101", "name": "铁铺"}, {"code": "411521102", "name": "丽水"}]
        assert (await http.post("/registration/v1/regions", json={"regions": towns})).status_code == 204
        yield CountyClient(http, county.settings)
