"""Notices: the same one again, for a day, until it is answered by the word success; forged where that is asked."""

import asyncio
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.alipay.signatures import AlipayPlatform

# Minutes after the try before: 4 m, 10 m, 10 m, 1 h, 2 h, 6 h, 15 h, and no more.
RETRIES_MIN: Final = (4, 10, 10, 60, 120, 360, 900)
_MINUTE_S = 0.005


@dataclass(frozen=True, slots=True)
class AlipayNotice:
    """One event of a trade, to be sent to one address; the same in every try."""

    fields: dict[str, str]
    notify_url: str
    charset: str = "utf-8"

    @property
    def id(self) -> str:
        """Its number, which stays through every try."""
        return self.fields["notify_id"]

    def saying(self, **changes: str) -> "AlipayNotice":
        """The same notice with other values, rightly signed all the same."""
        return replace(self, fields=self.fields | changes)


@dataclass(slots=True)
class AlipayNoticeSender:
    """Delivers notices, few at a time; any other answer than success means again, later, seven times at most."""

    platform: AlipayPlatform
    client: httpx.AsyncClient
    minute_s: float = _MINUTE_S
    at_once: int = 12
    attempts: int = 0
    refusals: int = 0
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.at_once)

    async def deliver(self, notice: AlipayNotice) -> bool:
        """Send until acknowledged; False when Alipay would have given up."""
        for pause_min in (*RETRIES_MIN, None):
            if await self.send(notice) == (200, b"success"):
                return True
            self.refusals += 1
            if pause_min is not None:
                await asyncio.sleep(pause_min * self.minute_s)
        return False

    async def send(self, notice: AlipayNotice) -> tuple[int, bytes]:
        """Send once; the answer, or nothing where the line is dead."""
        return await self.post(notice.notify_url, self.platform.signed_form(notice.fields, notice.charset))

    async def forge(self, notice: AlipayNotice, key: rsa.RSAPrivateKey) -> tuple[int, bytes]:
        """Send a notice that somebody else signed."""
        forger = replace(self.platform, key=key, newer_key=None)
        return await self.post(notice.notify_url, forger.signed_form(notice.fields, notice.charset))

    async def post(self, notify_url: str, form: bytes) -> tuple[int, bytes]:
        """Send a form as it is."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        async with self._gate:
            self.attempts += 1
            try:
                answer = await self.client.post(notify_url, content=form, headers=headers, timeout=10)
            except httpx.TransportError:
                return 0, b""
        return answer.status_code, answer.content

    async def deliver_all(self, copies: list[AlipayNotice], chance: Random) -> bool:
        """Send everything at once and in no order; True when each was acknowledged."""
        shuffled = list(copies)
        chance.shuffle(shuffled)
        return all(await asyncio.gather(*(self.deliver(notice) for notice in shuffled)))
