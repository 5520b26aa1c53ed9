"""Readiness of a process, each part named."""

from collections.abc import Sequence
from typing import TypedDict

from sqlalchemy import text

from shared.service import Running

_PROBE = text("SELECT 1")


class Part(TypedDict):
    """One thing that a process needs, and whether it is there."""

    name: str
    ready: bool
    detail: str


async def readiness(services: Sequence[Running]) -> list[Part]:
    """Ask every part that these services need."""
    return [await _database(running) for running in services if running.service.migrations is not None]


async def _database(running: Running) -> Part:
    name = f"database {running.service.name}"
    try:
        async with running.database.engine.connect() as connection:
            await connection.execute(_PROBE)
    except Exception as error:  # whatever the driver raises, the answer is the same: not ready
        return Part(name=name, ready=False, detail=type(error).__name__)
    return Part(name=name, ready=True, detail="")
