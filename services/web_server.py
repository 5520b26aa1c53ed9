"""The web server of a process: serves until it is stopped, and lets requests in progress finish."""

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import structlog
import uvicorn
from starlette.applications import Starlette

from services.composition import refuse_unfit_databases, running_all
from shared.listen_address import refuse_unusable_address
from shared.observability.metrics import metrics_served
from shared.service import Role, Service
from shared.settings import Settings
from shared.settings_errors import setting_place

log = structlog.get_logger(__name__)


async def serve(
    settings: Settings,
    services: Sequence[Service],
    stop: asyncio.Event,
    *,
    role: Role = "all",
    port: int = 8000,
) -> None:
    """Serve until ``stop`` is set: requests in hand are answered, then background work ends, then all is closed."""
    _refuse_unusable_addresses(settings, port)
    await refuse_unfit_databases(settings, services)
    async with metrics_served(settings), running_all(settings, services, role=role) as app:
        said = {
            "version": version("canbao"),
            "installation": settings.installation,
            "services": [service.name for service in services],
            "role": role,
            "bus": settings.bus,
            "address": f"http://{settings.listen_host}:{port}",
        }
        tune_garbage_collector()
        await serve_requests(app, stop, settings.listen_host, port, on_started=lambda: log.info("serving", **said))


def _refuse_unusable_addresses(settings: Settings, port: int) -> None:
    named = "CANBAO_LISTEN_HOST (--host)"
    refuse_unusable_address(settings.listen_host, port, named_host=named, named_port="--port")
    if settings.metrics_port:
        refuse_unusable_address(
            settings.metrics_host,
            settings.metrics_port,
            named_host=setting_place("metrics_host"),
            named_port=setting_place("metrics_port"),
        )


def tune_garbage_collector() -> None:
    """Look for garbage less often, and not among the modules and models that live as long as the process.

    With Python's defaults an eighth of the processor went into walking the same objects again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def serve_requests(
    app: Starlette, stop: asyncio.Event, host: str, port: int, *, on_started: Callable[[], None] = lambda: None
) -> None:
    """Answer requests until ``stop`` is set; those in hand are answered before it returns."""
    server = _WebServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            log_config=None,  # its lines go where ours go, in their form
            lifespan="off",
            timeout_graceful_shutdown=10,
            server_header=False,
        ),
        on_started,
    )
    serving = asyncio.create_task(server.serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for run in app.state.runs:
        run.leaving.set()
    server.should_exit = True
    stopping.cancel()
    await serving


class _WebServer(uvicorn.Server):
    """uvicorn without its signal handling: the process has one owner of signals, and that is not the web server."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
