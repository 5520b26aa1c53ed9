"""Lean routes: public endpoints so busy that routing must cost less than the work itself.

A lean route takes the bare request and builds its own response. It is mounted in the root application, before the
services, and runs no dependency: FastAPI's would cost more than checking a signature does. So it must be on its
service's public list, and must check its caller itself.
"""

from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from shared.service import ServiceContext
from shared.web import problems
from shared.web.request_log import log_request

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


class LeanRoute(APIRoute):
    """A public route whose endpoint takes the bare request and answers itself."""

    def get_route_handler(self) -> Endpoint:
        """The endpoint, and nothing around it."""
        endpoint: Endpoint = self.endpoint
        return endpoint

    def failed(self, error: Exception, trace_id: UUID) -> Response:
        """Log a bug and answer it; a route whose callers want another form than a problem answers in theirs."""
        return problems.bug(error, trace_id)


def lean_routes(running: ServiceContext, app: FastAPI) -> list[Route]:
    """A service's lean routes, to be matched before its mount; raises where one is not on the public list."""
    service = running.service
    routes = [route for router in service.routers for route in router.routes if isinstance(route, LeanRoute)]
    private = [route.path for route in routes if route.path not in service.public_paths]
    if private:
        raise ValueError(f"{service.name}: lean routes are public, so the public list must name {private}")
    return [
        Route(service.prefix + route.path, _LeanApp(route, app, service.prefix), methods=sorted(route.methods or ()))
        for route in routes
    ]


class _LeanApp:
    """An endpoint as a bare ASGI application, in the state of the service it belongs to."""

    def __init__(self, route: LeanRoute, app: FastAPI, prefix: str) -> None:
        self._route, self._endpoint = route, route.endpoint
        self._app, self._path = app, prefix + route.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self._app
        began = perf_counter()
        try:
            response = await self._endpoint(Request(scope, receive, send))
        except Exception as error:
            response = self._failed(scope["method"], error, began)
        await response(scope, receive, send)

    def _failed(self, method: str, error: Exception, began: float) -> Response:
        """No application around it logs or answers its bugs."""
        trace_id = uuid4()
        response = self._route.failed(error, trace_id)
        log_request(
            client="-",
            method=method,
            path=self._path,
            status=response.status_code,
            began=began,
            reason="unexpected error",
            trace_id=str(trace_id),
        )
        return response
