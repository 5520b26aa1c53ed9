"""Which errors pass by themselves and which never will: the first are waited out, the second become dead letters."""

import asyncio

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError
from sqlalchemy import exc

# SQLSTATE classes and codes that the same statement may survive a moment later: connection, rollback by deadlock or
# serialisation, resources, operator intervention (timeouts among it), system, lock not available, object in use.
_PASSING_CLASSES = ("08", "40", "53", "57", "58")
_PASSING_CODES = ("55P03", "55006")
_ERROR_LENGTH = 500


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
    if isinstance(error, ValidationError):
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        said = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:5])
    elif isinstance(error, exc.DBAPIError):
        # The driver's first line names the constraint; the lines after it name the row.
        said = str(error.orig).partition("\n")[0]
    else:
        said = str(error)
    # A text column takes neither NUL nor half a surrogate pair, and a poison event must not poison its own obituary.
    said = said.replace("\0", "�").encode(errors="replace").decode()
    return f"{type(error).__name__}: {said}"[:_ERROR_LENGTH]


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
