"""The relay: carries committed events from the outbox to the bus, in order per lane, and marks what was acknowledged.

Sending and marking are two transactions: a crash between them sends again, and consumers drop what they know.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import itemgetter
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy import CursorResult, text

from shared.background_failures import BackgroundFailures
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap
from shared.database.engine import Database
from shared.database.row import fetch_all
from shared.messaging.bus.backoff import Backoff, cancelled_from_outside, linger, pause
from shared.messaging.bus.envelope import Envelope, to_headers
from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.protocol import Bus, BusRefused, Outgoing, PartitionId
from shared.messaging.outbox.lanes import LEASE_S, Lanes
from shared.messaging.outbox.own_topic import OwnTopic
from shared.messaging.outbox.wake import woken
from shared.messaging.topics.installation import join_installation

BATCH = 500
BATCH_PER_LANE = 200
POLL_S = 0.5
# It reads, sends and marks by turns, so one connection of its own is enough.
POOL = 1
# Its name among the background work of a process: what wakes it and what says that it fails.
RELAY = "relay"

_log = structlog.get_logger("canbao.relay")

_HELD = ColumnMap[tuple[int, int]]({"lane": ("integer", itemgetter(0)), "token": ("bigint", itemgetter(1))})
# What was announced after a restoration and before its epoch began was moved into that epoch. The event before one of a
# later epoch may be of an earlier one, and may have been purged since.
_UNPUBLISHED = text(
    """
    SELECT o.id, o.lane, o.topic, o.key, o.aggregate_seq, o.event, o.region, o.benefit_year, o.actor, o.service,
           o.correlation_id, o.causation_id, o.recorded_at, CAST(o.payload AS text) AS payload,
           coalesce(m.epoch, o.epoch) AS epoch,
           CASE WHEN coalesce(m.epoch, o.epoch) > 1 AND o.aggregate_seq > 1 THEN coalesce(
               (SELECT coalesce(bm.epoch, b.epoch) FROM outbox b LEFT JOIN outbox_moved bm ON bm.id = b.id
                WHERE b.key = o.key AND b.aggregate_seq = o.aggregate_seq - 1), 1)
           ELSE coalesce(m.epoch, o.epoch) END AS previous_epoch
    FROM unnest(CAST(:lanes AS integer[])) AS l (lane)
    CROSS JOIN LATERAL (
        SELECT * FROM outbox WHERE lane = l.lane AND published_at IS NULL ORDER BY position LIMIT :per_lane
    ) AS o
    LEFT JOIN outbox_moved m ON m.id = o.id
    ORDER BY o.position
    LIMIT :batch
    """
)
# Nothing here says that the rows are unpublished, although they are: that would offer the planner the index of all such
# rows, and marking a batch would take as long as the backlog is.
_MARK = _HELD.statement(
    """
    WITH mine AS MATERIALIZED (
        SELECT l.lane FROM relay_lane l
        JOIN {rows} ON n.lane = l.lane AND n.token = l.token AND l.owner = :me
        ORDER BY l.lane FOR SHARE OF l
    )
    UPDATE outbox o SET published_at = clock_timestamp()
    WHERE o.id = ANY (CAST(:ids AS uuid[])) AND o.lane IN (SELECT lane FROM mine)
    """
)


async def run_relay(
    *,
    database: Database,
    bus: Bus,
    service: str,
    region: str,
    failures: BackgroundFailures,
    stop: asyncio.Event,
    wake: asyncio.Event,
) -> None:
    """Send what the outbox holds until ``stop`` is set; raises only if database or bus belong to others."""
    relay = Relay(database=database, bus=bus, service=service, region=region, failures=failures)
    await relay.run(stop, wake)


class Relay:
    """One relay of a service; several share the lanes."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        service: str,
        region: str,
        failures: BackgroundFailures,
        lease_s: float = LEASE_S,
    ) -> None:
        self._database, self._bus, self._service, self._region = database, bus, service, region
        self._failures, self._lease_s = failures, lease_s
        self.lanes = Lanes(database, region, lease_s)
        self._own_topic = OwnTopic(database, bus, service, region)
        self._blocked: dict[int, tuple[float, Backoff]] = {}
        self._log = _log.bind(service=service)

    async def run(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """Send until ``stop`` is set."""
        backoff = Backoff()
        ready = False
        with woken(self._database, wake):
            while not stop.is_set():
                try:
                    if not ready:
                        await self.prepare()
                        ready = True
                    wake.clear()
                    began = monotonic()
                    sent = await self.step()
                    took_s = monotonic() - began
                    if self._own_topic.due:
                        await self._own_topic.look()
                    if not self._blocked:
                        self._failures.succeeded(RELAY)
                    if sent == 0:
                        await _rest(stop, wake)
                    if sent < BATCH:
                        await linger(stop, took_s)
                    backoff.reset()
                except BusRefused:
                    raise
                except (Exception, asyncio.CancelledError) as error:
                    if isinstance(error, asyncio.CancelledError) and cancelled_from_outside():
                        raise
                    self._failed("relay interrupted", error)
                    # The database may be another now: a standby that lacks the last commits.
                    ready = False
                    await pause(stop, backoff.next())
        await self._release_lanes()

    async def prepare(self) -> None:
        """Check that database and bus are this installation's, and make the service's topic."""
        await join_installation(database=self._database, bus=self._bus, service=self._service, region=self._region)
        await self._own_topic.look()

    async def step(self) -> int:
        """Send one batch and mark what was acknowledged; answers how many events were marked."""
        if self.lanes.due:
            await self.lanes.renew()
        tokens = dict(self.lanes.held)
        records = await self._fetch([lane for lane in tokens if self._may_send(lane)])
        # Sending may take its whole time limit; it must end within the lease.
        if not records or self.lanes.age_s > self._lease_s / 2:
            return 0
        outcome = await self._bus.send(records)
        acknowledged = self._acknowledged(records, outcome)
        marked = await self._mark(acknowledged, tokens) if acknowledged else 0
        if any(outcome):
            # If the topic was deleted, only this service creates it again.
            await self._bus.create_topics([self._service])
        return marked

    async def _fetch(self, lanes: Collection[int]) -> Sequence[Outgoing]:
        if not lanes:
            return ()
        async with self._database.transaction(self._region) as session:
            wanted = {"lanes": sorted(lanes), "per_lane": BATCH_PER_LANE, "batch": BATCH}
            return await fetch_all(session, _UNPUBLISHED, self._outgoing, wanted)

    async def _mark(self, records: Sequence[Outgoing], tokens: dict[int, int]) -> int:
        held = _HELD.arrays(list(tokens.items()))
        async with self._database.transaction(self._region) as session:
            result = await session.execute(
                _MARK, held | {"me": self.lanes.owner, "ids": sorted(record.id for record in records)}
            )
            marked = result.rowcount if isinstance(result, CursorResult) else 0
        if marked < len(records):
            self._log.warning("a lane was taken over while it was sent", sent=len(records), marked=marked)
        return marked

    def _acknowledged(self, records: Sequence[Outgoing], outcome: Sequence[Exception | None]) -> list[Outgoing]:
        """Per lane what came before its first failure; the lane waits, the others go on."""
        failed: dict[int, Exception] = {}
        acknowledged = []
        for record, error in zip(records, outcome, strict=True):
            lane = record.partition_id.partition
            if error is not None:
                failed.setdefault(lane, error)
            if lane not in failed:
                acknowledged.append(record)
        for lane in {record.partition_id.partition for record in records}:
            if lane in failed:
                _, backoff = self._blocked.get(lane, (0.0, Backoff()))
                self._blocked[lane] = (monotonic() + backoff.next(), backoff)
                self._failed("lane blocked", failed[lane], lane=lane, attempt=backoff.count)
            else:
                self._blocked.pop(lane, None)
        return acknowledged

    def _may_send(self, lane: int) -> bool:
        until, _ = self._blocked.get(lane, (0.0, None))
        return until <= monotonic()

    def _outgoing(
        self,
        id: UUID,  # noqa: A002 - the name of the column
        lane: int,
        topic: str,
        key: UUID,
        aggregate_seq: int,
        event: str,
        region: str,
        benefit_year: int | None,
        actor: str,
        service: str,
        correlation_id: UUID,
        causation_id: UUID | None,
        recorded_at: datetime,
        payload: str,
        epoch: int,
        previous_epoch: int,
    ) -> Outgoing:
        envelope = Envelope(
            id=id,
            event=event,
            publisher=service,
            key=key,
            seq=aggregate_seq,
            region=region,
            benefit_year=benefit_year,
            occurred_at=recorded_at,
            trace=Trace(actor, correlation_id, causation_id),
            epoch=epoch,
            previous_epoch=previous_epoch if previous_epoch != epoch else None,
        )
        return Outgoing(
            partition_id=PartitionId(topic, lane),
            id=id,
            key=str(key).encode(),
            headers=to_headers(envelope, self._bus.installation),
            value=payload.encode(),
        )

    def _failed(self, what: str, error: BaseException, **more: int) -> None:
        summary = error_summary(error)
        self._failures.failed(RELAY, summary, monotonic())
        self._log.warning(what, error=summary, **more)

    async def _release_lanes(self) -> None:
        try:
            await self.lanes.leave()
        except Exception as error:
            # The lease ends by itself.
            self._log.info("lanes not given back", error=error_summary(error))


async def _rest(stop: asyncio.Event, wake: asyncio.Event) -> None:
    """Wait until woken, stopped, or the next poll is due."""
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(wake.wait())]
    try:
        await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
