"""Four services that answer summaries to a client with a token, unless a test makes them fail."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.console.service_client import ServiceClient
from shared.settings import Settings
from tests.services.console import county_summaries

SECRET = "a secret of the console"
PATHS = {
    "registration": "/registration/v1/summary",
    "subsidy": "/subsidy/v1/summary",
    "payment": "/payment/v1/summary",
    "quota": "/quota/v1/progress",
}


class SummaryServices:
    """Four services on one address; ``failing`` says which of them fails, and how."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "registration": county_summaries.registration_summary(),
            "subsidy": county_summaries.subsidy_summary(),
            "payment": county_summaries.payment_summary(),
            "quota": county_summaries.quota_progress(),
        }
        self.failing: dict[str, str] = {}
        self.takes_s = 0.0
        self.asked: Counter[str] = Counter()
        self.tokens: list[str] = []
        self.expires_in = 900
        self.app = Starlette(
            routes=[
                Route("/registration/v1/token", self._token, methods=["POST"]),
                *(Route(path, self._summary, name=name) for name, path in PATHS.items()),
            ]
        )

    def client(self, secret: str = SECRET) -> ServiceClient:
        """A console's way to ask them."""
        settings = Settings(console_client_secret=secret, services_base_url="http://services.test")
        return ServiceClient(settings, transport=_Failing(self))

    async def _token(self, request: Request) -> Response:
        self.asked["token"] += 1
        known = "Basic " + base64.b64encode(f"console:{SECRET}".encode()).decode()
        form = await request.form()
        if request.headers.get("authorization") != known or form["grant_type"] != "client_credentials":
            return JSONResponse({"code": "INVALID_CLIENT"}, status_code=401)
        self.tokens.append(f"token {len(self.tokens)}")
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": self.expires_in})

    async def _summary(self, request: Request) -> Response:
        name = next(name for name, path in PATHS.items() if path == request.url.path)
        self.asked[name] += 1
        await asyncio.sleep(self.takes_s)
        if not self.tokens or request.headers["authorization"] != f"Bearer {self.tokens[-1]}":
            return JSONResponse({"code": "UNAUTHENTICATED"}, status_code=401)
        assert request.query_params["benefit_year"] == "2024"
        match self.failing.get(name):
            case "refuses":
                return JSONResponse({"code": "SCOPE_MISSING"}, status_code=403)
            case "babbles":
                return PlainTextResponse("<html>proxy error</html>")
            case _:
                return JSONResponse(self.answers[name])


class _Failing(httpx.AsyncBaseTransport):
    """The network to them: a service that is ``gone`` refuses connections, one that ``hangs`` never answers."""

    def __init__(self, services: SummaryServices) -> None:
        self._services = services
        self._there = httpx.ASGITransport(app=services.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        match self._services.failing.get(request.url.path.split("/")[1]):
            case "gone":
                raise httpx.ConnectError("nobody listens there", request=request)
            case "hangs":
                raise httpx.ReadTimeout("no answer in time", request=request)
            case _:
                await asyncio.sleep(0)
                return await self._there.handle_async_request(request)


async def first(changes: AsyncIterator[Any], number: int) -> list[Any]:
    """The first so many items of a stream."""
    found = []
    async for item in changes:
        found.append(item)
        if len(found) == number:
            break
    return found
