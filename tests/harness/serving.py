"""An installation on a real port, served as production serves it, with the console's own client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from services.composition import SERVICES
from services.registration.commands import save_client
from services.web_server import serve
from shared.service import Service
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation
from tests.harness.ports import free_port

CONSOLE_SCOPES = ["registration:read", "subsidy:read", "payment:read", "quota:read"]
_SECRET = "the console's secret in a test"


@dataclass(frozen=True)
class Served:
    """Where an installation answers, and how to stop it and wait for its end."""

    base_url: str
    installation: Installation
    stop: asyncio.Event
    ended: "asyncio.Task[None]"


@asynccontextmanager
async def serving(installation: Installation, *services: Service) -> AsyncIterator[Served]:
    """Serve services (all, if none is named) until the block ends."""
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    await save_client(installation.settings, "console", _SECRET, CONSOLE_SCOPES, COUNTY)
    here = installation.with_settings(
        services_base_url=base_url, public_base_url=base_url, console_client_secret=SecretStr(_SECRET)
    )
    stop = asyncio.Event()
    task = asyncio.create_task(serve(here.settings, services or SERVICES, stop, port=port))
    try:
        await eventually(lambda: _answers(base_url, task), within_s=20, message=f"{base_url} answers")
        yield Served(base_url, here, stop, task)
    finally:
        stop.set()
        await task


async def _answers(base_url: str, task: "asyncio.Task[None]") -> bool:
    if task.done():
        task.result()
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{base_url}/healthz")).is_success
    except httpx.TransportError:
        return False
