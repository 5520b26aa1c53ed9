"""Payment at work for every test that asks for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.installation import Installation
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    """Payment with a WeChat Pay of the test's own."""
    async with running_payment(installation, tmp_path) as opened:
        yield opened
