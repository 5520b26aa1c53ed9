"""Builds the HTTP application: each service is an app of its own, mounted at its prefix in one root."""

from collections.abc import Sequence
from typing import Any

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from shared.service import Service, ServiceContext
from shared.web import problems
from shared.web.dependencies import closed_by_default
from shared.web.health import readiness
from shared.web.lean_route import lean_routes
from shared.web.openapi import described
from shared.web.request_log import RequestLog
from shared.web.tokens import checking_key


class ServiceApp(FastAPI):
    """One service's routes: closed by default, errors as problem+json, and an exact OpenAPI document."""

    def __init__(self, service: Service) -> None:
        """Build the routes; they work once ``state`` holds the running service and the key for tokens."""
        super().__init__(
            title=f"canbao {service.name}",
            version="1",
            dependencies=[Depends(closed_by_default)],
            openapi_url="/openapi.json" if service.mount is None else None,
            docs_url=None,  # FastAPI's own pages load scripts from another host; offices are offline
            redoc_url=None,
            redirect_slashes=False,  # an address with a slash more is another one, which nothing describes
        )
        self._service = service
        problems.install(self)
        for router in service.routers:
            self.include_router(router)
        if self.openapi_url is not None:
            self.add_route("/docs", self._page, include_in_schema=False)

    async def _page(self, request: Request) -> HTMLResponse:
        """The API to read, in the language of ``?lang=``."""
        from shared.web.api_page import render  # a process that nobody reads from starts without its templates

        lang = render.language(request.query_params.get("lang"))
        page = await run_in_threadpool(lambda: render.service_page(self._service.name, self.openapi(), lang))
        return HTMLResponse(page, headers=dict(render.headers()))

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document: made once, the same that `docs/openapi` holds."""
        if self.openapi_schema is None:
            self.openapi_schema = described(self._service, super().openapi())
        return self.openapi_schema


def service_app(running: ServiceContext) -> ServiceApp:
    """The application of a running service."""
    app = ServiceApp(running.service)
    app.state.running = running
    app.state.token_key = checking_key(running.settings)
    return app


def root_app(services: Sequence[ServiceContext]) -> Starlette:
    """One process's application: every service at its prefix, and the process's health."""

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        parts = await readiness(services)
        ready = all(part["ready"] for part in parts)
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    mounts = sorted(services, key=lambda running: running.service.prefix, reverse=True)
    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    apps = [(running, service_app(running)) for running in mounts]
    routes += [route for running, app in apps for route in lean_routes(running, app)]
    routes += [Mount(running.service.prefix, app=RequestLog(app, running.service.prefix)) for running, app in apps]
    # A process without the console has no application at "/": what lies outside of its services is answered here.
    return Starlette(routes=routes, exception_handlers={HTTPException: problems.outside})
