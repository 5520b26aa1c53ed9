"""Notices: signed again for every attempt, sent twice or fifty times, shuffled, until they are acknowledged."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from simulator.wechat.signatures import Platform

# The channel waits 15 s, 15 s, 30 s, 3 min, 10 min, 20 min, 30 min …; here a minute passes in twenty milliseconds.
RETRIES_S = (0.05, 0.05, 0.1, 0.2, 0.4, 0.6, 0.6, 0.6, 1.2, 2.0)
GIVE_UP_S = 180.0


@dataclass(frozen=True, slots=True)
class WechatNotice:
    """One event at the channel, to be sent to one address."""

    id: str
    event_type: str
    kind: str
    plain: dict[str, Any]
    notify_url: str
    created: str

    def body(self, platform: Platform) -> bytes:
        """The envelope, its resource encrypted again as the channel does for each attempt."""
        return envelope(self.id, self.event_type, platform.seal(self.plain, self.kind), self.created)


def envelope(notice_id: str, event_type: str, resource: dict[str, str], created: str) -> bytes:
    """A notice around its sealed resource, as it goes over the wire."""
    return json.dumps(
        {
            "id": notice_id,
            "create_time": created,
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功" if resource["original_type"] == "transaction" else "退款通知",
            "resource": resource,
        },
        ensure_ascii=False,
    ).encode()


def paid_plain(
    order_no: str, transaction: str, amount_fen: int, *, moment: str, mchid: str, appid: str
) -> dict[str, Any]:
    """What the channel says of a payment, before it is sealed."""
    return {
        "appid": appid,
        "mchid": mchid,
        "out_trade_no": order_no,
        "transaction_id": transaction,
        "trade_type": "NATIVE",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": moment,
        "payer": {"openid": f"o{transaction[-20:]}"},
        "amount": {
            "total": amount_fen,
            "payer_total": amount_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


@dataclass(slots=True)
class NoticeSender:
    """Delivers notices, few at a time; a refusal or a dead line means again, later, as the channel would."""

    platform: Platform
    client: httpx.AsyncClient
    at_once: int = 12
    attempts: int = 0
    refusals: int = 0
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.at_once)

    async def deliver(self, notice: WechatNotice) -> bool:
        """Send until acknowledged; False when the channel would have given up."""
        deadline, tries = time.monotonic() + GIVE_UP_S, 0
        while True:
            if await self._attempt(notice):
                return True
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(RETRIES_S[min(tries, len(RETRIES_S) - 1)])
            tries += 1

    async def _attempt(self, notice: WechatNotice) -> bool:
        async with self._gate:
            self.attempts += 1
            body = notice.body(self.platform)
            try:
                answer = await self.client.post(
                    notice.notify_url, content=body, headers=self.platform.headers(body), timeout=10
                )
            except httpx.TransportError:
                return False
        if answer.status_code in (200, 204):
            return True
        self.refusals += 1
        return False

    async def probe(self, notify_url: str) -> int:
        """A signature probe: not a valid signature on purpose; a merchant must refuse it and raise no alarm."""
        body = b"{}"
        headers = self.platform.headers(body)
        headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"][:40]
        async with self._gate:
            return (await self.client.post(notify_url, content=body, headers=headers, timeout=10)).status_code

    async def deliver_all(self, copies: list[WechatNotice], chance: Random) -> bool:
        """Send everything at once and in no order; True when each was acknowledged."""
        shuffled = list(copies)
        chance.shuffle(shuffled)
        return all(await asyncio.gather(*(self.deliver(notice) for notice in shuffled)))
