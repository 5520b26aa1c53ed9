"""One log line per request: who called which endpoint, what was answered, how long it took, and the trace id.

The path is the route's template, never the address: ids stand in addresses, and whatever a stranger typed. The health
probes write no line. A channel's callback that was kept is its row in the database; one that is refused writes a line.
"""

from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

log = structlog.get_logger("canbao.request")
_NO_ROUTE = "(no such endpoint)"


class RequestLog:
    """A service's application with a line after each request, and the trace id in every line written meanwhile."""

    def __init__(self, app: Starlette, prefix: str) -> None:
        """Wrap an application that is mounted at a prefix."""
        self._app, self._prefix = app, prefix
        # A page that is no operation leaves its endpoint in the scope, not its route.
        self._pages: dict[Any, str] = {route.endpoint: route.path for route in app.routes if type(route) is Route}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is no HTTP passes by."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = uuid4()
        scope.setdefault("state", {})["correlation_id"] = trace_id
        began, status = perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with bound_contextvars(trace_id=str(trace_id)):
            try:
                await self._app(scope, receive, noting)
            except Exception:
                # The application has logged and answered it, and raises it for the web server, which would log it with
                # the values it was about.
                if not status:
                    raise
            finally:
                caller = scope["state"].get("caller")
                log_request(
                    client=caller.client if caller is not None else "-",
                    method=scope["method"],
                    path=self._template(scope),
                    status=status,
                    began=began,
                )

    def _template(self, scope: Scope) -> str:
        route = scope.get("route")
        path = route.path if isinstance(route, APIRoute) else self._pages.get(scope.get("endpoint"))
        return _NO_ROUTE if path is None else self._prefix + path


def log_request(*, client: str, method: str, path: str, status: int, began: float, **more: str) -> None:
    """Write the line of a request that began at a moment of ``perf_counter``; ``path`` is a template."""
    took_ms = round((perf_counter() - began) * 1000, 1)
    log.info("request", client=client, method=method, path=path, status=status, ms=took_ms, **more)
