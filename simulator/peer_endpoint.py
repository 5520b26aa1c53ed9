"""The client of canbao's HTTP API: each actor with its own credentials, repeating through outages."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

_TIMEOUT_S = 120.0
_BILL_TIMEOUT_S = 60.0
_NOT_BILLED_YET = frozenset({"NOT_PRICED_YET", "NOTHING_TO_PAY", "BILL_NOT_FOUND_IN_VILLAGE"})


class RequestRefused(Exception):
    """canbao refused a request: its status and its problem document."""

    def __init__(self, who: str, method: str, path: str, answer: httpx.Response) -> None:
        self.status = answer.status_code
        try:
            problem = answer.json()
        except ValueError:
            problem = {}
        self.problem: dict[str, Any] = problem if isinstance(problem, dict) else {}
        self.code = str(self.problem.get("code", ""))
        super().__init__(f"{who}: {method} {path} → {self.status} {answer.text[:500]}")


class Unreachable(Exception):
    """canbao did not answer within an actor's time limit."""


@dataclass(slots=True)
class PeerEndpoint:
    """One actor's access to the API: a token when needed, and the same request again through outages."""

    client: httpx.AsyncClient
    client_id: str
    client_secret: str
    _token: str = ""
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, path: str) -> Any:
        """Ask a question."""
        return await self._send("GET", path, None)

    async def post(self, path: str, body: Any) -> Any:
        """Give a command."""
        return await self._send("POST", path, body)

    async def post_when_billed(self, path: str, body: Any) -> Any:
        """Give a command about people with bills that may be a moment behind their registration."""
        deadline, pause = time.monotonic() + _BILL_TIMEOUT_S, 0.1
        while True:
            try:
                return await self.post(path, body)
            except RequestRefused as refusal:
                if refusal.code not in _NOT_BILLED_YET or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 1.0)

    async def _send(self, method: str, path: str, body: Any) -> Any:
        deadline, pause = time.monotonic() + _TIMEOUT_S, 0.05
        while True:
            answer = await self._attempt(method, path, body)
            if answer is not None and answer.status_code == 401 and self._token:
                self._token = ""
            elif answer is not None and answer.status_code not in (429, 502, 503, 504):
                if answer.is_success:
                    return answer.json() if answer.content else None
                raise RequestRefused(self.client_id, method, path, answer)
            if time.monotonic() > deadline:
                raise Unreachable(f"{self.client_id}: {method} {path}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _attempt(self, method: str, path: str, body: Any) -> httpx.Response | None:
        """One try; None where the connection failed."""
        try:
            token = await self._current_token()
            if isinstance(token, httpx.Response):
                return token
            headers = {"Authorization": f"Bearer {token}"}
            return await self.client.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None

    async def _current_token(self) -> str | httpx.Response:
        async with self._asking:
            if not self._token or time.monotonic() > self._until:
                credentials = {"client_id": self.client_id, "client_secret": self.client_secret}
                answer = await self.client.post(
                    "/registration/v1/token", data={"grant_type": "client_credentials", **credentials}
                )
                if not answer.is_success:
                    return answer
                granted = answer.json()
                self._token = granted["access_token"]
                self._until = time.monotonic() + granted["expires_in"] * 0.8
            return self._token
