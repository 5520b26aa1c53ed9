"""One served county per module: what the endpoints are asked leaves traces, which no other test should meet."""

import asyncio
from collections.abc import Iterator

import pytest

from shared.database.provision import BUS
from shared.settings import Settings
from tests.endpoints.server import Served, served
from tests.harness.cluster import SERVICES, Cluster
from tests.harness.installation import Installation, database_settings


@pytest.fixture(scope="module")
def county(cluster: Cluster, migrated: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served county of the module's own."""
    clones = asyncio.run(cluster.clone((*SERVICES, BUS)))
    installation = Installation(migrated.model_copy(update=database_settings(cluster, suffix=clones.suffix)))
    try:
        with served(installation, tmp_path_factory.mktemp("county")) as here:
            yield here
            assert here.errors() == [], "something broke behind the endpoints"
    finally:
        asyncio.run(cluster.drop(clones))
