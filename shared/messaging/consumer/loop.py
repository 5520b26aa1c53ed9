"""The consumer: reads the bus in a loop. Offset and cursor in its own database make each event count once."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from time import monotonic
from typing import Any

import structlog

from shared.background_failures import BackgroundFailures
from shared.database.engine import Database
from shared.messaging.bus.backoff import Backoff, cancelled_from_outside, linger, pause
from shared.messaging.bus.errors import error_summary, is_transient
from shared.messaging.bus.protocol import Bus, BusRefused, Incoming, Member, PartitionId
from shared.messaging.consumer.ingestion import IngestResult, ingest
from shared.messaging.consumer.subscription import Handler, Subscription
from shared.messaging.consumer.watchdog import PeriodicChecks, StallDetector
from shared.messaging.topics import offsets
from shared.messaging.topics.offset_tracker import TRUSTED_S, OffsetTracker, fingerprint
from shared.messaging.topics.offsets import OffsetAdvance

__all__ = ["Consumer", "Handler", "Subscription", "run_consumer"]

BATCH = 500
POLL_S = 0.5
# How long a partition may stand still while records wait in it before the member leaves and joins again.
WATCHDOG_S = 20.0
# Its name among the background work of a process that may fail.
CONSUMER = "consumer"

_log = structlog.get_logger("canbao.consumer")


class Rejoin(Exception):
    """Leave the group and join again: what is assigned has become doubtful, or topics have appeared."""


async def run_consumer(
    *,
    database: Database,
    bus: Bus,
    service: str,
    region: str,
    subscriptions: Sequence[Subscription],
    resources: object,
    failures: BackgroundFailures,
    stop: asyncio.Event,
) -> None:
    """Handle subscribed events until ``stop`` is set; raises only if the bus belongs to another installation."""
    consumer = Consumer(
        database=database,
        bus=bus,
        service=service,
        region=region,
        subscriptions=subscriptions,
        resources=resources,
        failures=failures,
    )
    await consumer.run(stop)


class Consumer:
    """One member of a service's group."""

    def __init__(
        self,
        *,
        database: Database,
        bus: Bus,
        service: str,
        region: str,
        subscriptions: Sequence[Subscription],
        resources: object,
        failures: BackgroundFailures,
        watchdog_s: float = WATCHDOG_S,
        trusted_s: float = TRUSTED_S,
    ) -> None:
        self.database, self._bus, self._service, self._region = database, bus, service, region
        self._subscriptions, self._resources = subscriptions, resources
        self._wanted = {subscription.event.publisher() for subscription in subscriptions}
        self._failures, self._watchdog_s = failures, watchdog_s
        self._offsets = OffsetTracker(trusted_s)
        self._pending: list[Incoming] = []
        self._lost: set[PartitionId] = set()
        self._backoff = Backoff()
        # Held while a transaction runs, so that nothing is revoked under it.
        self._transaction_running = asyncio.Lock()
        self._log = _log.bind(service=service)

    @property
    def partition_ids(self) -> list[PartitionId]:
        """The partitions that this member reads at the moment."""
        return self._offsets.partition_ids()

    async def run(self, stop: asyncio.Event) -> None:
        """Join, work and join again until ``stop`` is set."""
        while not stop.is_set():
            try:
                topics = await self._existing_topics()
                if not topics:
                    await pause(stop, POLL_S)
                    continue
                async with self._bus.join(self._service, topics, self) as member:
                    await self._work(member, topics, stop)
            except BusRefused:
                raise
            except Rejoin as reason:
                self._log.info("rejoining", reason=str(reason))
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and cancelled_from_outside():
                    raise
                # A permanent error is a bug of ours: it is retried for ever and logged as an error.
                log = self._log.warning if is_transient(error) else self._log.error
                log("consumer interrupted", error=self._failed(error))
                await pause(stop, self._backoff.next())

    # --- what the bus says ---

    async def assigned(self, partition_ids: Collection[PartitionId]) -> Mapping[PartitionId, int]:
        """Take over partitions where the database says; keeps asking until the database answers."""
        backoff = Backoff()
        async with self._transaction_running:
            while True:
                try:
                    async with self.database.transaction(self._region) as session:
                        stored = await offsets.load(session, sorted(partition_ids))
                    break
                except Exception as error:
                    if not is_transient(error):
                        raise
                    self._failed(error)
                    await asyncio.sleep(backoff.next())
            return self._offsets.assign(stored)

    async def revoked(self, partition_ids: Collection[PartitionId]) -> None:
        """Give up partitions once the transaction that runs has ended."""
        gone = set(partition_ids)
        async with self._transaction_running:
            self._offsets.revoke(gone)
            self._pending = [record for record in self._pending if record.partition_id not in gone]

    # --- the work ---

    async def _existing_topics(self) -> list[str]:
        """The topics to read that exist by now; a publisher creates its own."""
        if not self._wanted:
            return []
        found = await self._bus.topics()
        for topic in sorted(self._wanted & found.keys()):
            if found[topic] != self._bus.partitions:
                raise BusRefused.for_partitions(topic, found[topic], self._bus.partitions)
        return sorted(self._wanted & found.keys())

    async def _work(self, member: Member, topics: Sequence[str], stop: asyncio.Event) -> None:
        checks, stall = PeriodicChecks(self._watchdog_s), StallDetector()
        while not stop.is_set():
            if self._lost:
                await self._reload_offsets(member, self._lost)
                self._lost = set()
            records = await member.poll(BATCH, POLL_S)
            if records:
                began = monotonic()
                await self._accept(member, records)
                await self._ingest_pending(stop)
                self._backoff.reset()
                self._failures.succeeded(CONSUMER)
                if len(records) < BATCH:
                    await linger(stop, monotonic() - began)
            if checks.compare_due():
                if stuck := stall.observe(self._offsets.next_offsets(), await member.ends()):
                    self._log.warning(
                        "partitions stand still", partition_ids=[f"{at.topic}/{at.partition}" for at in stuck]
                    )
                    raise Rejoin("records are waiting, none arrive")
                # A quiet bus brings no batch that would show it: it has read for a while, and nothing stood still.
                if self.partition_ids:
                    self._failures.succeeded(CONSUMER)
            if checks.commit_due():
                await member.commit_offsets(self._offsets.next_offsets())
            if checks.topics_due():
                await self._check_topics(member, topics)

    async def _check_topics(self, member: Member, topics: Sequence[str]) -> None:
        """Find what no record shows: a topic that has appeared, or one that was recreated and is shorter now."""
        if len(topics) < len(self._wanted) and len(await self._existing_topics()) > len(topics):
            raise Rejoin("a topic has appeared")
        if self._offsets.unproven:
            for partition_id in self._offsets.shortened(await self._bus.ends(self._offsets.unproven)):
                await self._read_from_start(member, partition_id)

    async def _accept(self, member: Member, records: Sequence[Incoming]) -> None:
        # A client may fetch before its offset is set, or after a partition was revoked: neither counts. What it
        # fetched across a rebalance does not follow the last handled record, and is read again.
        ours = [record for record in records if self._offsets.holds(record.partition_id)]
        accepted = self._offsets.accept(ours, monotonic())
        self._pending = accepted.records
        for partition_id, start in accepted.again.items():
            await member.seek(partition_id, start)
        for partition_id in accepted.recreated:
            await self._read_from_start(member, partition_id)

    async def _read_from_start(self, member: Member, partition_id: PartitionId) -> None:
        """The topic is not the one we read before: read it from its beginning, the cursors know what is new."""
        self._log.warning("topic was recreated", topic=partition_id.topic, partition=partition_id.partition)
        async with self._transaction_running:
            if not self._offsets.holds(partition_id):
                return
            advance = OffsetAdvance(partition_id, self._offsets.next_offset(partition_id), 0, None)
            async with self.database.transaction(self._region) as session:
                await offsets.compare_and_set(session, [advance])
        await self._reload_offsets(member, [partition_id])

    async def _ingest_pending(self, stop: asyncio.Event) -> None:
        """Take in what was polled; after repeated trouble in smaller portions, but never skipping any."""
        backoff = Backoff()
        portion = BATCH
        while self._pending and not stop.is_set():
            try:
                await self._ingest(portion)
                portion = BATCH
                backoff.reset()
            except Exception as error:
                if not is_transient(error):
                    raise
                self._log.warning("batch will be tried again", error=self._failed(error), attempt=backoff.count + 1)
                await pause(stop, backoff.next())
                if backoff.count > 1:
                    portion = max(1, min(portion, len(self._pending)) // 2)
        self._pending = []

    async def _ingest(self, portion: int) -> None:
        """One transaction: move the offsets, and take in the records of those that this member could move."""
        async with self._transaction_running:
            batch = self._pending[:portion]
            advances = self._advances(batch)
            if not advances:
                return
            async with self.database.transaction(self._region) as session:
                owned = await offsets.compare_and_set(session, list(advances.values()))
                mine = [record for record in batch if record.partition_id in owned]
                result = await self._ingest_records(session, mine)
            for partition_id in owned:
                last = advances[partition_id].last_event_id
                assert last is not None  # noqa: S101 - a move over records has a last one
                self._offsets.advanced(partition_id, advances[partition_id].next_offset, last)
            lost = set(advances) - owned
            self._lost |= lost
            self._pending = [record for record in self._pending[len(batch) :] if record.partition_id not in lost]
        for dead in result.dead:
            self._log.warning("an event cannot be handled", **dead.facts())
        if result.parked:
            self._log.warning("events wait for the one before them", parked=result.parked)
        if lost:
            self._log.warning("another member was here", partitions=len(lost))

    def _failed(self, error: BaseException) -> str:
        """Note a failure; answers its summary."""
        summary = error_summary(error)
        self._failures.failed(CONSUMER, summary, monotonic())
        return summary

    async def _ingest_records(self, session: Any, records: Sequence[Incoming]) -> IngestResult:
        return await ingest(
            session, records, subscriptions=self._subscriptions, resources=self._resources, region=self._region
        )

    def _advances(self, batch: Sequence[Incoming]) -> dict[PartitionId, OffsetAdvance]:
        last = {record.partition_id: record for record in batch}
        return {
            partition_id: OffsetAdvance(
                partition_id, self._offsets.next_offset(partition_id), record.offset + 1, fingerprint(record)
            )
            for partition_id, record in last.items()
        }

    async def _reload_offsets(self, member: Member, partition_ids: Collection[PartitionId]) -> None:
        """Ask the database where these partitions stand and read on from there."""
        async with self._transaction_running:
            held = [partition_id for partition_id in partition_ids if self._offsets.holds(partition_id)]
            async with self.database.transaction(self._region) as session:
                starts = self._offsets.assign(await offsets.load(session, held))
            for partition_id, start in starts.items():
                await member.seek(partition_id, start)
