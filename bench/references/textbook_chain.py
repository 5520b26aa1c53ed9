"""The chain that a competent team writes first: a relay with SKIP LOCKED, and one ORM transaction per message.

``python -m bench.references.textbook_chain relay|registration|quota DATABASE BROKERS``, each a process of its own.
"""

import argparse
import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bench.references.textbook_handler import PAYMENTS
from bench.references.textbook_models import Enrolment, Outgoing, Received, VillageCounter, engine_at, sessions_of
from shared.domain.clock import SystemClock

ENROLMENTS = "enrolments"
_AT_ONCE, _PAUSE_S = 100, 0.05
_CLOCK = SystemClock()
Sessions = async_sessionmaker[AsyncSession]
Handle = Callable[[AsyncSession, dict[str, str]], Awaitable[None]]


async def relay(sessions: Sessions, brokers: str) -> None:
    """Send what waits, oldest first, and mark it in the transaction that holds it."""
    async with AIOKafkaProducer(bootstrap_servers=brokers, acks="all", enable_idempotence=True) as producer:
        while True:
            if await _relay_some(sessions, producer) == 0:
                await asyncio.sleep(_PAUSE_S)


async def _relay_some(sessions: Sessions, producer: AIOKafkaProducer) -> int:
    waiting = select(Outgoing).where(Outgoing.sent_at.is_(None)).order_by(Outgoing.id).limit(_AT_ONCE)
    async with sessions() as session, session.begin():
        rows = (await session.scalars(waiting.with_for_update(skip_locked=True))).all()
        sends = [
            await producer.send(
                row.topic,
                json.dumps(row.payload).encode(),
                key=row.key.encode(),
                headers=[("event_id", str(row.id).encode())],
            )
            for row in rows
        ]
        await asyncio.gather(*sends)
        for row in rows:
            row.sent_at = _CLOCK.now()
    return len(rows)


async def consume(sessions: Sessions, brokers: str, topic: str, group: str, handle: Handle) -> None:
    """Take in a topic message by message: inbox row and effect in one transaction, then the offset."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=brokers, group_id=group, enable_auto_commit=False, auto_offset_reset="earliest"
    ) as consumer:
        async for message in consumer:
            event_id = UUID(dict(message.headers)["event_id"].decode())
            payload = json.loads(message.value)
            async with sessions() as session, session.begin():
                if await session.get(Received, (group, event_id)) is None:
                    session.add(Received(consumer=group, event_id=event_id, enrolment_id=UUID(payload["enrolment_id"])))
                    await handle(session, payload)
            await consumer.commit()


async def enrol(session: AsyncSession, payload: dict[str, str]) -> None:
    """Registration: a paid contribution makes an enrolment PAID, and that is announced."""
    enrolment = await session.get_one(Enrolment, UUID(payload["enrolment_id"]), with_for_update=True)
    if enrolment.state != "PENDING_PAYMENT":
        return
    enrolment.state = "PAID"
    enrolment.paid_at = datetime.fromisoformat(payload["paid_on"]).replace(tzinfo=UTC)
    session.add(Outgoing(topic=ENROLMENTS, key=payload["enrolment_id"], payload=payload))


async def count(session: AsyncSession, payload: dict[str, str]) -> None:
    """Quota: one more in the village."""
    counter = await session.get_one(VillageCounter, payload["village"], with_for_update=True)
    counter.enrolled += 1


async def _until_stopped(work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def main() -> None:
    """The entry of the process."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("part", choices=["relay", "registration", "quota"])
    arguments.add_argument("database")
    arguments.add_argument("brokers")
    asked = arguments.parse_args()
    sessions: Sessions = sessions_of(engine_at(asked.database))
    work = {
        "relay": lambda: relay(sessions, asked.brokers),
        "registration": lambda: consume(sessions, asked.brokers, PAYMENTS, "textbook-registration", enrol),
        "quota": lambda: consume(sessions, asked.brokers, ENROLMENTS, "textbook-quota", count),
    }
    uvloop.run(_until_stopped(work[asked.part]()))


if __name__ == "__main__":
    main()
