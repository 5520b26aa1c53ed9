"""Routes of institutions: the signature over the raw body is the caller's credential, and the answer is signed too.

Refusals before the signature is known to be good are not signed, nor are errors of ours (5xx): after those an
institution asks what became of its payment.
"""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError

from services.payment.agent_signatures.keys import Institution
from services.payment.agent_signatures.signature import BadSignature, Fault, sign, verify
from services.payment.resources import PaymentResources
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext
from shared.web.strict_route import BodyTooLarge, StrictRoute

BODY_LIMIT = 16 * 1024
log = structlog.get_logger(__name__)


class AgentSignatureInvalid(DomainError):
    """No institution's fresh signature vouches for the message."""

    code = ErrorCode.AGENT_SIGNATURE_INVALID


class AgentMessageReplayed(DomainError):
    """A message with this nonce was taken a moment ago."""

    code = ErrorCode.AGENT_MESSAGE_REPLAYED


class SignedRoute(StrictRoute):
    """A route that checks the signature before it reads, and signs what it answers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler between both signatures."""
        handle = super().get_route_handler()

        async def handle_signed(request: Request) -> Response:
            running: ServiceContext[PaymentResources] = request.app.state.running
            institution = running.resources.institutions.get(request.path_params["institution"])
            if institution is None:
                raise NotFound
            body = await _bounded_body(request)
            nonce = _verified(request, running, institution, body)
            request.state.institution = institution
            answer = await _answered(handle, Request(request.scope, _received(body)))
            headers = sign(institution, answer.status_code, nonce, bytes(answer.body), running.clock.now())
            answer.headers.update(headers)
            return answer

        return handle_signed


def _verified(
    request: Request, running: ServiceContext[PaymentResources], institution: Institution, body: bytes
) -> str:
    now = running.clock.now()
    try:
        signed = verify(institution, request.method, request.url.path, request.scope["headers"], body, now)
    except BadSignature as bad:
        log.warning("an institution's message is refused", institution=institution.code, fault=bad.fault.value)
        stale = "时间戳超出范围 · the timestamp is out of range"
        raise AgentSignatureInvalid(stale if bad.fault is Fault.STALE else None) from None
    if not running.resources.nonces.take(institution.code, signed.nonce, now):
        raise AgentMessageReplayed
    return signed.nonce


async def _answered(handle: Callable[[Request], Coroutine[Any, Any, Response]], request: Request) -> Response:
    """The answer, a refusal among them: it, too, is ours to sign."""
    try:
        return await handle(request)
    except (DomainError, RequestValidationError) as refusal:
        handlers = request.app.exception_handlers
        refused = next(handlers[kind] for kind in type(refusal).__mro__ if kind in handlers)
        answer: Response = refused(request, refusal)
        return answer


async def _bounded_body(request: Request) -> bytes:
    """The raw body; raises BodyTooLarge as soon as that is known."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > BODY_LIMIT:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_LIMIT:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def _received(body: bytes) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    """The body once more, as the server gives it."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
