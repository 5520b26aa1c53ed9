"""A county's installation of its own for a measurement: a real PostgreSQL on disk, migrated, with keys made for it."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from services.composition import WITH_DATABASE, migrate_all
from shared.database.business_date import advance_business_date
from shared.database.embedded import EmbeddedPostgres
from shared.database.engine import Database
from shared.database.provision import provision
from shared.settings import Settings
from simulator.prepare import environment, prepare
from tools.up.folder import kept_secrets

TODAY = date(2023, 10, 8)
# When a row was committed is how a fact is dated that no service dates by itself: that somebody was counted.
_PARAMETERS = {"track_commit_timestamp": "on", "wal_level": "minimal", "max_wal_senders": "0"}
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class NotDurable(RuntimeError):
    """The database would not keep what it answers: nothing that it does may be measured."""


@dataclass(frozen=True)
class Installation:
    """Databases, settings, and the folder with the channel's keys."""

    folder: Path
    settings: Settings
    environment: Mapping[str, str]
    postgres: EmbeddedPostgres

    @property
    def keys(self) -> Path:
        """Where the channel's keys lie."""
        return self.folder / "simulator"

    @property
    def server_pid(self) -> int:
        """The process of PostgreSQL; raises RuntimeError where it does not run."""
        pid = self.postgres.server_pid
        if pid is None:
            raise RuntimeError("PostgreSQL does not run")
        return pid

    @asynccontextmanager
    async def owner(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """One connection as the owner of a database's tables, who sees every region."""
        connection = await asyncpg.connect(self.settings.owner_url(database), timeout=30)
        try:
            yield connection
        finally:
            await connection.close()

    async def sql(self, database: str, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Look into one database."""
        async with self.owner(database) as connection:
            rows: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows

    async def one(self, database: str, query: str, *arguments: Any) -> Any:
        """The one value of a query."""
        return (await self.sql(database, query, *arguments))[0][0]

    async def checkpoint(self) -> None:
        """Have everything on disk, so that no measurement pays for what came before it."""
        admin = await asyncpg.connect(self.postgres.admin_url, timeout=30)
        try:
            await admin.execute("CHECKPOINT", timeout=300)
        finally:
            await admin.close()


@asynccontextmanager
async def installed(
    name: str, *, brokers: str | None = None, parameters: Mapping[str, str] | None = None
) -> AsyncIterator[Installation]:
    """An installation until the block ends, on the brokers named or else on the embedded bus.

    Raises NotDurable where PostgreSQL, under ``parameters`` of one's own, would not keep what it answers.
    """
    folder = Path(tempfile.mkdtemp(prefix="canbao-bench-"))
    postgres = EmbeddedPostgres(folder / "postgres", parameters={**_PARAMETERS, **(parameters or {})})
    try:
        await asyncio.to_thread(postgres.start)
        values = _values(name, folder, postgres, brokers)
        made = Installation(folder, Settings(**values), _environment(values), postgres)
        await provision(postgres.admin_url, WITH_DATABASE, values["database_passwords"])
        await migrate_all(made.settings)
        await refuse_undurable(made)
        for service in WITH_DATABASE:
            await _set_business_date(made.settings, service)
        yield made
    finally:
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(folder, ignore_errors=True)


async def refuse_undurable(made: Installation) -> None:
    """Raise NotDurable where a setting is off that durability hangs on."""
    found = {name: str(await made.one("payment", f"SHOW {name}")) for name in _DURABLE}
    if any(value == "off" for value in found.values()):
        raise NotDurable(f"PostgreSQL is not durable: {found}")


def _values(name: str, folder: Path, postgres: EmbeddedPostgres, brokers: str | None) -> dict[str, Any]:
    (folder / "secrets").mkdir(mode=0o700)
    secrets = kept_secrets(folder, WITH_DATABASE)
    peers = environment(folder / "simulator", prepare(folder / "simulator", residents=100, seed=1))
    place = f"@/{{database}}?{urlsplit(postgres.admin_url).query}"
    return {
        "installation": name,
        "bus": "kafka" if brokers else "postgres",
        "kafka_bootstrap_servers": brokers or "",
        "database_url": "postgresql://{service}_app:{password}" + place,
        "owner_database_url": "postgresql://canbao_owner:{password}" + place,
        "auditor_database_url": "postgresql://canbao_auditor:{password}" + place,
        "wechat_merchants": json.loads(peers["CANBAO_WECHAT_MERCHANTS"]),
        "wechat_base_url": peers["CANBAO_WECHAT_BASE_URL"],
        **secrets,
    }


def _environment(values: Mapping[str, Any]) -> dict[str, str]:
    """The same settings for processes, and none that happens to be set here."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CANBAO_")}
    return inherited | {
        f"CANBAO_{name.upper()}": json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in values.items()
    }


async def _set_business_date(settings: Settings, service: str) -> None:
    database = Database(settings.service_url(service), pool_size=1)
    try:
        async with database.transaction(settings.region) as session:
            await advance_business_date(session, TODAY)
    finally:
        await database.dispose()
