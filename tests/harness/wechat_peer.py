"""A WeChat Pay of the test's own: real HTTP on loopback, keys made at run time, records of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.domain.clock import SystemClock
from shared.setting_groups.partners import WechatMerchant
from simulator.wechat import notices
from simulator.wechat.signatures import Platform, sealed, signature_headers
from tests.harness.channel_bills import BillsAtChannel
from tests.harness.eventually import eventually

MCHID = "1900000109"
APPID = "wx8888888888888888"
API_V3_KEY = "0123456789abcdef0123456789abcdef"
SERIAL = "PUB_KEY_ID_0119000001092024"
CERTIFICATE_SERIAL = "7132D72A03E93CDDF8C03BBD1F37EEDF0F1A2B3C"
MERCHANT_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key pair per name, made once per test run."""
    return rsa.generate_private_key(65537, 2048)


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The public half, as a platform hands it out."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def merchant(folder: Path, mchid: str = MCHID, appid: str = APPID) -> WechatMerchant:
    """The settings of a merchant whose keys lie in a folder."""
    private, platform = folder / f"{mchid}.key.pem", folder / f"{mchid}.platform.pem"
    private.touch(mode=0o600)
    private.write_bytes(
        rsa_key("merchant").private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    platform.write_bytes(public_pem(rsa_key("platform")))
    return WechatMerchant(
        mchid=mchid,
        appid=appid,
        api_v3_key=API_V3_KEY,
        merchant_serial=MERCHANT_SERIAL,
        merchant_private_key_file=private,
        platform_keys={SERIAL: platform},
    )


@dataclass(frozen=True)
class SignedNotice:
    """A notice as it goes over the wire."""

    headers: dict[str, str]
    body: bytes

    def with_headers(self, **changes: str | None) -> "SignedNotice":
        """The same body under other headers; None takes one away. Names are given with underscores."""
        headers = dict(self.headers)
        for name, value in changes.items():
            key = "Wechatpay-" + name.replace("_", "-").title()
            headers.pop(key, None)
            if value is not None:
                headers[key] = value
        return SignedNotice(headers, self.body)


def sign(body: bytes, *, key: str = "platform", serial: str = SERIAL, at: datetime | None = None) -> SignedNotice:
    """Sign bytes as the platform does."""
    moment = int((at or SystemClock().now()).timestamp())
    return SignedNotice(signature_headers(body, rsa_key(key), serial, moment), body)


def envelope(event_type: str, plaintext: bytes, *, notify_id: str | None = None, api_v3_key: str = API_V3_KEY) -> bytes:
    """Seal a resource into a notice's envelope."""
    resource = sealed(plaintext, "transaction", api_v3_key.encode())
    return notices.envelope(notify_id or str(uuid4()), event_type, resource, SystemClock().now().isoformat())


def paid_plaintext(order_no: str, amount_fen: int, **changes: Any) -> dict[str, Any]:
    """What WeChat says of a payment; ``changes`` replace top-level fields."""
    transaction = f"42{uuid4().int % 10**26:026d}"
    moment = "2023-10-08T10:34:56+08:00"
    plain = notices.paid_plain(order_no, transaction, amount_fen, moment=moment, mchid=MCHID, appid=APPID)
    return plain | {"payer": {"openid": "o-canary-openid"}} | changes


def paid_notice(order_no: str, amount_fen: int, *, notify_id: str | None = None, **changes: Any) -> SignedNotice:
    """A signed notice that somebody paid."""
    plaintext = json.dumps(paid_plaintext(order_no, amount_fen, **changes)).encode()
    return sign(envelope("TRANSACTION.SUCCESS", plaintext, notify_id=notify_id))


def refund_id(refund: dict[str, Any]) -> str:
    """The channel's own number of a refund that it was asked for."""
    return "50" + str(refund["out_refund_no"])[-28:]


def refund_notice(refund: dict[str, Any], status: str = "SUCCESS", **changes: Any) -> SignedNotice:
    """A signed notice of what became of a refund that this peer was asked for."""
    plaintext = (
        {
            "mchid": MCHID,
            "out_trade_no": "unsaid",
            "transaction_id": refund["transaction_id"],
            "out_refund_no": refund["out_refund_no"],
            "refund_id": refund_id(refund),
            "refund_status": status,
            "amount": {"total": refund["amount"]["total"], "refund": refund["amount"]["refund"]},
        }
        | ({"success_time": "2023-10-09T09:00:00+08:00"} if status == "SUCCESS" else {})
        | changes
    )
    return sign(envelope(f"REFUND.{status}", json.dumps(plaintext).encode()))


@dataclass
class WechatPeer:
    """What WeChat would know: orders and refunds as it was asked for them."""

    url: str = ""
    mchid: str = MCHID
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    paid: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    # What a question about a refund is answered; one that is not here is not known.
    refund_answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    out_of_order: bool = False
    answers_queries: bool = True
    refuses_refunds: str | None = None
    refuses_closing: str | None = None
    signs_with: str = "platform"
    # While the merchant switches from certificate to public key, both sign: the one that a request names.
    switching: bool = False
    headers: list[dict[str, str]] = field(default_factory=list)
    answers_unsigned: tuple[int, bytes] | None = None
    bills: BillsAtChannel = field(default_factory=BillsAtChannel)

    def pay(self, order_no: str, **changes: Any) -> dict[str, Any]:
        """Somebody pays an order here; what WeChat then says of it, without sending a notice."""
        self.states[order_no] = "SUCCESS"
        self.paid[order_no] = paid_plaintext(order_no, self.orders[order_no]["amount"]["total"], **changes)
        return self.paid[order_no]

    async def answer(self, request: Request) -> Response:
        """Answer one signed request."""
        body = await request.body()
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.calls.append(f"{request.method} {target}")
        self.headers.append(dict(request.headers))
        if self.out_of_order or (request.method == "GET" and not self.answers_queries):
            return Response(status_code=502)
        if self.answers_unsigned is not None:
            return Response(self.answers_unsigned[1], status_code=self.answers_unsigned[0])
        if not _platform(self.mchid).is_from_merchant(request.headers["authorization"], request.method, target, body):
            return Response(json.dumps({"code": "SIGN_ERROR", "message": "签名错误"}), status_code=401)
        if request.url.path == "/v3/billdownload/file":
            # The answer to a download carries no signature.
            found, content = self.bills.download(request.query_params["token"])
            return Response(content, status_code=found)
        if request.url.path.startswith("/v3/bill/"):
            answered = self.bills.answer(self.url, request.url.path, request.query_params["bill_date"])
            return self._signed(*answered, named=request.headers.get("wechatpay-serial"))
        status, value = self._handle(request, json.loads(body) if body else {})
        return self._signed(status, value, named=request.headers.get("wechatpay-serial"))

    def _handle(self, request: Request, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        path, order_no = request.url.path, request.path_params.get("order_no", "")
        if path.endswith("/native"):
            order_no = body["out_trade_no"]
            self.orders[order_no] = body
            self.states.setdefault(order_no, "NOTPAY")
            return 200, {"code_url": f"weixin://wxpay/bizpayurl?pr={order_no[-8:]}"}
        if path.endswith("/refunds"):
            self.refunds.append(body)
            if self.refuses_refunds is not None:
                return 403, {"code": self.refuses_refunds}
            return 200, {"refund_id": refund_id(body), "out_refund_no": body["out_refund_no"], "status": "PROCESSING"}
        if "/refunds/" in path:
            return self._refund_question(request.path_params["refund_no"])
        if self.refuses_closing is not None and path.endswith("/close"):
            return 403, {"code": self.refuses_closing}
        if order_no not in self.orders:
            return 404, {"code": "ORDER_NOT_EXIST"}
        if not path.endswith("/close"):
            return 200, self.paid.get(order_no, {"trade_state": self.states[order_no]})
        if self.states[order_no] == "SUCCESS":
            return 400, {"code": "ORDERPAID"}
        self.states[order_no] = "CLOSED"
        return 204, None

    def _refund_question(self, refund_no: str) -> tuple[int, dict[str, Any]]:
        if refund_no not in self.refund_answers:
            return 404, {"code": "RESOURCE_NOT_EXISTS"}
        return 200, {"out_refund_no": refund_no} | self.refund_answers[refund_no]

    def _signed(self, status: int, value: dict[str, Any] | None, *, named: str | None) -> Response:
        body = b"" if value is None else json.dumps(value).encode()
        signed = sign(body, key=self.signs_with)
        if self.switching and named != SERIAL:
            signed = sign(body, key="certificate", serial=CERTIFICATE_SERIAL)
        return Response(body, status_code=status, headers=signed.headers)


@cache
def _platform(mchid: str) -> Platform:
    merchant_key = rsa_key("merchant").public_key()
    return Platform(SERIAL, rsa_key("platform"), mchid, APPID, MERCHANT_SERIAL, merchant_key, API_V3_KEY.encode())


@asynccontextmanager
async def wechat_peer(mchid: str = MCHID) -> AsyncIterator[WechatPeer]:
    """A platform on a free port that knows one merchant, for the length of a block."""
    peer = WechatPeer(mchid=mchid)
    routes = [
        Route("/v3/pay/transactions/native", peer.answer, methods=["POST"]),
        Route("/v3/pay/transactions/out-trade-no/{order_no}/close", peer.answer, methods=["POST"]),
        Route("/v3/pay/transactions/out-trade-no/{order_no}", peer.answer),
        Route("/v3/refund/domestic/refunds", peer.answer, methods=["POST"]),
        Route("/v3/refund/domestic/refunds/{refund_no}", peer.answer),
        Route("/v3/bill/tradebill", peer.answer),
        Route("/v3/bill/fundflowbill", peer.answer),
        Route("/v3/billdownload/file", peer.answer),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started, message="the channel answers")
        port = server.servers[0].sockets[0].getsockname()[1]
        peer.url = f"http://127.0.0.1:{port}"
        yield peer
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task
