"""ChinaUMS's API: every request must carry the signature of the merchant's application."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.chinaums import bills
from simulator.chinaums.account import BillRefused, ChinaumsAccount
from simulator.chinaums.notices import ChinaumsNoticeSender
from simulator.chinaums.signatures import ChinaumsPlatform, now_in_beijing

ChinaumsAnswering = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class ChinaumsPeer:
    """The channel as a server. It gives money back at once, and says so when it is asked."""

    account: ChinaumsAccount
    platform: ChinaumsPlatform
    notice_sender: ChinaumsNoticeSender
    signs_answers: bool = False

    def routes(self) -> list[Route]:
        """Its addresses."""
        answers: dict[str, ChinaumsAnswering] = {
            "/v1/netpay/bills/get-qrcode": self.account.open,
            "/v1/netpay/bills/query": self._query,
            "/v1/netpay/bills/close-qrcode": self._close,
            "/v1/netpay/bills/refund": self.account.refund,
            "/v1/netpay/refund-query": self._query_refund,
        }
        routes = [Route(path, self._signed_endpoint(answer), methods=["POST"]) for path, answer in answers.items()]
        return [*routes, Route("/settlement/{mid}/{day}.txt", self._settlement, methods=["GET"])]

    def _signed_endpoint(self, answer: ChinaumsAnswering) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            body = await request.body()
            if not self.platform.is_from_merchant(request.headers.get("authorization", ""), body):
                return self._answered({"errCode": "SIGN_ERROR", "errMsg": "签名错误"}, 401)
            asked = json.loads(body)
            try:
                said = {"errCode": "SUCCESS", **await answer(self._own(asked))}
            except BillRefused as refused:
                said = {"errCode": refused.code, "errMsg": refused.code}
            echoed = {name: asked[name] for name in ("mid", "tid", "instMid", "msgId") if name in asked}
            return self._answered(said | echoed | {"responseTimestamp": f"{now_in_beijing():%Y-%m-%d %H:%M:%S}"})

        return handle

    def _own(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("mid") != self.platform.mid or asked.get("tid") != self.platform.tid:
            raise BillRefused("NO_MERCHANT")
        return asked

    def _answered(self, said: dict[str, Any], status: int = 200) -> Response:
        raw = json.dumps(said, ensure_ascii=False).encode()
        headers = {"Authorization": self.platform.answer_header(raw)} if self.signs_answers else {}
        return Response(raw, status, headers=headers, media_type="application/json")

    async def _query(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.account.question(asked)

    async def _close(self, asked: dict[str, Any]) -> dict[str, Any]:
        return await self.account.close(str(asked["qrCodeId"]))

    async def _query_refund(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self.account.refund_question(str(asked["merOrderId"]))

    async def _settlement(self, request: Request) -> Response:
        if not self.platform.is_from_merchant(request.headers.get("authorization", ""), b""):
            return Response(status_code=401)
        written = request.path_params["day"]
        day = f"{written[:4]}-{written[4:6]}-{written[6:8]}"
        content = bills.file_of(self.account, day) if request.path_params["mid"] == self.platform.mid else None
        if content is None:
            return Response(status_code=404)
        return Response(content, 200 if content else 204, media_type="text/plain")
