"""Runs services: opens what they need, keeps their background work alive, and closes it all in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic

import structlog

from shared.audit import seals
from shared.database.engine import Database
from shared.database.logins import NOT_RUNNING, is_stopped
from shared.domain.clock import Clock, SystemClock
from shared.messaging.bus.backoff import linger
from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.factory import open_bus
from shared.messaging.bus.protocol import Bus, BusRefused
from shared.messaging.consumer.loop import run_consumer
from shared.messaging.outbox.own_topic import OthersAreAhead, OwnTopic
from shared.messaging.outbox.relay import POOL as RELAY_POOL
from shared.messaging.outbox.relay import RELAY, run_relay
from shared.messaging.outbox.retention import purge_published
from shared.messaging.topics.installation import join_installation
from shared.metrics_collector import keep_gauges
from shared.service import Closable, Job, R, Role, Service, ServiceContext, Startable
from shared.settings import Settings

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_GRACE_S = 20.0
_LAST_SEAL_S = 2.0
# A step that did as much as this is called again without a pause to gather more.
_FULL = 200
log = structlog.get_logger(__name__)


async def _purge(run: ServiceContext) -> int:
    return await purge_published(run.database, run.settings.region)


async def _seal(run: ServiceContext) -> int:
    return await seals.seal(run.database, run.settings.region, run.service.name, run.service.audited_tables)


RETENTION = Job("retention", _purge, interval_s=86_400.0)
SEALING = Job("sealing", _seal, interval_s=seals.EVERY_S)


@asynccontextmanager
async def running(
    service: Service[R], settings: Settings, *, role: Role = "all", clock: Clock | None = None
) -> AsyncIterator[ServiceContext[R]]:
    """Run one service in the given role until the block ends; background work is awaited before anything closes."""
    pools = {"web": settings.pool_web, "work": settings.pool_work, "all": settings.pool_web + settings.pool_work}
    database = Database(
        settings.service_url(service.name), pool_size=pools[role], application_name=f"canbao {service.name}"
    )
    resources = service.resources(settings)
    run = ServiceContext(service, settings, clock or SystemClock(), database, resources, role)
    tasks: list[asyncio.Task[None]] = []
    try:
        if isinstance(resources, Startable):
            await resources.start(run)
        if role != "web":
            tasks = _start_work(run)
        yield run
    finally:
        run.stop.set()
        await _finish(tasks)
        if tasks:
            await _seal_before_leaving(run)
        if isinstance(resources, Closable):
            await resources.aclose()
        await database.dispose()


def _start_work(run: ServiceContext) -> list[asyncio.Task[None]]:
    work: dict[str, Callable[[], Awaitable[None]]] = {}
    if run.service.migrations is not None:
        work["messaging"] = partial(_messaging, run)
        work["retention"] = partial(_steps, run, RETENTION)
        work["sealing"] = partial(_steps, run, SEALING)
        if run.settings.metrics_port:
            work["gauges"] = partial(keep_gauges, run)
    for job in run.service.jobs:
        work[job.name] = partial(_steps, run, job, after_messaging=run.service.migrations is not None)
    return [asyncio.create_task(_supervise(run, name, start), name=name) for name, start in work.items()]


async def _messaging(run: ServiceContext) -> None:
    """Relay and consumer on one bus; if either fails, both begin again.

    No consumer joins before the bus is known to be ours: another installation's groups are left alone.
    """
    # Its own connection, so that a consumer or a route that uses up the pool never delays the renewal of a lane.
    async with open_bus(run.settings, run.service.name) as bus, _relays_database(run) as relays:
        try:
            await _join(run, bus, relays)
            run.bus, run.refused = bus, None
            run.may_work.set()
            await _relay_and_consume(run, bus, relays)
        except* OthersAreAhead as refusals:
            run.refused = str(refusals.exceptions[0])
            run.may_work.clear()
            log.error("others know what this database does not", service=run.service.name, reason=run.refused)
            raise
        except* BusRefused as refusals:
            run.refused = str(refusals.exceptions[0])
            run.may_work.set()
            log.error("the bus is not this installation's", service=run.service.name, reason=run.refused)
            raise
        finally:
            run.bus = None


async def _join(run: ServiceContext, bus: Bus, relays: Database) -> None:
    """See that the bus is ours and holds nothing that the database has lost; jobs begin without a bus that is away."""
    try:
        await join_installation(database=relays, bus=bus, service=run.service.name, region=run.settings.region)
        await OwnTopic(relays, bus, run.service.name, run.settings.region).refuse_if_behind()
    except BusRefused:
        raise
    except Exception:
        if run.refused is None:
            run.may_work.set()
        raise


@asynccontextmanager
async def _relays_database(run: ServiceContext) -> AsyncIterator[Database]:
    database = Database(
        run.settings.service_url(run.service.name),
        pool_size=RELAY_POOL,
        application_name=f"canbao {run.service.name} relay",
    )
    try:
        yield database
    finally:
        await database.dispose()


async def _relay_and_consume(run: ServiceContext, bus: Bus, relays: Database) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(
            run_relay(
                database=relays,
                bus=bus,
                service=run.service.name,
                region=run.settings.region,
                failures=run.failures,
                stop=run.stop,
                wake=run.wake_event(RELAY),
            )
        )
        if run.service.subscriptions:
            group.create_task(
                run_consumer(
                    database=run.database,
                    bus=bus,
                    service=run.service.name,
                    region=run.settings.region,
                    subscriptions=run.service.subscriptions,
                    resources=run.resources,
                    failures=run.failures,
                    stop=run.stop,
                )
            )


async def _steps(run: ServiceContext, job: Job, *, after_messaging: bool = False) -> None:
    wake = run.wake_event(job.name)
    while not run.stop.is_set():
        while after_messaging and not (run.may_work.is_set() or run.stop.is_set()):
            await _first(run.may_work, run.stop, timeout_s=_BACKOFF_S[-1])
        wake.clear()
        began = monotonic()
        done = await job.step(run)
        run.failures.succeeded(job.name)
        took_s = monotonic() - began
        if done == 0:
            await _first(wake, run.stop, timeout_s=job.interval_s)
        if done < _FULL:
            await linger(run.stop, took_s)


async def _supervise(run: ServiceContext, name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Start again after a failure, with growing pauses: a transient failure needs no operator."""
    failures = 0
    while not run.stop.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await start()
            return
        except Exception as error:
            if asyncio.get_running_loop().time() - began > 10 * _BACKOFF_S[-1]:
                failures = 0
            pause = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
            failures += 1
            reason = _summary(error)
            run.failures.failed(name, reason, monotonic())
            log.warning(
                "background work failed, starting again",
                service=run.service.name,
                work=name,
                error=reason,
                pause_s=pause,
            )
            await _first(run.stop, timeout_s=pause)


def _summary(error: BaseException) -> str:
    """What went wrong, without the values it was about: a database error's text can hold a person's data."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(_summary(inner) for inner in error.exceptions)
    return NOT_RUNNING if is_stopped(error) else error_summary(error)


async def _first(*events: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _seal_before_leaving(run: ServiceContext) -> None:
    """Nothing that was written waits for the next start to be sealed; where the database is away, it does."""
    with suppress(Exception):
        async with asyncio.timeout(_LAST_SEAL_S):
            while await _seal(run):
                pass


async def _finish(tasks: list[asyncio.Task[None]]) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=_GRACE_S)
    for task in late:
        task.cancel()
    for task in late:
        with suppress(asyncio.CancelledError):
            await task
