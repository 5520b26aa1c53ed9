"""Waiting for a fact with a deadline: the one way in which a test may wait."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

from tests.harness.timeouts import stretched

T = TypeVar("T")


@overload
async def eventually(
    predicate: Callable[[], Awaitable[T]], *, within_s: float = ..., message: str = ..., every_s: float = ...
) -> T: ...


@overload
async def eventually(
    predicate: Callable[[], T], *, within_s: float = ..., message: str = ..., every_s: float = ...
) -> T: ...


async def eventually(
    predicate: Callable[[], T | Awaitable[T]], *, within_s: float = 10.0, message: str = "", every_s: float = 0.02
) -> T:
    """Ask until the answer is truthy or an assertion inside it holds, and return it; the last answer is in the failure.

    The predicate may be asynchronous; an AssertionError that it raises counts as "not yet". The deadline is that of a
    quiet machine; a busy one gets more (`stretch`).
    """
    began = time.monotonic()
    while True:
        refusal: AssertionError | None = None
        last: object = None
        try:
            answer = predicate()
            result: T = await answer if inspect.isawaitable(answer) else answer
            if result:
                return result
            last = result
        except AssertionError as not_yet:
            refusal = not_yet
        waited_s = time.monotonic() - began
        if waited_s > stretched(within_s):
            raise AssertionError(
                f"not within {waited_s:.1f} s: {message or predicate}; last: {refusal or last!r}"
            ) from refusal
        await asyncio.sleep(every_s)
