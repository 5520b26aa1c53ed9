"""Serves a reference exactly as canbao serves its own endpoints."""

import asyncio
import signal

import uvloop
from starlette.applications import Starlette

from services.web_server import serve_requests, tune_garbage_collector


def serve(app: Starlette, port: int) -> None:
    """Serve until SIGTERM, with canbao's own server settings, event loop and garbage collector."""
    uvloop.run(_serve(app, port))


async def _serve(app: Starlette, port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app.state.runs = ()
    tune_garbage_collector()
    await serve_requests(app, stop, "127.0.0.1", port)
