"""Which error codes a route can answer: those of every route, and those that its endpoint names."""

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi.routing import APIRoute

from shared.errors import DomainError, ErrorCode
from shared.web.dependencies import scope_of, whole_area_only
from shared.web.strict_route import FORM_TYPE, body_type

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])
_MARK = "__refusals__"


def responses_for(*errors: type[DomainError]) -> Callable[[EndpointT], EndpointT]:
    """Name the refusals that an endpoint can raise; a test compares what is answered with what is named."""

    def mark(endpoint: EndpointT) -> EndpointT:
        setattr(endpoint, _MARK, errors)
        return endpoint

    return mark


def error_codes_of(route: APIRoute) -> list[ErrorCode]:
    """Every code that a route can answer, in the catalogue's order."""
    codes = {ErrorCode.MALFORMED_REQUEST, ErrorCode.DATABASE_UNAVAILABLE, ErrorCode.INTERNAL_ERROR}
    codes |= {error.code for error in _named(route)}
    if scope_of(route) is not None:
        codes |= {ErrorCode.UNAUTHENTICATED, ErrorCode.SCOPE_MISSING}
    if whole_area_only(route):
        codes.add(ErrorCode.POOLING_AREA_REQUIRED)
    body = body_type(route)
    if body is not None:
        codes |= {ErrorCode.BODY_TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE}
    if body == FORM_TYPE:
        codes.add(ErrorCode.BAD_REQUEST)
    return [code for code in ErrorCode if code in codes]


def statuses_with_retry_after(route: APIRoute) -> set[int]:
    """The statuses whose refusals can say in ``Retry-After`` when the same request is expected to succeed."""
    own = {error.code.value.status for error in _named(route) if error.retry_after_s is not None}
    return own | {ErrorCode.DATABASE_UNAVAILABLE.value.status}


def _named(route: APIRoute) -> tuple[type[DomainError], ...]:
    named: tuple[type[DomainError], ...] = getattr(route.endpoint, _MARK, ())
    return named
