"""One held season for README and the guides: what one of them registers does not disturb the other."""

from collections.abc import Iterator

import pytest

from tests.journeys.held_season import HeldSeason, holding


@pytest.fixture(scope="session")
def held_season() -> Iterator[HeldSeason]:
    """A county whose season is held in mid-October; stopped after the last test, and that ends well."""
    with holding() as season:
        yield season
