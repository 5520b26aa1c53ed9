"""A local endpoint that checks each callback as the service would, prints the verdict, and keeps nothing."""

import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.payment.callbacks.routes import bounded_body
from services.payment.channels.accounts import Accounts, ServedAccount
from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.callback import Callback, Refusal, Refused, status_of
from services.payment.channels.table import ADAPTERS
from shared.domain.clock import SystemClock
from tools.callbacks.diagnosis import Diagnosis, diagnose
from tools.callbacks.verdict import lines, verdict

PREFIX = "/payment"


def served_at(accounts: Accounts, path: str) -> ServedAccount | None:
    """The merchant that a callback's path addresses, with the service's prefix or without it."""
    bare = path.partition("?")[0].removeprefix(PREFIX)
    return next((each for each in accounts.served if each.path == bare), None)


async def listen(accounts: Accounts, region: str, port: int, count: int | None, say: Callable[[str], None]) -> None:
    """Answer callbacks on loopback, until ``count`` of them were received or the program is interrupted."""
    received = 0

    async def take(adapter: ChannelAdapter[Any], request: Request) -> Response:
        nonlocal received
        status, said = await _checked(accounts, region, request)
        say(f"POST {request.url.path} → {status}")
        for line in said:
            say(f"  {line}")
        received += 1
        server.should_exit = received == count
        taken, form = adapter.form.taken, adapter.form
        if status == taken.status:
            return Response(taken.content, status_code=status, media_type=taken.media_type)
        return Response(form.failed, status_code=status, media_type=form.failed_media_type)

    routes = [
        Route(prefix + each.form.path, partial(take, each), methods=["POST"])
        for prefix in (PREFIX, "")
        for each in ADAPTERS
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, access_log=False, lifespan="off"))
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        say(f"正在接收 · listening on http://127.0.0.1:{bound.getsockname()[1]}")
        await server.serve(sockets=[bound])


async def _checked(accounts: Accounts, region: str, request: Request) -> tuple[int, list[str]]:
    """The status that the service would answer, and what there is to say."""
    try:
        served = served_at(accounts, request.url.path)
        if served is None:
            raise Refused(Refusal.UNKNOWN_MERCHANT)
        body = await bounded_body(request)
    except Refused as refused:
        return status_of(refused.refusal), [verdict(Diagnosis(refused.refusal, None))]
    callback = Callback(request.scope["headers"], body, SystemClock().now(), region)
    found = diagnose(served, callback)
    status = served.adapter.form.taken.status if found.refusal is None else status_of(found.refusal)
    return status, list(lines(found, callback))
