"""Every service, in one process or in several: which there are, how they are migrated and run."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from starlette.applications import Starlette

from services.console import SERVICE as CONSOLE
from services.payment import SERVICE as PAYMENT
from services.quota import SERVICE as QUOTA
from services.registration import SERVICE as REGISTRATION
from services.subsidy import SERVICE as SUBSIDY
from shared.database.logins import services_login
from shared.database.older_names import found_by_owner, not_renamed
from shared.database.provision import rename
from shared.database.server_version import refuse_old_server
from shared.installation import migrate_bus, migrate_service
from shared.messaging.dead_letters.replay import DeadLetterContext
from shared.messaging.topics.installation import RECORDED, refuse_other_facts
from shared.runtime import running
from shared.service import Role, Service
from shared.settings import Settings
from shared.web.app import root_app
from shared.web.dependencies import scopes_of

SERVICES: tuple[Service, ...] = (REGISTRATION, SUBSIDY, PAYMENT, QUOTA, CONSOLE)
_ASKED_WITHIN_S = 5.0
BY_NAME = {service.name: service for service in SERVICES}
WITH_DATABASE = tuple(service.name for service in SERVICES if service.migrations is not None)


def known_scopes() -> frozenset[str]:
    """Every scope that a route of any service asks for."""
    return frozenset().union(*(scopes_of(service) for service in SERVICES))


async def migrate_all(settings: Settings, services: Sequence[Service] = SERVICES) -> None:
    """Bring every database to the newest version, the bus's among them; those with older names are renamed first."""
    databases = [service.name for service in services if service.migrations is not None]
    await _rename_older(settings, [*databases, "bus"] if settings.bus == "postgres" else databases)
    for service in services:
        await migrate_service(settings, service)
    if settings.bus == "postgres":
        await migrate_bus(settings)


async def _rename_older(settings: Settings, databases: Sequence[str]) -> None:
    """Only the administrator may rename, or see everything; it is asked for nothing where there is no doubt."""
    found = await found_by_owner(settings, databases)
    if "admin_database_url" in settings.model_fields_set:
        if doubtful := found.doubtful():
            await rename(settings.admin_url, doubtful)
    elif older := found.older():
        raise not_renamed(older)


async def refuse_unfit_databases(settings: Settings, services: Sequence[Service]) -> None:
    """Raise PostgresTooOld or BusRefused where a database that answers is too old, or was installed with another name,
    service or number of partitions than is set; one that is away is waited for.
    """
    for service in services:
        if service.migrations is None:
            continue
        try:
            connection = await asyncpg.connect(settings.service_url(service.name), timeout=_ASKED_WITHIN_S)
        except (OSError, TimeoutError, asyncpg.PostgresError):
            continue
        try:
            await refuse_old_server(connection)
            await _refuse_other_installation(connection, settings, service.name)
        finally:
            await connection.close()


async def _refuse_other_installation(connection: asyncpg.Connection, settings: Settings, service: str) -> None:
    try:
        recorded = await connection.fetchrow(RECORDED)
    except asyncpg.PostgresError:
        return  # not migrated yet, which /readyz says
    if recorded is not None:
        wanted = {"service": service, "installation": settings.installation, "partitions": settings.partitions}
        refuse_other_facts(recorded, wanted)


@asynccontextmanager
async def running_all(
    settings: Settings, services: Sequence[Service] = SERVICES, *, role: Role = "all"
) -> AsyncIterator[Starlette]:
    """Run services until the block ends; gives their common HTTP application."""
    async with AsyncExitStack() as stack:
        runs = [await stack.enter_async_context(running(service, settings, role=role)) for service in services]
        app = root_app(runs)
        app.state.runs = runs
        yield app


@asynccontextmanager
async def dead_letter_context(service: str) -> AsyncIterator[DeadLetterContext]:
    """What it takes to replay a service's dead letters, by its name."""
    settings = Settings()
    with services_login(settings, service):
        async with running(BY_NAME[service], settings, role="web") as run:
            yield DeadLetterContext(run.database, run.settings.region, run.service.subscriptions, run.resources)
