"""Alipay's gateway: one address for every method. It answers only what the app signed, and signs what it answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.alipay import bills
from simulator.alipay.account import AlipayAccount, AlipayRefusal
from simulator.alipay.notices import AlipayNotice, AlipayNoticeSender
from simulator.alipay.signatures import AlipayPlatform

GATEWAY = "/gateway.do"
Answering = Callable[[dict[str, Any], Mapping[str, str]], Awaitable[dict[str, str]]]


@dataclass(slots=True)
class AlipayPeer:
    """Alipay as a server; a refund that was carried out is notified a moment later, to the payment's address.

    ``crash_next`` is how many requests are carried out, and their answer breaks off: what became of them is unknown.
    With ``drops_notices`` it sends none by itself. ``printed`` are bills, by type and day, that say something else than
    what happened.
    """

    account: AlipayAccount
    platform: AlipayPlatform
    notice_sender: AlipayNoticeSender
    crash_next: int = 0
    drops_notices: bool = False
    printed: dict[tuple[str, str], bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _sending: set[asyncio.Task[bool]] = field(default_factory=set)

    def routes(self) -> list[Route]:
        """Its addresses."""
        return [
            Route(GATEWAY, self._gateway, methods=["GET", "POST"]),
            Route("/downloadBillFile.resource", self._download_bill, methods=["GET"]),
        ]

    async def _gateway(self, request: Request) -> Response:
        form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        parameters = dict(request.query_params) | dict(form)
        method = parameters.get("method", "")
        self.calls.append(method)
        if not self.platform.is_from_app(parameters):
            # It was not the app that asked: such an answer carries no signature.
            said = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature"}
            return Response(json.dumps({"error_response": said}), media_type="application/json")
        node = await self._answered(method, parameters, str(request.base_url))
        content = self.platform.answer(f"{method.replace('.', '_')}_response", node)
        if self.crash_next:
            self.crash_next -= 1
            return Response(content[: len(content) // 2], media_type="application/json")
        return Response(content, media_type="application/json;charset=utf-8")

    async def _answered(self, method: str, parameters: Mapping[str, str], base_url: str) -> dict[str, str]:
        asked = json.loads(parameters.get("biz_content", "{}"))
        answers: dict[str, Answering] = {
            "alipay.trade.precreate": self._precreate,
            "alipay.trade.create": self._create,
            "alipay.trade.wap.pay": self._create,
            "alipay.trade.query": self._query,
            "alipay.trade.close": self._close,
            "alipay.trade.refund": self._refund,
            "alipay.trade.fastpay.refund.query": self._query_refund,
            "alipay.data.dataservice.bill.downloadurl.query": self._bill,
        }
        if method not in answers:
            return {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-method"}
        try:
            said = await answers[method](asked, {**parameters, "base_url": base_url})
        except AlipayRefusal as refusal:
            return {"code": "40004", "msg": "Business Failed", "sub_code": refusal.sub_code, "sub_msg": "业务失败"}
        return {"code": "10000", "msg": "Success", **said}

    async def _precreate(self, asked: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
        return await self.account.precreate(asked, parameters.get("notify_url", ""))

    async def _create(self, asked: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
        return await self.account.create(asked, parameters.get("notify_url", ""))

    async def _query(self, asked: dict[str, Any], _: Mapping[str, str]) -> dict[str, str]:
        return self.account.question(asked["out_trade_no"])

    async def _close(self, asked: dict[str, Any], _: Mapping[str, str]) -> dict[str, str]:
        said = await self.account.close(asked["out_trade_no"])
        self._notify(self.account.closed_notice(asked["out_trade_no"]))
        return said

    async def _refund(self, asked: dict[str, Any], _: Mapping[str, str]) -> dict[str, str]:
        said = await self.account.refund(asked)
        if said["fund_change"] == "Y":
            self._notify(self.account.refund_notice(asked.get("out_request_no") or said["out_trade_no"]))
        return said

    async def _query_refund(self, asked: dict[str, Any], _: Mapping[str, str]) -> dict[str, str]:
        return self.account.refund_question(asked)

    async def _bill(self, asked: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, str]:
        found = bills.address(self.account, asked["bill_type"], asked["bill_date"], parameters["base_url"])
        return {"bill_download_url": found}

    async def _download_bill(self, request: Request) -> Response:
        asked = request.query_params["bizType"], request.query_params["bizDates"]
        found = self.printed.get(asked) or bills.content(self.account, *asked)
        return Response(found or b"", 200 if found else 404, media_type="application/zip")

    def _notify(self, notice: AlipayNotice) -> None:
        """Deliver a notice in the background, now and then twice."""
        if self.drops_notices:
            return
        copies = [notice] * Random(notice.id).choice((1, 1, 2))
        task = asyncio.create_task(self.notice_sender.deliver_all(copies, Random(notice.id)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def aclose(self) -> None:
        """Send nothing any more."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
