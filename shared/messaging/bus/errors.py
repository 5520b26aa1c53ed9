"""Which errors pass by themselves and which never will: the first are waited out, the second become dead letters."""

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
# Whose errors speak in sentences that we wrote, without the values they are about.
_OURS = ("services", "shared", "verify")


class Transient(Exception):
    """A handler says: not now, try the whole batch again later."""


# A cancellation here is one that escaped from a client library's inner task; nobody asks about a real one.
_PASSING = (Transient, OSError, TimeoutError, exc.TimeoutError, KafkaError, asyncio.CancelledError)


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can succeed; an error that is not known to pass is permanent."""
    if isinstance(error, _PASSING):
        return True
    if isinstance(error, exc.DBAPIError):
        return error.connection_invalidated or _passes(error.orig)
    return _passes(error)


def described(error: BaseException) -> str:
    """The error in one line, without the values it was about: those may say who a person is."""
    said = _said(error)
    # A text column takes neither NUL nor half a surrogate pair, and a poison event must not poison its own obituary.
    said = said.replace("\0", "�").encode(errors="replace").decode()
    return f"{type(error).__name__}: {said}".removesuffix(": ")[:_ERROR_LENGTH]


def _said(error: BaseException) -> str:
    """What is known to hold no value: our own sentences, names of places, and what the network says."""
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return "; ".join(f"{_place_of(p)}: {_kind_of(p)}" for p in problems[:5])
    if isinstance(error, exc.DBAPIError):
        return _refusal_of(error.orig)
    ours = type(error).__module__.partition(".")[0] in _OURS
    return str(error) if ours or isinstance(error, KafkaError | OSError) else ""


def _place_of(problem: Mapping[str, Any]) -> str:
    """Where it stands; the name of a field that is not ours was chosen by the sender."""
    known = problem["loc"][:-1] if problem["type"] == "extra_forbidden" else problem["loc"]
    return ".".join(map(str, known))


def _kind_of(problem: Mapping[str, Any]) -> str:
    """pydantic's own sentences name no input; those of a validator may."""
    return str(problem["type"] if problem["type"] in ("value_error", "assertion_error") else problem["msg"])


def _refusal_of(error: BaseException | None) -> str:
    """What the database refused, by code and place: its sentences quote values."""
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
