"""Makes an installation's databases ready: tables, proof views, and what is fixed once and for all."""

from pathlib import Path

from shared.database.engine import Database
from shared.database.logins import owners_login
from shared.database.migrate import MigrationHistory, migrate, migrate_database
from shared.messaging import bus
from shared.messaging.topics.installation import record_installation
from shared.service import Service
from shared.settings import Settings

BUS_HISTORY = MigrationHistory(Path(bus.__file__).parent / "postgres_migrations", "alembic_version_bus")


async def migrate_service(settings: Settings, service: Service) -> None:
    """Bring a service's database to the newest version; raises ``BusRefused`` where it is another installation's."""
    if service.migrations is None:
        return
    with owners_login(settings, service.name):
        await migrate_database(settings.owner_url(service.name), service.name, service.migrations)
    database = Database(settings.owner_url(service.name), pool_size=1, application_name="canbao migrate")
    try:
        async with database.transaction(settings.region) as session:
            await record_installation(
                session, service=service.name, installation=settings.installation, partitions=settings.partitions
            )
    finally:
        await database.dispose()


async def migrate_bus(settings: Settings) -> None:
    """Bring the embedded bus's database to the newest version."""
    with owners_login(settings, "bus"):
        await migrate(settings.owner_url("bus"), (BUS_HISTORY,))
