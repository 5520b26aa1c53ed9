"""Notices: with another meaningless field and a new signature each time, until they are answered with SUCCESS."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import httpx

from simulator.chinaums.signatures import ChinaumsPlatform

# The channel's own schedule is not public. This one doubles from a minute to an hour; here a minute passes in ten
# milliseconds.
RETRIES_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.6)
GIVE_UP_S = 180.0
TAKEN = b"SUCCESS"


@dataclass(frozen=True, slots=True)
class ChinaumsNotice:
    """One event at the channel, to be sent to one address."""

    fields: Mapping[str, str]
    notify_url: str

    def body(self, platform: ChinaumsPlatform, key_name: str | None = None) -> bytes:
        """The form; the channel puts a field of two letters into each that means nothing."""
        salt = Random(uuid4().int)
        noise = {"".join(salt.choices("abcdefghij", k=2)): "".join(salt.choices("klmnopqrst", k=4))}
        return platform.form({**self.fields, **noise}, key_name)


def scanned(bill: Mapping[str, Any], payment: Mapping[str, Any], platform: ChinaumsPlatform) -> dict[str, str]:
    """What the channel says of a code that was paid."""
    return {
        "billPayment": json.dumps(payment_details(payment), ensure_ascii=False, separators=(",", ":")),
        "billDesc": bill["description"],
        "merName": "某县医保 & 税务=合作",
        "mid": platform.mid,
        "tid": platform.tid,
        "instMid": "QRPAYDEFAULT",
        "billNo": bill["number"],
        "billDate": bill["date"],
        "billQRCode": code_address(bill["code_id"]),
        "qrCodeId": bill["code_id"],
        "qrCodeType": "BILLPAY",
        "billStatus": "PAID",
        "memo": "",
        "totalAmount": str(payment["amount_fen"]),
        "receiptAmount": str(payment["amount_fen"]),
        "createTime": payment["moment"],
        "seqId": payment["sequence"],
        "signType": "SHA256",
        "notifyId": payment["notify_id"],
        "subInst": "100200",
    }


def of_page(bill: Mapping[str, Any], payment: Mapping[str, Any], platform: ChinaumsPlatform) -> dict[str, str]:
    """What the channel says of an H5 page that was paid: no bill, and all of it in the form itself."""
    return {
        "msgType": "trade.notify",
        "mid": platform.mid,
        "tid": platform.tid,
        "instMid": "H5DEFAULT",
        "merOrderId": bill["number"],
        "orderDesc": bill["description"],
        "status": "TRADE_SUCCESS",
        "totalAmount": str(payment["amount_fen"]),
        "payTime": payment["moment"],
        "createTime": payment["moment"],
        "targetOrderId": payment["target"],
        "targetSys": "Alipay 2.0",
        "buyerId": payment["payer"],
        "seqId": payment["sequence"],
        "signType": "SHA256",
        "notifyId": payment["notify_id"],
    }


def payment_details(payment: Mapping[str, Any]) -> dict[str, Any]:
    """The payment inside a bill (``billPayment``)."""
    return {
        "payTime": payment["moment"],
        "paySeqId": payment["sequence"],
        "settleDate": payment["moment"][:10],
        "buyerId": payment["payer"],
        "totalAmount": payment["amount_fen"],
        "buyerPayAmount": payment["amount_fen"],
        "billBizType": "bills",
        "targetOrderId": payment["target"],
        "merOrderId": payment["number"],
        "status": "TRADE_SUCCESS",
        "targetSys": "UAC",
    }


def code_address(code_id: str) -> str:
    """What a code to scan says."""
    return f"https://qr.chinaums.example/bills/qrCode.do?id={code_id}"


@dataclass(slots=True)
class ChinaumsNoticeSender:
    """Delivers notices, few at a time; any answer but SUCCESS means again, later."""

    platform: ChinaumsPlatform
    client: httpx.AsyncClient
    at_once: int = 12
    attempts: int = 0
    refusals: int = 0
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.at_once)

    async def deliver(self, notice: ChinaumsNotice) -> bool:
        """Send until acknowledged; False when the channel would have given up."""
        deadline, tries = time.monotonic() + GIVE_UP_S, 0
        while not await self._attempt(notice):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(RETRIES_S[min(tries, len(RETRIES_S) - 1)])
            tries += 1
        return True

    async def deliver_all(self, copies: list[ChinaumsNotice], chance: Random) -> bool:
        """Send everything at once and in no order; True when each was acknowledged."""
        shuffled = list(copies)
        chance.shuffle(shuffled)
        return all(await asyncio.gather(*(self.deliver(notice) for notice in shuffled)))

    async def _attempt(self, notice: ChinaumsNotice) -> bool:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self._gate:
            self.attempts += 1
            try:
                answer = await self.client.post(
                    notice.notify_url, content=notice.body(self.platform), headers=headers, timeout=10
                )
            except httpx.TransportError:
                return False
        if answer.status_code == httpx.codes.OK and answer.content == TAKEN:
            return True
        self.refusals += 1
        return False
