"""Refusals as RFC 9457 problem+json: a stable code, a title and a remedy, each in Chinese and English."""

import traceback
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from asyncpg import InterfaceError, PostgresConnectionError
from asyncpg.exceptions import (
    CannotConnectNowError,
    LockNotAvailableError,
    OperatorInterventionError,
    TooManyConnectionsError,
    TransactionRollbackError,
)
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.errors import DomainError, ErrorCode
from shared.malformed_values import malformed
from shared.messaging.bus.errors import error_summary, is_transient

log = structlog.get_logger(__name__)
_RETRY_AFTER_S = "5"
_POINTER_LIMIT = 200
_UNAVAILABLE = (
    PostgresConnectionError,
    CannotConnectNowError,
    OperatorInterventionError,
    TooManyConnectionsError,
    LockNotAvailableError,
    TransactionRollbackError,
    InterfaceError,
    PoolTimeout,
    OSError,
    TimeoutError,
)
# OAuth's names: RFC 6749 section 5.2 for the token endpoint, RFC 6750 section 3.1 for all others.
_OAUTH = {
    ErrorCode.INVALID_TOKEN_REQUEST: "invalid_request",
    ErrorCode.INVALID_CLIENT: "invalid_client",
    ErrorCode.UNSUPPORTED_GRANT_TYPE: "unsupported_grant_type",
    ErrorCode.UNAUTHENTICATED: "invalid_token",
    ErrorCode.SCOPE_MISSING: "insufficient_scope",
}
_BY_STATUS = {404: ErrorCode.NOT_FOUND, 405: ErrorCode.METHOD_NOT_ALLOWED, 413: ErrorCode.BODY_TOO_LARGE}


class Problem(Response):
    """A refusal as the caller reads it."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """As JSON."""
        return orjson.dumps(content)


def problem(
    code: ErrorCode,
    *,
    trace_id: UUID,
    detail: str | None = None,
    pointer: str | None = None,
    errors: list[dict[str, Any]] | None = None,
    existing: UUID | None = None,
    order_no: str | None = None,
    headers: dict[str, str] | None = None,
) -> Problem:
    """Render one code of the catalogue."""
    spec = code.value
    body: dict[str, Any] = {
        "type": f"urn:canbao:error:{code.name.lower().replace('_', '-')}",
        "code": code.name,
        "status": spec.status,
        "title": spec.zh,
        "title_en": spec.en,
        "remedy": spec.remedy_zh,
        "remedy_en": spec.remedy_en,
        "trace_id": str(trace_id),
    }
    if code in _OAUTH:
        body |= {"error": _OAUTH[code], "error_description": spec.en}
    if detail:
        body["detail"] = detail
    if pointer:
        errors = [{"pointer": pointer, "detail": detail or spec.both}]
    if errors:
        body["errors"] = errors
    if existing:
        body["existing"] = str(existing)
    if order_no:
        body["order_no"] = order_no
    return Problem(body, status_code=spec.status, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    for kind in _UNAVAILABLE:
        app.add_exception_handler(kind, _interrupted)
    app.add_exception_handler(Exception, _bug)


def trace_id(request: Request) -> UUID:
    """The identifier that joins a reply, its log lines and the events it caused."""
    known = getattr(request.state, "correlation_id", None)
    if known is None:
        known = request.state.correlation_id = uuid4()
    return UUID(str(known))


def _refused(request: Request, error: Exception) -> Problem:
    assert isinstance(error, DomainError)  # noqa: S101 - registered for this type
    return problem(
        error.code,
        trace_id=trace_id(request),
        detail=error.detail,
        pointer=error.pointer,
        existing=error.existing,
        order_no=error.order_no,
        headers=_next_time(error) or _challenge(request, error.code),
    )


def _next_time(error: DomainError) -> dict[str, str] | None:
    return None if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}


def _challenge(request: Request, code: ErrorCode) -> dict[str, str] | None:
    """The WWW-Authenticate header; the reason is given only to a caller that sent credentials."""
    if code is ErrorCode.INVALID_CLIENT:
        return {"WWW-Authenticate": 'Basic realm="canbao"'}
    if code not in (ErrorCode.UNAUTHENTICATED, ErrorCode.SCOPE_MISSING):
        return None
    brought = f', error="{_OAUTH[code]}"' if request.headers.get("authorization") else ""
    return {"WWW-Authenticate": f'Bearer realm="canbao"{brought}'}


def _malformed(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type
    return problem(
        ErrorCode.MALFORMED_REQUEST, trace_id=trace_id(request), errors=[_item(each) for each in error.errors()[:20]]
    )


def _item(item: dict[str, Any]) -> dict[str, Any]:
    """One thing that is wrong, by its JSON pointer. The input itself is left out: it can hold a person's number."""
    if item["type"] == "json_invalid":
        return {"pointer": "", "detail": f"不是 JSON · not JSON: {item['ctx']['error']}", "kind": item["type"]}
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in item["loc"][1:])
    return {"pointer": pointer[:_POINTER_LIMIT], "detail": malformed(item["type"], item["msg"]), "kind": item["type"]}


async def outside(request: Request, error: Exception) -> Problem:
    """A path or method that no service has."""
    return _http(request, error)


def _http(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type
    code = _BY_STATUS.get(error.status_code, ErrorCode.BAD_REQUEST)
    return problem(
        code, trace_id=trace_id(request), detail=_no_address(request, code), headers=dict(error.headers or {})
    )


def _no_address(request: Request, code: ErrorCode) -> str | None:
    """Said of an address that nothing has, apart from a thing that the caller may not see."""
    if code is not ErrorCode.NOT_FOUND:
        return None
    docs = f"{request.scope.get('root_path', '')}/docs"
    return f"没有这个地址，见 {docs} · no such path, see {docs}"


def _database(request: Request, error: Exception) -> Problem:
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for this type
    if "row-level security" in str(error.orig):
        # A row outside the caller's region was refused: to that caller the place does not exist.
        return problem(ErrorCode.NOT_FOUND, trace_id=trace_id(request))
    return _interrupted(request, error)


def _interrupted(request: Request, error: Exception) -> Problem:
    # The driver's InterfaceError is a lost connection or a value that no column takes: only one of them passes.
    return _unavailable(request, error) if is_transient(error) else _bug(request, error)


def _unavailable(request: Request, error: Exception) -> Problem:
    found = trace_id(request)
    log.warning("database not available", error=error_summary(error), trace_id=str(found))
    return problem(ErrorCode.DATABASE_UNAVAILABLE, trace_id=found, headers={"Retry-After": _RETRY_AFTER_S})


def _bug(request: Request, error: Exception) -> Problem:
    return bug(error, trace_id(request))


def bug(error: Exception, trace_id: UUID) -> Problem:
    """Log an unexpected error by its kind and place, without the values it was about, and answer 500."""
    log.error("unexpected error", error=error_summary(error), place=_place_of(error), trace_id=str(trace_id))
    return problem(ErrorCode.INTERNAL_ERROR, trace_id=trace_id)


def _place_of(error: BaseException) -> str:
    """The last place in our own code: file, line and function."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename and frame.lineno is not None]
    if not ours:
        return "-"
    file = "/".join(Path(ours[-1].filename).parts[-3:])
    return f"{file}:{ours[-1].lineno} {ours[-1].name}"
