"""aiokafka alone: the same number of events produced and consumed, with nothing done about them.

``python -m bench.references.raw_kafka BROKERS EVENTS`` prints one JSON object.
"""

import argparse
import asyncio
import json
import time
from uuid import uuid4

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.results import quantile

_PARTITIONS, _AT_ONCE, _ROUND_TRIPS = 12, 500, 200
_VALUE = b"x" * 600
_HEADERS = [(f"ce_{number}", b"0190d3c8-0000-7000-8000-000000000000") for number in range(12)]


async def measure(brokers: str, events: int) -> dict[str, float]:
    """Events a second through a topic, and single round trips in milliseconds."""
    topic = f"raw-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, _PARTITIONS, 1)])
    finally:
        await admin.close()
    async with (
        AIOKafkaProducer(
            bootstrap_servers=brokers, acks="all", enable_idempotence=True, max_batch_size=1_000_000
        ) as producer,
        AIOKafkaConsumer(topic, bootstrap_servers=brokers, auto_offset_reset="earliest") as consumer,
    ):
        trips = [await _round_trip(producer, consumer, topic) for _ in range(_ROUND_TRIPS)]
        began = time.perf_counter()
        await asyncio.gather(_produce(producer, topic, events), _consume(consumer, events))
        took_s = time.perf_counter() - began
    settled = trips[len(trips) // 4 :]
    return {
        "events_per_s": events / took_s,
        "round_trip_p50_ms": 1000 * quantile(settled, 0.5),
        "round_trip_p99_ms": 1000 * quantile(settled, 0.99),
    }


async def _round_trip(producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, topic: str) -> float:
    began = time.perf_counter()
    await producer.send(topic, _VALUE, partition=0, headers=_HEADERS)
    await consumer.getone()
    return time.perf_counter() - began


async def _produce(producer: AIOKafkaProducer, topic: str, events: int) -> None:
    for first in range(0, events, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, events))
        sends = [
            await producer.send(topic, _VALUE, partition=number % _PARTITIONS, headers=_HEADERS) for number in numbers
        ]
        await asyncio.gather(*sends)


async def _consume(consumer: AIOKafkaConsumer, events: int) -> None:
    seen = 0
    while seen < events:
        fetched = await consumer.getmany(timeout_ms=500, max_records=_AT_ONCE)
        seen += sum(map(len, fetched.values()))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("brokers")
    arguments.add_argument("events", type=int)
    asked = arguments.parse_args()
    print(json.dumps(uvloop.run(measure(asked.brokers, asked.events))))
