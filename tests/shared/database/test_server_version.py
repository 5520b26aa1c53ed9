"""PostgreSQL before 18 is refused in one sentence, whichever command meets it (first use O2)."""

import asyncpg
import pytest

from services.quota import SERVICE as QUOTA
from shared.database import server_version
from shared.database.migrate import migrate_database
from shared.database.provision import provision
from shared.database.server_version import PostgresTooOld, refuse_old
from tests.harness.cluster import SERVICES, Cluster
from tests.harness.installation import Installation, http_client
from verify.examination import examine
from verify.snapshot import CouldNotExamine


@pytest.mark.parametrize("number", [90624, 150018, 179999])
def test_an_older_server_is_named_with_its_version(number: int) -> None:
    with pytest.raises(PostgresTooOld, match=rf"PostgreSQL 18 or newer is needed, this server is {number // 10_000}$"):
        refuse_old(number)


@pytest.mark.parametrize("number", [180000, 180004, 190001])
def test_eighteen_and_newer_are_taken(number: int) -> None:
    refuse_old(number)


class TestEachCommandAsksTheServer:
    """The server of the tests is 18: the bound is raised above it, and each way in must meet it."""

    @pytest.fixture(autouse=True)
    def _the_server_is_too_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(server_version, "OLDEST", 990000)

    async def test_provision_refuses_before_it_makes_anything(self, cluster: Cluster) -> None:
        passwords = dict.fromkeys((*SERVICES, "newcomer", "owner", "auditor"), "p")
        with pytest.raises(PostgresTooOld):
            await provision(cluster.admin_url, (*SERVICES, "newcomer"), passwords)
        admin = await asyncpg.connect(cluster.admin_url)
        try:
            assert not await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = 'newcomer_app'")
        finally:
            await admin.close()

    async def test_migrate_refuses(self, installation: Installation) -> None:
        assert QUOTA.migrations is not None
        with pytest.raises(PostgresTooOld):
            await migrate_database(installation.settings.owner_url("quota"), "quota", QUOTA.migrations)

    async def test_a_process_is_not_ready(self, installation: Installation) -> None:
        async with installation.running(QUOTA, role="web") as runs, http_client(runs) as http:
            answer = await http.get("/readyz")
        assert answer.status_code == 503
        assert "PostgreSQL 18 or newer" in answer.json()["parts"][0]["detail"]

    async def test_verify_refuses(self, installation: Installation) -> None:
        with pytest.raises(CouldNotExamine, match=r"^registration: .* · PostgreSQL 18 or newer is needed"):
            await examine(installation.settings)
