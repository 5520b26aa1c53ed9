"""What Kafka is asked for, read back from the clients that ask and from the broker that keeps it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from shared.domain.ids import new_id
from shared.messaging.bus.errors import is_transient
from shared.messaging.bus.kafka import KafkaBus
from shared.messaging.bus.protocol import MAX_RECORD_BYTES
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.shared.messaging.example_services import (
    LISTENER,
    PARTITIONS,
    RecordingHandlers,
    Stage,
    arrived,
    outgoing,
    sent,
)

_TOO_MANY = 10
_OF_THE_TOPIC = 1  # DYNAMIC_TOPIC_CONFIG in Kafka's protocol, DescribeConfigs


def _bus(kafka: KafkaBroker | NamedBroker) -> KafkaBus:
    return KafkaBus(kafka.bootstrap_servers, installation=f"t{new_id().hex[:12]}", partitions=PARTITIONS, name="test")


async def _kept(kafka: KafkaBroker | NamedBroker, topic: str) -> Mapping[str, str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        await admin.start()
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    [resource] = answer.resources
    # What the topic itself was given; the rest is this broker's own, and another broker's may be otherwise.
    return {name: value for name, value, _, source, *_ in resource[4] if source == _OF_THE_TOPIC}


async def test_a_topic_is_kept_for_ever_and_takes_what_a_publisher_may_announce(
    kafka: KafkaBroker | NamedBroker,
) -> None:
    bus = _bus(kafka)
    try:
        await bus.create_topics(["station"])
        kept = await _kept(kafka, f"{bus.installation}.station")
    finally:
        await bus.close()
    assert (kept["retention.ms"], kept["retention.bytes"], kept["cleanup.policy"]) == ("-1", "-1", "delete")
    assert int(kept["max.message.bytes"]) == MAX_RECORD_BYTES
    assert int(kept["min.insync.replicas"]) >= 1


async def test_a_topic_is_not_made_with_fewer_copies_than_are_set(kafka: KafkaBroker | NamedBroker) -> None:
    """E3: without a setting it gets as many as brokers happen to be up; with one it waits for them."""
    installation = f"t{new_id().hex[:12]}"
    bus = KafkaBus(
        kafka.bootstrap_servers, installation=installation, partitions=PARTITIONS, name="test", replicas=_TOO_MANY
    )
    try:
        with pytest.raises(KafkaError) as refusal:
            await bus.create_topics(["station"])
        assert is_transient(refusal.value)
        assert "station" not in await bus.topics()
    finally:
        await bus.close()
    plain = _bus(kafka)
    try:
        await plain.create_topics(["station"])
        [(there, wanted)] = (await plain.replicas()).values()
        assert there == wanted >= 1
    finally:
        await plain.close()


async def test_a_relay_asks_for_every_acknowledgement_and_sends_nothing_twice(
    kafka: KafkaBroker | NamedBroker,
) -> None:
    bus = _bus(kafka)
    try:
        producer = await bus._started()
        # -1 is how the protocol says “all in-sync replicas”; an idempotent producer numbers its batches.
        assert producer._sender._acks == -1
        assert producer._txn_manager is not None
    finally:
        await bus.close()


@pytest.mark.parametrize("open_bus", ["kafka"], indirect=True)
async def test_what_was_read_is_not_committed_to_kafka_by_itself(
    kafka: KafkaBroker | NamedBroker, stage: Stage
) -> None:
    bus = stage.bus()
    await bus.create_topics(["station"])
    await sent(bus, outgoing(arrived(new_id()), 1, bus=bus))
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(1)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    try:
        await admin.start()
        committed = await admin.list_consumer_group_offsets(f"{bus.installation}.{LISTENER}")
    finally:
        await admin.close()
    assert {at.offset for at in committed.values()} <= {-1}
