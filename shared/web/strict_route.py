"""Strict routes: the caller is authorised before the body is read, and the request is read without guessing.

A body with two equal keys, text that no column can hold, or an unknown parameter could be read as a different request
than the one that was meant. Such requests are refused with the reason.
"""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import HTTPException, RequestValidationError
from fastapi.params import Form, Query
from fastapi.routing import APIRoute

from shared.errors import DomainError, ErrorCode
from shared.web.dependencies import authorize
from shared.web.strict_json import is_storable, read_json

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_QUERY_BYTES = 4 * 1024
_LENGTH_DIGITS = 20
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


class UnsupportedMediaType(DomainError):
    """The body is not of the kind that the route reads."""

    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class BodyTooLarge(HTTPException):
    """The body is larger than any request of ours; the rest of it is not waited for."""

    def __init__(self) -> None:
        super().__init__(413)


class StrictRequest(Request):
    """A request whose body is bounded and whose JSON is read without guessing."""

    most_bytes: ClassVar[int] = MAX_BODY_BYTES

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body, piece by piece; raises BodyTooLarge as soon as that is known."""
        announced = self.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:_LENGTH_DIGITS]) > self.most_bytes:
            raise BodyTooLarge
        size = 0
        async with aclosing(super().stream()) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > self.most_bytes:
                    raise BodyTooLarge
                yield piece

    async def json(self) -> Any:
        """The body; raises JSONDecodeError with the reason where it can be read in two ways or not at all."""
        return read_json(await self.body())


class StrictRoute(APIRoute):
    """A route that authorises the caller first, then reads strictly."""

    request_class: ClassVar[type[StrictRequest]] = StrictRequest

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind authorisation and strict reading."""
        handle = super().get_route_handler()
        known = _query_names(self)
        wanted = body_type(self)

        async def handle_strictly(request: Request) -> Response:
            authorize(request, self)
            _refuse_unclear_query(request, known)
            if wanted is not None:
                _refuse_other_type(request, wanted)
            return await handle(self.request_class(request.scope, request.receive))

        return handle_strictly


def _query_names(route: APIRoute) -> frozenset[str]:
    return frozenset(field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query))


def body_type(route: APIRoute) -> str | None:
    """The media type of the body that a route reads, if it reads one."""
    if route.body_field is None:
        return None
    return FORM_TYPE if isinstance(route.body_field.field_info, Form) else JSON_TYPE


def _refuse_other_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted and (given or request.headers.get("content-length", "0") != "0"):
        raise UnsupportedMediaType(f"此处接收 {wanted} · is read here")


def _refuse_unclear_query(request: Request, known: frozenset[str]) -> None:
    """A parameter that is unknown, comes twice or holds what no text column takes changes what is asked."""
    if len(request.scope.get("query_string", b"")) > MAX_QUERY_BYTES:
        raise _malformed("", f"a query string has at most {MAX_QUERY_BYTES} bytes", "too_long")
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise _malformed(name, "the parameter is not known here", "extra_forbidden")
        if name in seen:
            raise _malformed(name, "the parameter comes twice", "repeated")
        if not is_storable(value):
            raise _malformed(name, "the text holds a control character", "unstorable")
        seen.add(name)


def _malformed(name: str, message: str, kind: str) -> RequestValidationError:
    where = ("query", name) if name else ("query",)
    return RequestValidationError([{"type": kind, "loc": where, "msg": message, "input": None}])
