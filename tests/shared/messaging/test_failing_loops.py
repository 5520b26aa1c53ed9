"""A relay or consumer that fails says so to its process, and says when it works again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.background_failures import BackgroundFailures
from shared.domain.ids import new_id
from tests.harness.eventually import eventually
from tests.shared.messaging.example_services import LISTENER, RecordingHandlers, Stage, arrived

pytestmark = [pytest.mark.expects_errors, pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)]
_UNDEFINED_TABLE = "ProgrammingError: ProgrammingError 42P01"


@asynccontextmanager
async def running(run: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.ensure_future(run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def last_errors(failures: BackgroundFailures) -> dict[str, str]:
    return {work: failure.error for work, failure in failures.by_work.items()}


async def test_a_relay_without_its_outbox_fails_until_the_outbox_is_back(stage: Stage) -> None:
    failures = BackgroundFailures()
    relay = stage.relay("station", failures=failures)
    async with running(lambda stop: relay.run(stop, asyncio.Event())):
        await eventually(lambda: relay.lanes.held, within_s=20)
        await stage.sql("station", "ALTER TABLE outbox RENAME TO outbox_away")
        await eventually(lambda: last_errors(failures) == {"relay": _UNDEFINED_TABLE}, within_s=20)
        await stage.sql("station", "ALTER TABLE outbox_away RENAME TO outbox")
        await eventually(lambda: not failures.by_work, within_s=20)


async def test_a_consumer_without_its_cursors_fails_until_they_are_back(stage: Stage) -> None:
    failures = BackgroundFailures()
    consumer = stage.consumer(RecordingHandlers(), failures=failures)
    await stage.sql(LISTENER, "ALTER TABLE cursor RENAME TO cursor_away")
    await stage.announce(arrived(new_id()))
    await stage.relayed()
    async with running(consumer.run):
        await eventually(lambda: last_errors(failures) == {"consumer": _UNDEFINED_TABLE}, within_s=20)
        first = failures.by_work["consumer"]
        await eventually(lambda: failures.by_work["consumer"].last_s > first.last_s, within_s=20)
        assert failures.by_work["consumer"].first_s == first.first_s, "nothing in between was taken for a success"
        await stage.sql(LISTENER, "ALTER TABLE cursor_away RENAME TO cursor")
        await stage.until_recorded(1)
        await eventually(lambda: not failures.by_work, within_s=20)


async def test_a_consumer_on_a_quiet_bus_works_again_without_a_batch(stage: Stage) -> None:
    failures = BackgroundFailures()
    await stage.announce(arrived(new_id()))
    await stage.relayed()
    async with stage.listening(RecordingHandlers(), failures=failures, watchdog_s=2.0):
        await stage.until_recorded(1)
        failures.failed("consumer", "KafkaConnectionError", 0.0)
        await eventually(lambda: not failures.by_work, within_s=20)
