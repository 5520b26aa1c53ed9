"""A till for every test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.installation import Installation
from tests.services.payment.till import Till, open_till


@pytest.fixture
async def till(installation: Installation, tmp_path: Path) -> AsyncIterator[Till]:
    """Payment with a WeChat Pay of the test's own."""
    async with open_till(installation, tmp_path) as opened:
        yield opened
