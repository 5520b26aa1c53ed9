"""Ingest a batch of records: each event once, in its aggregate's order, without blocking other aggregates."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.bus.envelope import MalformedEnvelope, from_headers
from shared.messaging.bus.errors import error_summary
from shared.messaging.bus.protocol import Incoming
from shared.messaging.consumer import cursors
from shared.messaging.consumer.delivery import YIELD_EVERY, Delivery
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.records import unhandled_records
from shared.messaging.records.sequence import AggregateKey, SequencedRecord
from shared.messaging.records.unhandled_records import UnhandledRecord

# Why an event is a dead letter that bears the number of another: its publisher was restored and counts in no new epoch.
NUMBER_REUSED = "NUMBER_REUSED"
_REUSED = "another event was taken in under this number: its publisher was restored without canbao restore"


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a batch, in numbers of events, and the dead letters themselves."""

    handled: int
    duplicates: int
    parked: int
    dead: tuple[UnhandledRecord, ...]


async def ingest(
    session: AsyncSession,
    records: Sequence[Incoming],
    *,
    subscriptions: Sequence[Subscription],
    resources: object,
    region: str,
) -> IngestResult:
    """Drop duplicates, park what is too new, hand over the rest; the caller owns the records' partitions."""
    delivery = Delivery(session, subscriptions, resources)
    result, released = await _ingest(session, delivery, records, region)
    if released:
        later = await release(session, released, subscriptions=subscriptions, resources=resources, region=region)
        return replace(result, dead=(*result.dead, *later))
    return result


async def release(
    session: AsyncSession,
    aggregates: Collection[AggregateKey],
    *,
    subscriptions: Sequence[Subscription],
    resources: object,
    region: str,
) -> list[UnhandledRecord]:
    """Handle the parked events of aggregates where nothing blocks them any more, portion by portion.

    Returns those that became dead letters.
    """
    dead: list[UnhandledRecord] = []
    while aggregates:
        states = await cursors.load(session, aggregates)
        parked = await unhandled_records.waiting(
            session, [aggregate for aggregate, state in states.items() if state.parked]
        )
        following = [
            found for aggregate, there in parked.items() if (found := cursors.next_parked(states[aggregate], there))
        ]
        # The first of each aggregate brings a portion of the rest along.
        await unhandled_records.unpark(session, following)
        delivery = Delivery(session, subscriptions, resources)
        result, aggregates = await _ingest(session, delivery, [item.record for item in following], region)
        dead += result.dead
    return dead


async def _ingest(
    session: AsyncSession, delivery: Delivery, records: Sequence[Incoming], region: str
) -> tuple[IngestResult, list[AggregateKey]]:
    """The result, and the aggregates of which every loaded parked event was released."""
    items, malformed = await _with_envelopes(records)
    states = await cursors.load(session, {item.aggregate for item in items})
    parked = await unhandled_records.waiting(
        session, [aggregate for aggregate, state in states.items() if state.parked]
    )
    plan = cursors.plan(items, states, parked)
    delivered = await delivery.deliver(plan.take)
    failed = [UnhandledRecord(r.item.record, r.item.envelope, r.reason, r.error) for r in delivered.failed]
    failed += [UnhandledRecord(i.record, i.envelope, NUMBER_REUSED, _REUSED) for i in plan.contradicting]
    to_park = [item for item in (*plan.park, *delivered.blocked) if not item.was_parked]
    await cursors.advance(session, delivered.handled)
    await unhandled_records.park(session, to_park, region)
    done = (*delivered.handled, *(refusal.item for refusal in delivered.failed), *plan.duplicates)
    await unhandled_records.unpark(session, done)
    await unhandled_records.record_dead_letters(session, (*malformed, *failed), region)
    result = IngestResult(len(delivered.handled), len(plan.duplicates), len(to_park), (*malformed, *failed))
    return result, [aggregate for aggregate, waiting in parked.items() if not waiting]


async def _with_envelopes(records: Sequence[Incoming]) -> tuple[list[SequencedRecord], list[UnhandledRecord]]:
    items, malformed = [], []
    for count, record in enumerate(records, start=1):
        if count % YIELD_EVERY == 0:
            await asyncio.sleep(0)
        try:
            items.append(SequencedRecord(record, from_headers(record.headers, record.partition_id.topic)))
        except MalformedEnvelope as error:
            malformed.append(UnhandledRecord(record, None, "MALFORMED", error_summary(error)))
    return items, malformed
