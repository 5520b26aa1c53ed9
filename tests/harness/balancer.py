"""What stands before a county's processes in production: one address, each path to the service that owns it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.harness.timeouts import stretched

_METHODS = ["GET", "POST", "PUT", "DELETE"]
_HOP_BY_HOP = {"connection", "host", "transfer-encoding", "content-length", "keep-alive"}


@asynccontextmanager
async def balancing(port: int, owners: Mapping[str, str]) -> AsyncIterator[None]:
    """Pass requests on by the first part of their path; 502 where nobody answers."""
    async with httpx.AsyncClient(trust_env=False, timeout=stretched(60)) as client:

        async def pass_on(request: Request) -> Response:
            owner = owners.get(request.url.path.split("/")[1])
            if owner is None:
                return Response(status_code=404)
            headers = {name: value for name, value in request.headers.items() if name not in _HOP_BY_HOP}
            try:
                answer = await client.request(
                    request.method,
                    f"{owner}{request.url.path}?{request.url.query}".rstrip("?"),
                    headers=headers,
                    content=await request.body(),
                )
            except httpx.TransportError:
                return Response(status_code=502)
            kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
            kept.pop("content-encoding", None)
            return Response(answer.content, answer.status_code, kept)

        app = Starlette(routes=[Route("/{path:path}", pass_on, methods=_METHODS)])
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        try:
            yield
        finally:
            server.should_exit = True
            await serving
