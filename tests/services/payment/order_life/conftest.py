"""Payment without a job beside the tests of an order's life."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness.installation import Installation
from tests.services.payment.order_life.asking import at, begin
from tests.services.payment.running_payment import RunningPayment, running_payment


@pytest.fixture(autouse=True)
def begun_now() -> None:
    """Each test begins now: a notice that is minutes old is refused."""
    begin()


@pytest.fixture
async def payment(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    async with running_payment(installation, tmp_path, role="web") as opened:
        at(opened, timedelta())
        yield opened
