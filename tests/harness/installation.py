"""An installation of its own for one test: migrated databases, keys made for it, and an HTTP client."""

import base64
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from shared.database.business_date import advance_business_date
from shared.database.engine import Database
from shared.domain.clock import Clock, SystemClock
from shared.runtime import running
from shared.service import Role, Service, ServiceContext
from shared.settings import Settings
from shared.web.app import root_app
from shared.web.tokens import Grant, issue, signing_key
from tests.harness.cluster import SERVICES, Cluster
from tests.harness.conformance import must_be_documented
from tests.harness.copied import CopiedSettings
from tests.harness.kept_connections import KeptConnections, alone
from tests.harness.timeouts import stretched

COUNTY = "411521"


def new_key() -> str:
    """A fresh 32-byte key, as settings carry it."""
    return base64.b64encode(os.urandom(32)).decode()


def write_token_keys(folder: Path) -> dict[str, Path]:
    """A fresh P-256 key pair as PEM files."""
    private = ec.generate_private_key(ec.SECP256R1())
    files = {
        "token_private_key_file": folder / "token.private.pem",
        "token_public_key_file": folder / "token.public.pem",
    }
    files["token_private_key_file"].touch(mode=0o600)
    files["token_private_key_file"].write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files["token_public_key_file"].write_bytes(
        private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return files


@dataclass(frozen=True)
class Installation:
    """A county's installation with databases of its own; a test's own keeps the connections of its questions."""

    settings: Settings
    kept: KeptConnections | None = None

    def with_settings(self, **changes: Any) -> "Installation":
        """The same databases under changed settings."""
        return replace(self, settings=self.settings.model_copy(update=changes))

    def caller(
        self, *scopes: str, region: str = COUNTY, client: str = "clerk", now: datetime | None = None
    ) -> dict[str, str]:
        """The header of a caller with these scopes in this region."""
        grant = Grant(client, frozenset(scopes), region)
        return {"Authorization": f"Bearer {issue(signing_key(self.settings), grant, now or SystemClock().now())}"}

    @asynccontextmanager
    async def running(
        self, *services: Service, role: Role = "all", clock: Clock | None = None
    ) -> AsyncIterator[tuple[ServiceContext, ...]]:
        """Run services as production does."""
        async with AsyncExitStack() as stack:
            yield tuple(
                [
                    await stack.enter_async_context(running(each, self.settings, role=role, clock=clock))
                    for each in services
                ]
            )

    @asynccontextmanager
    async def http_client(
        self, *services: Service, role: Role = "all", clock: Clock | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Run services, and a client that calls them."""
        async with self.running(*services, role=role, clock=clock) as runs, http_client(runs) as client:
            yield client

    async def close_connections(self, service: str) -> int:
        """Close a service's connections to its database, as a restart of the server does; returns how many."""
        connection = await asyncpg.connect(self.settings.service_url(service), timeout=stretched(30))
        try:
            closed: int = await connection.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
            )
            return closed
        finally:
            await connection.close()

    async def sql(self, database: str, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Look into (or break) one database as the owner of its tables."""
        url = self.settings.owner_url(database)
        async with self.kept.entered(url) if self.kept else alone(url) as connection:
            rows: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows

    async def leave(self) -> None:
        """Close what the test's questions keep open: nobody may be in a database that is copied."""
        if self.kept is not None:
            await self.kept.close()

    async def set_business_date(self, day: date, *services: str) -> None:
        """Begin on another day than today, in the named services' databases."""
        for service in services:
            database = Database(self.settings.service_url(service), pool_size=1)
            async with database.transaction(self.settings.region) as session:
                await advance_business_date(session, day)
            await database.dispose()


async def on_kafka(installation: Installation, bootstrap_servers: str) -> Installation:
    """The same databases on a broker, under a name of their own and so with topics of their own."""
    changed = installation.with_settings(
        bus="kafka",
        kafka_bootstrap_servers=bootstrap_servers,
        installation=f"t-{uuid4().hex[:12]}",
    )
    for service in SERVICES:
        # The database refuses this, and rightly: only a copy that has announced nothing yet may change its name.
        await changed.sql(service, "ALTER TABLE messaging_installation DISABLE TRIGGER USER")
        await changed.sql(service, "UPDATE messaging_installation SET installation = $1", changed.settings.installation)
        await changed.sql(service, "ALTER TABLE messaging_installation ENABLE TRIGGER USER")
    return changed


@asynccontextmanager
async def http_client(runs: Sequence[ServiceContext]) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client for services that already run; it accepts no answer that the OpenAPI documents do not name."""
    transport = httpx.ASGITransport(app=root_app(runs), raise_app_exceptions=False)
    checks = {"response": [must_be_documented]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://canbao.test", timeout=stretched(30), event_hooks=checks
    ) as client:
        yield client


def database_settings(cluster: Cluster, *, suffix: str) -> dict[str, Any]:
    """Where the cluster's databases with that suffix are, per role."""
    place = f"@/{{database}}{suffix}?{urlsplit(cluster.admin_url).query}"
    return {
        "database_url": "postgresql://{service}_app:{password}" + place,
        "owner_database_url": "postgresql://canbao_owner:{password}" + place,
        "auditor_database_url": "postgresql://canbao_auditor:{password}" + place,
        "database_passwords": {role: SecretStr(password) for role, password in cluster.passwords.items()},
    }


def settings_for(folder: Path, **known: Any) -> CopiedSettings:
    """Settings of a fresh installation: keys made now, the rest as known."""
    fresh: dict[str, Any] = {
        "region": COUNTY,
        "benefit_year": 2024,
        "person_token_key": new_key(),
        "encryption_keys": {"k1": new_key()},
        **write_token_keys(folder),
    }
    return CopiedSettings(**fresh | known)
