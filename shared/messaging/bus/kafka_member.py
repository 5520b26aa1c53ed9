"""One member of a group on Kafka: reads where the database says, whatever Kafka remembers of the group."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.protocol import Incoming, PartitionId, RebalanceListener

_COMMIT_TIMEOUT_S = 2.0
_ENDS_TIMEOUT_S = 5.0
_STOP_TIMEOUT_S = 10.0
_REQUEST_TIMEOUT_MS = 10_000
# How soon a topic that was recreated elsewhere is noticed.
_METADATA_AGE_MS = 10_000
_MAX_POLL_INTERVAL_MS = 300_000

_log = structlog.get_logger("canbao.bus")


class KafkaMember:
    """Wraps one consumer of the client library."""

    def __init__(
        self,
        servers: str,
        *,
        group: str,
        topics: Collection[str],
        prefix: str,
        listener: RebalanceListener,
        client: str,
        session_timeout_ms: int,
    ) -> None:
        self._prefix, self._group = prefix, group
        self._topics = sorted(prefix + topic for topic in topics)
        self._closing = asyncio.Event()
        self._rebalances = _RebalanceHandler(self, listener)
        self.consumer = AIOKafkaConsumer(
            bootstrap_servers=servers,
            client_id=client,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=session_timeout_ms // 5,
            # A transaction that runs may end before the group goes on without us.
            rebalance_timeout_ms=30_000,
            max_poll_interval_ms=_MAX_POLL_INTERVAL_MS,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
            metadata_max_age_ms=_METADATA_AGE_MS,
        )

    async def __aenter__(self) -> Self:
        self.consumer.subscribe(self._topics, listener=self._rebalances)
        try:
            await self.consumer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._stop()
        await self._rebalances.over()

    async def poll(self, limit: int, wait_s: float) -> Sequence[Incoming]:
        """Up to ``limit`` records; waits up to ``wait_s`` seconds for the first."""
        if self._rebalances.failure is not None:
            raise self._rebalances.failure
        fetched = await self.consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=limit)
        return [incoming(self._prefix, record) for records in fetched.values() for record in records]

    async def seek(self, partition_id: PartitionId, offset: int) -> None:
        """Read on from here in this partition, if it is still ours."""
        with suppress(IllegalStateError):
            self.consumer.seek(self._with_prefix(partition_id), offset)

    async def commit_offsets(self, offsets: Mapping[PartitionId, int]) -> None:
        """Commit for the broker's tools; a commit that fails or hangs changes nothing."""
        mine = self.consumer.assignment()
        committed = {
            self._with_prefix(partition_id): offset
            for partition_id, offset in offsets.items()
            if self._with_prefix(partition_id) in mine
        }
        if not committed:
            return
        try:
            async with asyncio.timeout(_COMMIT_TIMEOUT_S):
                await self.consumer.commit(committed)
        except (KafkaError, TimeoutError) as error:
            _log.info("group offsets not committed", error=error_summary(error))

    async def ends(self) -> Mapping[PartitionId, int]:
        """The offset after the last record of each assigned partition."""
        mine = self.consumer.assignment()
        if not mine:
            return {}
        async with asyncio.timeout(_ENDS_TIMEOUT_S):
            return {self.without_prefix(at): end for at, end in (await self.consumer.end_offsets(list(mine))).items()}

    def without_prefix(self, at: TopicPartition) -> PartitionId:
        """The partition as this installation names it."""
        return PartitionId(at.topic.removeprefix(self._prefix), at.partition)

    @property
    def closing(self) -> asyncio.Event:
        """Set once this member is about to leave."""
        return self._closing

    def _with_prefix(self, partition_id: PartitionId) -> TopicPartition:
        return TopicPartition(self._prefix + partition_id.topic, partition_id.partition)

    async def _stop(self) -> None:
        # In a task of its own: the client lets the cancellation of its inner tasks escape, and it would look like ours.
        stopping = asyncio.ensure_future(self.consumer.stop())
        await asyncio.wait([stopping], timeout=_STOP_TIMEOUT_S)
        if not stopping.done():
            stopping.cancel()
            _log.info("left the group without closing", group=self._group)
        elif not stopping.cancelled() and (error := stopping.exception()) is not None:
            _log.info("left the group without closing", group=self._group, error=error_summary(error))


def incoming(prefix: str, record: ConsumerRecord) -> Incoming:
    """A record as this installation names it."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    partition_id = PartitionId(record.topic.removeprefix(prefix), record.partition)
    return Incoming(partition_id, record.offset, record.key, headers, record.value)


class _RebalanceHandler(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes on what the group decides, and seeks where the listener answers."""

    def __init__(self, member: KafkaMember, listener: RebalanceListener) -> None:
        self._member, self._listener = member, listener
        self._held: set[PartitionId] = set()
        # The client swallows what a listener raises; the member must not go on without its offsets.
        self.failure: BaseException | None = None

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self.over()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        partition_ids = {self._member.without_prefix(at) for at in assigned}
        if not partition_ids:
            return
        # The listener may wait for its database for as long as it takes; leaving must not wait for that.
        answer = asyncio.ensure_future(self._listener.assigned(partition_ids))
        leaving = asyncio.ensure_future(self._member.closing.wait())
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if not answer.done():
            answer.cancel()
            return
        self.failure = answer.exception()
        if self.failure is not None:
            return
        self._held = partition_ids
        for partition_id, offset in answer.result().items():
            await self._member.seek(partition_id, offset)

    async def over(self) -> None:
        """Nothing is held any more."""
        if self._held:
            await self._listener.revoked(self._held)
            self._held = set()
