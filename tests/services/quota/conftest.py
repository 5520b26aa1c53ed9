"""Quota as its callers meet it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.quota import SERVICE
from tests.harness.installation import Installation


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    """A client of quota, for a caller of the county that may read and write."""
    async with installation.http_client(SERVICE, role="web") as client:
        client.headers.update(installation.caller("quota:read", "quota:write"))
        yield client
