"""The broker that tests stand on: a real one, with real faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.harness.kafka_broker import KafkaBroker, NamedBroker, answers
from tests.harness.kafka_process import BrokerFailed
from tests.harness.timeouts import stretched


@asynccontextmanager
async def topic_on(broker: KafkaBroker | NamedBroker) -> AsyncIterator[str]:
    name = f"broker-test-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
        yield name
    finally:
        await admin.close()


async def send(broker: KafkaBroker | NamedBroker, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap_servers, acks="all", enable_idempotence=True
    ) as producer:
        await asyncio.wait_for(producer.send_and_wait(topic, value), stretched(20))


async def first_of(broker: KafkaBroker | NamedBroker, topic: str) -> bytes | None:
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        record = await asyncio.wait_for(consumer.getone(), stretched(20))
        value: bytes | None = record.value
        return value


async def test_what_it_acknowledged_it_hands_out(kafka: KafkaBroker | NamedBroker) -> None:
    async with topic_on(kafka) as topic:
        await send(kafka, topic, b"paid")
        assert await first_of(kafka, topic) == b"paid"


@pytest.mark.expects_errors
async def test_it_makes_no_topic_that_nobody_created(kafka: KafkaBroker | NamedBroker) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        nobodys = f"nobody-{uuid4()}"
        async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers) as producer:
            with pytest.raises(Exception, match=r"(?i)unknown ?topic|TimeoutError|^$"):
                await asyncio.wait_for(producer.send_and_wait(nobodys, b"lost"), 3)
        assert nobodys not in await admin.list_topics()
    finally:
        await admin.close()


@pytest.mark.expects_errors
async def test_paused_killed_and_restarted_it_keeps_what_it_acknowledged(kafka_to_harm: KafkaBroker) -> None:
    async with topic_on(kafka_to_harm) as topic:
        await send(kafka_to_harm, topic, b"paid")
    await asyncio.to_thread(kafka_to_harm.pause)
    assert not await asyncio.to_thread(answers, kafka_to_harm.bootstrap_servers)
    await asyncio.to_thread(kafka_to_harm.resume)
    await asyncio.to_thread(kafka_to_harm.await_answer)
    await asyncio.to_thread(kafka_to_harm.restart)
    assert await first_of(kafka_to_harm, topic) == b"paid"


def test_a_missing_broker_fails_with_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    broker = KafkaBroker()
    try:
        with pytest.raises(BrokerFailed, match="sh deploy/system-packages"):
            broker.start()
    finally:
        broker.stop()


@pytest.mark.expects_errors
def test_a_named_broker_that_does_not_answer_fails_by_name() -> None:
    with pytest.raises(AssertionError, match=r"CANBAO_TEST_KAFKA=127\.0\.0\.1:1 does not answer"):
        NamedBroker("127.0.0.1:1")
