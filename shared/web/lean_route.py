"""Lean routes: public endpoints so busy that routing must cost less than the work itself.

A lean route takes the bare request and builds its own response. It is mounted in the root application, before the
services, and runs no dependency: FastAPI's would cost more than checking a signature does. So it must be on its
service's public list, and must check its caller itself.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shared.service import ServiceContext

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class LeanRoute(APIRoute):
    """A public route whose endpoint takes the bare request and answers itself."""

    def get_route_handler(self) -> Endpoint:
        """The endpoint, and nothing around it."""
        endpoint: Endpoint = self.endpoint
        return endpoint


def lean_routes(running: ServiceContext, app: FastAPI) -> list[Route]:
    """A service's lean routes, to be matched before its mount; raises where one is not on the public list."""
    service = running.service
    routes = [route for router in service.routers for route in router.routes if isinstance(route, LeanRoute)]
    private = [route.path for route in routes if route.path not in service.public_paths]
    if private:
        raise ValueError(f"{service.name}: lean routes are public, so the public list must name {private}")
    return [
        Route(service.prefix + route.path, _LeanApp(route.endpoint, app), methods=sorted(route.methods or ()))
        for route in routes
    ]


class _LeanApp:
    """An endpoint as a bare ASGI application, in the state of the service it belongs to."""

    def __init__(self, endpoint: Endpoint, app: FastAPI) -> None:
        self._endpoint = endpoint
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        response = await self._endpoint(Request(scope, receive, send))
        await response(scope, receive, send)
