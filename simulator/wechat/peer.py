"""WeChat Pay's API: every request must carry the merchant's signature, every answer carries the channel's."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.wechat import bills
from simulator.wechat.account import ChannelAccount, ChannelRefusal
from simulator.wechat.notices import NoticeSender
from simulator.wechat.signatures import Platform

Answering = Callable[[Request, dict[str, Any]], Awaitable[tuple[int, dict[str, Any] | None]]]


@dataclass(slots=True)
class WechatPeer:
    """The channel as a server; refunds are notified to the merchant a moment after they were accepted."""

    account: ChannelAccount
    platform: Platform
    notice_sender: NoticeSender
    _sending: set[asyncio.Task[None]] = field(default_factory=set)

    def routes(self) -> list[Route]:
        """Its addresses, as in APIv3."""
        orders = "/v3/pay/transactions/out-trade-no/{number}"
        return [
            Route("/v3/pay/transactions/native", self._signed_endpoint(self._native), methods=["POST"]),
            Route(f"{orders}/close", self._signed_endpoint(self._close), methods=["POST"]),
            Route(orders, self._signed_endpoint(self._query), methods=["GET"]),
            Route("/v3/pay/transactions/id/{number}", self._signed_endpoint(self._query_transaction), methods=["GET"]),
            Route("/v3/refund/domestic/refunds", self._signed_endpoint(self._refund), methods=["POST"]),
            Route("/v3/refund/domestic/refunds/{number}", self._signed_endpoint(self._query_refund), methods=["GET"]),
            Route("/v3/bill/tradebill", self._signed_endpoint(self._bill(bills.TRADE)), methods=["GET"]),
            Route("/v3/bill/fundflowbill", self._signed_endpoint(self._bill(bills.FUND_FLOW)), methods=["GET"]),
            Route("/v3/billdownload/file", self._download_bill, methods=["GET"]),
        ]

    def _signed_endpoint(self, answer: Answering) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            body = await request.body()
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            signed = request.headers.get("authorization", "")
            try:
                if not self.platform.is_from_merchant(signed, request.method, target, body):
                    # It was not the merchant who asked: such an answer carries no signature.
                    return Response(json.dumps({"code": "SIGN_ERROR", "message": "签名错误"}), 401)
                status, content = await answer(request, json.loads(body) if body else {})
            except ChannelRefusal as refusal:
                status, content = refusal.status, {"code": refusal.code, "message": refusal.code}
            raw = b"" if content is None else json.dumps(content, ensure_ascii=False).encode()
            named = request.headers.get("wechatpay-serial")
            return Response(raw, status, headers=self.platform.answer_headers(raw, named))

        return handle

    def _bill(self, kind: str) -> Answering:
        async def answer(request: Request, _: dict[str, Any]) -> tuple[int, dict[str, Any]]:
            return 200, bills.offer(self.account, kind, request.query_params["bill_date"], str(request.base_url))

        return answer

    async def _download_bill(self, request: Request) -> Response:
        """Only the merchant may have it; the answer carries no signature."""
        target = f"{request.url.path}?{request.url.query}"
        if not self.platform.is_from_merchant(request.headers.get("authorization", ""), "GET", target, b""):
            return Response(json.dumps({"code": "SIGN_ERROR", "message": "签名错误"}), 401)
        return Response(bills.download(self.account, request.query_params["token"]), media_type="application/gzip")

    async def _native(self, request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if asked.get("mchid") != self.account.mchid or asked.get("appid") != self.account.appid:
            raise ChannelRefusal(400, "APPID_MCHID_NOT_MATCH")
        return 200, {"code_url": await self.account.open(asked)}

    async def _close(self, request: Request, asked: dict[str, Any]) -> tuple[int, None]:
        await self.account.close(request.path_params["number"])
        return 204, None

    async def _query(self, request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, self.account.question(request.path_params["number"])

    async def _query_transaction(self, request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, self.account.by_transaction(request.path_params["number"])

    async def _query_refund(self, request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, self.account.refund_question(request.path_params["number"])

    async def _refund(self, request: Request, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = await self.account.refund(asked)
        self.notify_refund(asked["out_refund_no"])
        return 200, answer

    def notify_refund(self, number: str) -> None:
        """Deliver a refund's notice in the background, unless that was done before."""
        if self.account.journal.get("told", number) is None:
            task = asyncio.create_task(self._deliver_refund_notice(number))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver_refund_notice(self, number: str) -> None:
        notice = self.account.refund_notice(number)
        if await self.notice_sender.deliver_all([notice, notice], Random(number)):
            await self.account.journal.put("told", number, True)
