"""Every service, in one process or in several: which there are, how they are migrated, served and stopped."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from services.console import SERVICE as CONSOLE
from services.payment import SERVICE as PAYMENT
from services.quota import SERVICE as QUOTA
from services.registration import SERVICE as REGISTRATION
from services.subsidy import SERVICE as SUBSIDY
from shared.installation import migrate_bus, migrate_service
from shared.messaging.dead_letters import Postbox
from shared.observability.metrics import metrics_served
from shared.runtime import running
from shared.service import Role, Service
from shared.settings import Settings
from shared.web.app import root_app
from shared.web.dependencies import scopes_of

SERVICES: tuple[Service, ...] = (REGISTRATION, SUBSIDY, PAYMENT, QUOTA, CONSOLE)
BY_NAME = {service.name: service for service in SERVICES}
WITH_DATABASE = tuple(service.name for service in SERVICES if service.migrations is not None)


def known_scopes() -> frozenset[str]:
    """Every scope that a door of any service asks for."""
    return frozenset().union(*(scopes_of(service) for service in SERVICES))


async def migrate_all(settings: Settings, services: Sequence[Service] = SERVICES) -> None:
    """Bring every database to the newest version, the bus's among them."""
    for service in services:
        await migrate_service(settings, service)
    if settings.bus == "postgres":
        await migrate_bus(settings)


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
async def postbox(service: str) -> AsyncIterator[Postbox]:
    """What it takes to replay a service's dead letters, by its name."""
    async with running(BY_NAME[service], Settings(), role="web") as run:
        yield Postbox(run.database, run.settings.region, run.service.subscriptions, run.resources)


async def serve(
    settings: Settings,
    services: Sequence[Service],
    stop: asyncio.Event,
    *,
    role: Role = "all",
    host: str = "127.0.0.1",
    port: int = 8000,
) -> None:
    """Serve until ``stop`` is set: requests in hand are answered, then background work ends, then all is closed."""
    async with metrics_served(settings), running_all(settings, services, role=role) as app:
        tame_the_collector()
        await answer(app, stop, host, port)


def tame_the_collector() -> None:
    """Look for garbage less often, and not among the modules and models that live as long as the process.

    With Python's defaults an eighth of the processor went into walking the same objects again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def answer(app: Starlette, stop: asyncio.Event, host: str, port: int) -> None:
    """Answer requests until ``stop`` is set; those in hand are answered before it returns."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=10,
            server_header=False,
        )
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for run in app.state.runs:
        run.leaving.set()
    server.should_exit = True
    stopping.cancel()
    await serving


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: the process has one owner of signals, and that is not the web server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
