"""The county that each visit begins with."""

from pathlib import Path

import pytest

from tests.harness.copied import copied
from tests.harness.installation import Installation
from tests.tools.doctor.examination import equipped


@pytest.fixture
def county(installation: Installation, tmp_path: Path) -> Installation:
    """An installation that lacks nothing; none of its services runs."""
    copied(installation.settings)
    return equipped(installation, tmp_path)
