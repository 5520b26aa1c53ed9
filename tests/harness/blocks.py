"""Sealing everything that stands in an installation's databases, as the background work does within a minute."""

from collections.abc import Sequence

from services.composition import BY_NAME, WITH_DATABASE
from shared.audit.repository import oldest_unsealed_s
from shared.audit.seals import seal
from shared.database.engine import Database
from tests.harness.eventually import eventually
from tests.harness.installation import Installation


async def seal_all(installation: Installation, services: Sequence[str] = WITH_DATABASE) -> None:
    """Seal until no row is left; a transaction of the server that still runs holds the last ones back for a moment."""
    for service in services:
        await seal_service(installation, service)


async def seal_service(installation: Installation, service: str) -> None:
    """Seal the tables of one service."""
    region, tables = installation.settings.region, BY_NAME[service].audited_tables
    database = Database(installation.settings.service_url(service), pool_size=1)

    async def nothing_left() -> bool:
        await seal(database, region, service, tables)
        async with database.transaction(region) as session:
            return not any((await oldest_unsealed_s(session, tables)).values())

    try:
        await eventually(nothing_left, within_s=20, message=f"{service} is sealed")
    finally:
        await database.dispose()
