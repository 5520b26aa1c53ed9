"""Transient and permanent errors: the first are retried, the second become dead letters."""

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from sqlalchemy import exc

# SQLSTATE classes and codes that the same statement may survive a moment later: connection, rollback by deadlock or
# serialisation, resources, operator intervention (timeouts among it), system, lock not available, object in use.
_PASSING_CLASSES = ("08", "40", "53", "57", "58")
_PASSING_CODES = ("55P03", "55006")
_ERROR_LENGTH = 500
# Packages whose error messages never contain the values they are about.
_OWN_PACKAGES = ("services", "shared", "verify")


class Transient(Exception):
    """Raised by a handler: try the whole batch again later."""


# A cancellation here escaped from a client library's inner task; a real one is never passed to this function.
_PASSING = (Transient, OSError, TimeoutError, exc.TimeoutError, KafkaError, asyncio.CancelledError)


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can succeed; an error that is not known to pass is permanent."""
    if isinstance(error, _PASSING):
        return True
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or _passes(error.orig)
    return _passes(error)


def error_summary(error: BaseException) -> str:
    """The error in one line, without the values it was about: they may identify a person."""
    text = _text_without_values(error)
    # The text is stored: PostgreSQL rejects NUL and lone surrogates in it.
    text = text.replace("\0", "�").encode(errors="replace").decode()
    return f"{type(error).__name__}: {text}".removesuffix(": ")[:_ERROR_LENGTH]


def _text_without_values(error: BaseException) -> str:
    """The parts known to hold no value: messages of our own classes, field names and network errors."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{_field_of(p)}: {_kind_of(p)}" for p in problems[:5])
    if isinstance(error, exc.DBAPIError):
        return _database_error(error.orig)
    ours = type(error).__module__.partition(".")[0] in _OWN_PACKAGES
    return str(error) if ours or isinstance(error, KafkaError | OSError) else ""


def _field_of(problem: Mapping[str, Any]) -> str:
    """Where it stands; the name of a field that is not ours was chosen by the sender."""
    known = problem["loc"][:-1] if problem["type"] == "extra_forbidden" else problem["loc"]
    return ".".join(map(str, known))


def _kind_of(problem: Mapping[str, Any]) -> str:
    """pydantic's own sentences name no input; those of a validator may."""
    return str(problem["type"] if problem["type"] in ("value_error", "assertion_error") else problem["msg"])


def _database_error(error: BaseException | None) -> str:
    """A database error by its code, table and constraint: its own message quotes values."""
    while error is not None and getattr(error, "sqlstate", None) is None and error.__cause__ is not None:
        error = error.__cause__
    places = (getattr(error, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name"))
    return " ".join([type(error).__name__, *filter(None, places)])


def _passes(error: BaseException | None) -> bool:
    if error is None:
        return False
    if isinstance(error, OSError | asyncpg.InvalidCachedStatementError):
        return True
    # "connection is closed" passes; a value that no column takes (a ValueError too) does not.
    if isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError):
        return True
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(_PASSING_CLASSES) or state in _PASSING_CODES
    # SQLAlchemy wraps the driver's error once more.
    return _passes(error.__cause__)
