"""The callback of WeChat Pay. Public: the signature is the caller's credential."""

from time import perf_counter
from uuid import UUID

from fastapi import APIRouter, Request, Response
from prometheus_client import Histogram
from starlette.requests import ClientDisconnect

from services.payment.callbacks.openapi import ANSWERS, NOTICE
from services.payment.channels.wechat import CHANNEL
from services.payment.channels.wechat.notice import open_notice
from services.payment.channels.wechat.reply import FAILED, status_of
from services.payment.channels.wechat.signature import Refusal, Refused, verify
from services.payment.notices.group_commit import IntakeUnavailable, NoticeUnstorable
from services.payment.notices.notice import ChannelNotice, Evidence, NoticeSource
from services.payment.resources import PaymentResources
from shared.domain.ids import new_id
from shared.service import ServiceContext
from shared.web.lean_route import LeanRoute
from shared.web.request_log import log_request

BODY_LIMIT = 64 * 1024
PATH = "/v1/callbacks/wechat/{mchid}"
_PREFIX = b"wechatpay-"

# Its count per outcome is the rate; a channel waits five seconds for an answer. Refused notices alarm by outcome
# (deploy/prometheus/alerts.yml), except probes: WeChat probes on purpose.
_CALLBACKS = Histogram(
    "canbao_callback_seconds",
    "From a callback's arrival to its answer, by what became of it",
    ["channel", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
_OUTCOMES = {refusal: _CALLBACKS.labels(CHANNEL, refusal.value) for refusal in Refusal}
_STORED = _CALLBACKS.labels(CHANNEL, "stored")
_TAKEN = Response(status_code=204)
_UNSTORABLE = _CALLBACKS.labels(CHANNEL, "unstorable")
_UNAVAILABLE = _CALLBACKS.labels(CHANNEL, "unavailable")


class WechatRoute(LeanRoute):
    """A route that answers a bug, too, in WeChat's form."""

    def failed(self, error: Exception, trace_id: UUID) -> Response:
        """Answer 500: WeChat Pay sends the notice again."""
        return _failed(super().failed(error, trace_id).status_code)


ROUTER = APIRouter(route_class=WechatRoute)


@ROUTER.post(PATH, status_code=204, response_model=None, responses=ANSWERS, openapi_extra=NOTICE)
async def take_wechat_notice(request: Request) -> Response:
    """Take a signed notice of WeChat Pay: answered 204 once it is durable, 4xx or 5xx in WeChat's form otherwise."""
    context: ServiceContext[PaymentResources] = request.app.state.running
    began = perf_counter()
    try:
        notice, evidence = await _verified(request, request.path_params["mchid"], context)
    except Refused as refused:
        _OUTCOMES[refused.refusal].observe(perf_counter() - began)
        return _refused(context, began, status_of(refused.refusal), refused.refusal.value)
    except ClientDisconnect:
        return _refused(context, began, 400, "disconnected")
    try:
        await context.resources.notices.store(notice, evidence)
    except NoticeUnstorable:
        _UNSTORABLE.observe(perf_counter() - began)
        return _refused(context, began, 400, "unstorable")
    except IntakeUnavailable:
        _UNAVAILABLE.observe(perf_counter() - began)
        return _refused(context, began, 503, "unavailable")
    _STORED.observe(perf_counter() - began)
    return _TAKEN


async def _verified(
    request: Request, merchant_id: str, context: ServiceContext[PaymentResources]
) -> tuple[ChannelNotice, Evidence]:
    merchant = context.resources.merchants.get(merchant_id)
    if merchant is None:
        raise Refused(Refusal.UNKNOWN_MERCHANT)
    headers = _wechat_headers(request.scope["headers"])
    body = await _bounded_body(request)
    signed = verify(merchant, headers, body, context.clock.now())
    evidence = Evidence(NoticeSource.NOTICE, body, signed.serial, signed.signed_at)
    return open_notice(merchant, body, context.resources.region), evidence


def _wechat_headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """The signature's headers; a header that comes twice leaves open which one is meant, so it is refused."""
    found: dict[str, str] = {}
    for name, value in raw:
        if name.startswith(_PREFIX):
            key = name.decode("latin-1")
            if key in found:
                raise Refused(Refusal.HEADER_REPEATED)
            found[key] = value.decode("latin-1")
    return found


async def _bounded_body(request: Request) -> bytes:
    """Read at most 64 KiB, whatever the client announces; the rest is not waited for."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > BODY_LIMIT:
        raise Refused(Refusal.TOO_LARGE)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise Refused(Refusal.TOO_LARGE)
        chunks.append(chunk)
    return b"".join(chunks)


def _refused(context: ServiceContext[object], began: float, status: int, reason: str) -> Response:
    """Answer in WeChat's form, and log why: a kept notice is a row, a refused one leaves only this line."""
    path, trace_id = context.service.prefix + PATH, str(new_id())
    log_request(client="-", method="POST", path=path, status=status, began=began, reason=reason, trace_id=trace_id)
    return _failed(status)


def _failed(status: int) -> Response:
    return Response(FAILED, status_code=status, media_type="application/json")
