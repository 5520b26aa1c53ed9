"""Builds the HTTP application: each service is an app of its own, mounted at its prefix in one root."""

from collections.abc import Sequence

from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from shared.service import Running
from shared.web import problems
from shared.web.dependencies import closed_by_default
from shared.web.health import readiness
from shared.web.lean import lean_doors
from shared.web.tokens import checking_key


def service_app(running: Running) -> FastAPI:
    """One service's doors: its routers, closed by default, with errors as problems."""
    app = FastAPI(
        title=f"canbao {running.service.name}",
        version="1",
        dependencies=[Depends(closed_by_default)],
        openapi_url="/openapi.json" if running.service.mount is None else None,
        docs_url=None,  # the interactive pages load scripts from another host; offices are offline
        redoc_url=None,
    )
    app.state.running = running
    app.state.token_key = checking_key(running.settings)
    problems.install(app)
    for router in running.service.routers:
        app.include_router(router)
    return app


def root_app(services: Sequence[Running]) -> Starlette:
    """One process's doors: every service at its prefix, and the process's health."""

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        parts = await readiness(services)
        ready = all(part["ready"] for part in parts)
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    mounts = sorted(services, key=lambda running: running.service.prefix, reverse=True)
    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    apps = [(running, service_app(running)) for running in mounts]
    routes += [door for running, app in apps for door in lean_doors(running, app)]
    routes += [Mount(running.service.prefix, app=app) for running, app in apps]
    return Starlette(routes=routes)
