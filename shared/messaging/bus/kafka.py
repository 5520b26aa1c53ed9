"""The bus on Apache Kafka: every wait is bounded here, because the client's own retries have no end.

| the client's default | here |
| --- | --- |
| `acks=1`, not idempotent | `acks=all`, idempotent |
| offsets committed by a timer | never; the consumer's database knows (advice by `Member.advise`) |
| an idempotent batch is retried for ever | given up after `SEND_TIMEOUT_S`, and the producer with it |
| topics made by the first writer | made by `create_topics`, kept for ever |
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.messaging.bus.backoff import cancelled_from_outside
from shared.messaging.bus.kafka_member import KafkaMember, incoming
from shared.messaging.bus.protocol import (
    MAX_RECORD_BYTES,
    Bus,
    BusRefused,
    Incoming,
    Outgoing,
    PartitionId,
    RebalanceListener,
)

SEND_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_MS = 5_000
ADMIN_TIMEOUT_S = 15.0
SESSION_TIMEOUT_MS = 10_000
_BATCH_BYTES = 1_000_000
_REPLICAS = 3
_LOOK_EVERY_S, _LOOKS = 0.05, 200
_READ_WAIT_MS = 500


class KafkaBus(Bus):
    """The installation's topics on a Kafka cluster."""

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        installation: str,
        partitions: int,
        name: str,
        replicas: int | None = None,
        session_timeout_ms: int = SESSION_TIMEOUT_MS,
    ) -> None:
        """Connect to nothing yet; ``name`` is what the brokers call this client.

        Topics are made with so many ``replicas``, or not at all; without a number with those that brokers are up for.
        """
        self.installation, self.partitions, self._replicas = installation, partitions, replicas
        self._servers, self._name = bootstrap_servers, name
        self._prefix = f"{installation}."
        self._session_timeout_ms = session_timeout_ms
        self._producer: AIOKafkaProducer | None = None
        self._discarded: set[asyncio.Task[None]] = set()

    async def broker(self) -> str:
        """The cluster's own id."""
        async with self._admin() as admin:
            return f"kafka:{(await admin.describe_cluster())['cluster_id']}"

    async def topics(self) -> Mapping[str, int]:
        """The installation's topics and their partition counts."""
        async with self._admin() as admin:
            described = await admin.describe_topics()
        return {
            topic["topic"].removeprefix(self._prefix): len(topic["partitions"])
            for topic in described
            if topic["topic"].startswith(self._prefix) and topic["error_code"] == 0
        }

    async def create_topics(self, topics: Collection[str]) -> None:
        """Create what is missing, to be kept for ever; refuses a topic with another partition count."""
        there = await self.topics()
        for topic in topics:
            if there.get(topic, self.partitions) != self.partitions:
                raise BusRefused.for_partitions(topic, there[topic], self.partitions)
        missing = sorted(self._prefix + topic for topic in topics if topic not in there)
        if not missing:
            return
        async with self._admin() as admin:
            replicas = self._replicas or await _possible_replicas(admin)
            wanted = [
                NewTopic(topic, self.partitions, replicas, topic_configs=_topic_configuration(replicas))
                for topic in missing
            ]
            answer = (await admin.create_topics(wanted)).to_object()
            for refusal in answer["topic_errors"]:
                error = for_code(refusal["error_code"])
                if refusal["error_code"] and error is not TopicAlreadyExistsError:
                    raise error(f"{refusal['topic']}: {refusal.get('error_message')}")
            await _wait_for_leaders(admin, missing)

    async def send(self, records: Sequence[Outgoing]) -> Sequence[Exception | None]:
        """Append all, in order per partition, and await every acknowledgement for a bounded time."""
        outcome: list[Exception | None] = [TimeoutError("not acknowledged in time")] * len(records)
        by_partition: dict[PartitionId, list[int]] = {}
        for index, record in enumerate(records):
            by_partition.setdefault(record.partition_id, []).append(index)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                producer = await self._started()
                sends = [
                    self._send(producer, partition_id, records, at, outcome)
                    for partition_id, at in by_partition.items()
                ]
                await asyncio.gather(*sends)
        except (TimeoutError, OSError, KafkaError) as error:
            outcome = [error if isinstance(each, TimeoutError) else each for each in outcome]
        if any(outcome):
            # After a failure the client's sequence numbers are in doubt: the next batch starts with a new producer.
            self._discard()
        return outcome

    async def _send(
        self,
        producer: AIOKafkaProducer,
        partition_id: PartitionId,
        records: Sequence[Outgoing],
        indices: Sequence[int],
        outcome: list[Exception | None],
    ) -> None:
        """Send one partition's records, as few batches as they fit in, each after the one before is acknowledged."""
        left = list(indices)
        while left:
            batch = producer.create_batch()
            filled = 0
            for index in left:
                record = records[index]
                headers = [(name, value.encode()) for name, value in record.headers.items()]
                if batch.append(key=record.key, value=record.value, timestamp=None, headers=headers) is None:
                    break
                filled += 1
            try:
                acknowledged = await producer.send_batch(
                    batch, self._prefix + partition_id.topic, partition=partition_id.partition
                )
                await acknowledged
            except (KafkaError, AssertionError) as error:
                # An assertion is how the client says that it knows no such partition.
                for index in left:
                    outcome[index] = error
                return
            for index in left[:filled]:
                outcome[index] = None
            left = left[filled:]

    def join(self, group: str, topics: Collection[str], listener: RebalanceListener) -> KafkaMember:
        """Take part in a group for as long as the block runs."""
        return KafkaMember(
            self._servers,
            group=f"{self._prefix}{group}",
            topics=topics,
            prefix=self._prefix,
            listener=listener,
            client=self._name,
            session_timeout_ms=self._session_timeout_ms,
        )

    async def ends(self, topics: Collection[str]) -> Mapping[PartitionId, int]:
        """The offset after the last record of each partition."""
        asked = [
            TopicPartition(self._prefix + topic, partition)
            for topic in sorted(topics)
            for partition in range(self.partitions)
        ]
        if not asked:
            return {}
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._servers, client_id=self._name, request_timeout_ms=REQUEST_TIMEOUT_MS
        )
        async with asyncio.timeout(ADMIN_TIMEOUT_S):
            try:
                await reader.start()
                ends = await reader.end_offsets(asked)
            finally:
                await _stop_reader(reader)
        return {PartitionId(at.topic.removeprefix(self._prefix), at.partition): end for at, end in ends.items()}

    async def read(self, starts: Mapping[PartitionId, int], limit: int) -> Sequence[Incoming]:
        """Up to ``limit`` records of each partition from an offset on."""
        if not starts:
            return []
        found: list[Incoming] = []
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            client_id=self._name,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        async with asyncio.timeout(ADMIN_TIMEOUT_S):
            try:
                await reader.start()
                asked = {TopicPartition(self._prefix + at.topic, at.partition): start for at, start in starts.items()}
                ends = await reader.end_offsets(list(asked))
                left = {at: min(ends[at], start + limit) for at, start in asked.items() if start < ends[at]}
                reader.assign(list(left))
                for at in left:
                    reader.seek(at, asked[at])
                while left:
                    for at, records in (await reader.getmany(*left, timeout_ms=_READ_WAIT_MS)).items():
                        found += [incoming(self._prefix, each) for each in records if each.offset < left[at]]
                        if records[-1].offset + 1 >= left[at]:
                            del left[at]
            finally:
                await _stop_reader(reader)
        return found

    async def replicas(self) -> Mapping[str, tuple[int, int]]:
        """Of each topic the fewest replicas of a partition, and how many it should have."""
        async with self._admin() as admin:
            wanted = self._replicas or await _possible_replicas(admin)
            described = await admin.describe_topics()
        return {
            topic["topic"].removeprefix(self._prefix): (
                min(len(each["replicas"]) for each in topic["partitions"]),
                wanted,
            )
            for topic in described
            if topic["topic"].startswith(self._prefix) and not topic["error_code"] and topic["partitions"]
        }

    async def close(self) -> None:
        """Close every connection."""
        self._discard()
        await asyncio.gather(*self._discarded, return_exceptions=True)

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                client_id=self._name,
                acks="all",
                enable_idempotence=True,
                max_batch_size=_BATCH_BYTES,
                max_request_size=MAX_RECORD_BYTES,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await producer.start()
            except BaseException:
                self._end(producer)
                raise
            self._producer = producer
        return self._producer

    def _discard(self) -> None:
        if self._producer is not None:
            self._end(self._producer)
            self._producer = None

    def _end(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.create_task(_end_producer(producer), name="producer ends")
        self._discarded.add(task)
        task.add_done_callback(self._discarded.discard)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=self._servers, client_id=self._name, request_timeout_ms=REQUEST_TIMEOUT_MS
        )
        async with asyncio.timeout(ADMIN_TIMEOUT_S):
            try:
                await admin.start()
                yield admin
            finally:
                await admin.close()


async def _possible_replicas(admin: AIOKafkaAdminClient) -> int:
    """As many as there are brokers at this moment, and no more than are of use."""
    return min(_REPLICAS, len((await admin.describe_cluster())["brokers"]))


async def _wait_for_leaders(admin: AIOKafkaAdminClient, topics: Sequence[str]) -> None:
    """Return once every partition has a leader: before that, clients get “unknown topic”."""
    for _ in range(_LOOKS):
        # All topics, not these by name: asking for a name can create a topic, with the broker's own settings.
        described = {topic["topic"]: topic for topic in await admin.describe_topics()}
        if all(topic in described and _has_leaders(described[topic]) for topic in topics):
            return
        await asyncio.sleep(_LOOK_EVERY_S)
    raise TimeoutError(f"the brokers do not lead their new topics: {', '.join(topics)}")


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    partitions = topic["partitions"]
    return (
        not topic["error_code"]
        and bool(partitions)
        and all(not each["error_code"] and each["leader"] >= 0 for each in partitions)
    )


async def _stop_reader(reader: AIOKafkaConsumer) -> None:
    """Stop a reader that belongs to no group: it cancels a task of its own that may not have begun, and then raises."""
    try:
        await reader.stop()
    except asyncio.CancelledError:
        if cancelled_from_outside():
            raise


async def _end_producer(producer: AIOKafkaProducer) -> None:
    """End a producer without waiting for what it can no longer deliver."""
    sender = producer._sender.sender_task
    if sender is not None:
        # Its own stop() first waits until everything is delivered, which may be never.
        sender.cancel()
    with suppress(Exception):
        async with asyncio.timeout(2 * REQUEST_TIMEOUT_MS / 1000):
            await producer.stop()


def _topic_configuration(replicas: int) -> dict[str, str]:
    """A topic's configuration: nothing is ever removed, nothing is acknowledged that one crash could lose."""
    return {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "min.insync.replicas": str(max(1, replicas - 1)),
    }
