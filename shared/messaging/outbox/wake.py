"""Wake the relay of a database when something was committed to its outbox; polling catches what this misses."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.engine import Database

_Address = tuple[str | None, int | None, str | None]
_listening: dict[_Address, set[asyncio.Event]] = {}


def waker(session: AsyncSession) -> Callable[[], None]:
    """What to call after the session's commit: wakes the relays of its database in this process."""
    engine = session.sync_session.get_bind()
    address = _address(engine if isinstance(engine, Engine) else engine.engine)

    def wake() -> None:
        for signal in _listening.get(address, ()):
            signal.set()

    return wake


@contextmanager
def woken(database: Database, signal: asyncio.Event) -> Iterator[None]:
    """While the block runs, commits to the database's outbox in this process set the signal."""
    address = _address(database.engine.sync_engine)
    _listening.setdefault(address, set()).add(signal)
    try:
        yield
    finally:
        _listening[address].discard(signal)
        if not _listening[address]:
            del _listening[address]


def _address(engine: Engine) -> _Address:
    # A relay has its own pool, so the engine differs; the database is the same.
    return engine.url.host or str(engine.url.query.get("host", "")), engine.url.port, engine.url.database
