"""Portions of a file read in a thread beside the database: the next one while this one is written."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar

T = TypeVar("T")


async def read_aside(portions: Iterator[T]) -> AsyncGenerator[T]:
    """The same portions; what reading one raises is raised where it would have come."""
    upcoming = asyncio.ensure_future(asyncio.to_thread(next, portions, None))
    try:
        while (portion := await upcoming) is not None:
            upcoming = asyncio.ensure_future(asyncio.to_thread(next, portions, None))
            yield portion
    finally:
        # A thread that still reads must not outlive the file.
        await asyncio.wait([upcoming])
        if not upcoming.cancelled():
            upcoming.exception()
