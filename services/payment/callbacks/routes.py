"""The callbacks of channels: one route for each adapter. Public: what vouches for the caller is the message itself."""

from functools import cache
from time import perf_counter
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from prometheus_client import Histogram
from starlette.requests import ClientDisconnect

from services.payment.channels.adapter import ChannelAdapter
from services.payment.channels.callback import Callback, CallbackForm, Refusal, Refused, status_of
from services.payment.channels.table import ADAPTERS
from services.payment.notices.group_commit import IntakeUnavailable, NoticeUnstorable
from services.payment.resources import PaymentResources
from shared.domain.ids import new_id
from shared.service import ServiceContext
from shared.web.lean_route import Endpoint, LeanRoute
from shared.web.request_log import log_request

BODY_LIMIT = 64 * 1024
PATHS = frozenset(adapter.form.path for adapter in ADAPTERS)

# Its count per outcome is the rate; a channel waits some seconds for an answer. Refused notices alarm by outcome
# (deploy/prometheus/alerts.yml), except probes: WeChat probes on purpose.
_CALLBACKS = Histogram(
    "canbao_callback_seconds",
    "From a callback's arrival to its answer, by what became of it",
    ["channel", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


@cache
def _outcome(channel: str, outcome: str) -> Histogram:
    """The histogram of one outcome: both words are ours, never the caller's."""
    return _CALLBACKS.labels(channel, outcome)


for _adapter in ADAPTERS:
    for _refusal in Refusal:
        _outcome(_adapter.mechanism.value, _refusal.value)


def route_in(form: CallbackForm) -> type[LeanRoute]:
    """A lean route that answers a bug, too, in a channel's form."""

    class CallbackRoute(LeanRoute):
        def failed(self, error: Exception, trace_id: UUID) -> Response:
            return _failed(form, super().failed(error, trace_id).status_code)

    return CallbackRoute


def _endpoint(adapter: ChannelAdapter[Any]) -> Endpoint:
    """The endpoint of one adapter's calls."""
    form, mechanism, read = adapter.form, adapter.mechanism, adapter.read
    taken = Response(form.taken.content, status_code=form.taken.status, media_type=form.taken.media_type)

    async def take_notice(request: Request) -> Response:
        context: ServiceContext[PaymentResources] = request.app.state.running
        began = perf_counter()
        channel, merchant_id = mechanism.value, ""
        try:
            account = context.resources.accounts.by_call.get((mechanism, request.path_params[form.merchant_parameter]))
            if account is None:
                raise Refused(Refusal.UNKNOWN_MERCHANT)
            channel, merchant_id = account.channel, account.merchant_id
            body = await bounded_body(request)
            callback = Callback(request.scope["headers"], body, context.clock.now(), context.resources.region)
            notice, evidence = read(account, callback)
        except Refused as refused:
            _outcome(channel, refused.refusal.value).observe(perf_counter() - began)
            context.resources.refused.add(channel, merchant_id, refused.refusal.value, context.clock.now())
            return _refused(form, context, began, status_of(refused.refusal), refused.refusal.value)
        except ClientDisconnect:
            return _refused(form, context, began, 400, "disconnected")
        try:
            await context.resources.notices.store(notice, evidence)
        except NoticeUnstorable:
            _outcome(channel, "unstorable").observe(perf_counter() - began)
            context.resources.refused.add(channel, merchant_id, "unstorable", context.clock.now())
            return _refused(form, context, began, 400, "unstorable")
        except IntakeUnavailable:
            _outcome(channel, "unavailable").observe(perf_counter() - began)
            context.resources.refused.add(channel, merchant_id, "unavailable", context.clock.now())
            return _refused(form, context, began, 503, "unavailable")
        _outcome(channel, "stored").observe(perf_counter() - began)
        return taken

    take_notice.__doc__ = (
        "Take a signed notice: answered once it is durable, 4xx or 5xx in the channel's form otherwise."
    )
    return take_notice


def _router(adapter: ChannelAdapter[Any]) -> APIRouter:
    router = APIRouter(route_class=route_in(adapter.form))
    router.add_api_route(
        adapter.form.path,
        _endpoint(adapter),
        methods=["POST"],
        name=f"take_{adapter.mechanism.value.lower()}_notice",
        status_code=adapter.form.taken.status,
        response_model=None,
        response_class=Response,  # of the channel's own media type
        responses=adapter.form.responses,
        openapi_extra=adapter.form.request,
    )
    return router


ROUTERS = tuple(_router(adapter) for adapter in ADAPTERS)


async def bounded_body(request: Request) -> bytes:
    """Read at most 64 KiB, whatever the client announces; the rest is not waited for. Raises Refused."""
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


def _refused(form: CallbackForm, context: ServiceContext[object], began: float, status: int, reason: str) -> Response:
    """Answer in the channel's form, and log why: a kept notice is a row, a refused one leaves only this line."""
    path, trace_id = context.service.prefix + form.path, str(new_id())
    log_request(client="-", method="POST", path=path, status=status, began=began, reason=reason, trace_id=trace_id)
    return _failed(form, status)


def _failed(form: CallbackForm, status: int) -> Response:
    return Response(form.failed, status_code=status, media_type=form.failed_media_type)
