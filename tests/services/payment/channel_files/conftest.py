"""Institutions at work for every test of their files."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.installation import Installation
from tests.services.payment.channel_files.institutions import Collecting, collecting


@pytest.fixture
async def files(installation: Installation, tmp_path: Path) -> AsyncIterator[Collecting]:
    """Payment with a bank agent, a fixed-width one and a tax bureau."""
    async with collecting(installation, tmp_path) as opened:
        yield opened
