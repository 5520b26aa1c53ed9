"""Payment at work with Alipay for every test that asks for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.installation import Installation
from tests.services.payment.alipay.running_alipay import RunningAlipay, running_alipay


@pytest.fixture
async def alipay(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningAlipay]:
    """Payment with an Alipay of the test's own."""
    async with running_alipay(installation, tmp_path) as opened:
        yield opened
