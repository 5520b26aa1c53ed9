"""Take a batch of records into a service's database: each event once, in its aggregate's order, nobody held up."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.bus.envelope import MalformedEnvelope, from_headers
from shared.messaging.bus.errors import described
from shared.messaging.bus.protocol import Incoming
from shared.messaging.consumer import cursors
from shared.messaging.consumer.cursors import Line, Step
from shared.messaging.consumer.delivery import BREATH_EVERY, Delivery
from shared.messaging.consumer.subscription import Subscription
from shared.messaging.dead_letters import setbacks
from shared.messaging.dead_letters.setbacks import Setback


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a batch, in numbers of events."""

    taken: int
    duplicates: int
    parked: int
    dead: int


async def take_in(
    session: AsyncSession,
    records: Sequence[Incoming],
    *,
    subscriptions: Sequence[Subscription],
    resources: Any,
    region: str,
) -> Intake:
    """Drop duplicates, park what is too new, hand over the rest; the caller owns the records' partitions."""
    delivery = Delivery(session, subscriptions, resources)
    intake, released = await _take_in(session, delivery, records, region)
    if released:
        await release(session, released, subscriptions=subscriptions, resources=resources, region=region)
    return intake


async def release(
    session: AsyncSession,
    lines: Collection[Line],
    *,
    subscriptions: Sequence[Subscription],
    resources: Any,
    region: str,
) -> None:
    """Take in what is parked on lines where nothing stands before it any more, portion by portion."""
    while lines:
        standings = await cursors.load(session, lines)
        parked = await setbacks.waiting(session, [line for line, standing in standings.items() if standing.parked])
        following = [found for line, by_seq in parked.items() if (found := by_seq.get(standings[line].seq + 1))]
        # The first of each line brings a portion of the rest along.
        await setbacks.unpark(session, following)
        delivery = Delivery(session, subscriptions, resources)
        _, lines = await _take_in(session, delivery, [step.record for step in following], region)


async def _take_in(
    session: AsyncSession, delivery: Delivery, records: Sequence[Incoming], region: str
) -> tuple[Intake, list[Line]]:
    """What became of the records, and the lines of which everything was released that had been loaded."""
    steps, malformed = await _opened(records)
    standings = await cursors.load(session, {step.line for step in steps})
    parked = await setbacks.waiting(session, [line for line, standing in standings.items() if standing.parked])
    plan = cursors.plan(steps, standings, parked)
    delivered = await delivery.deliver(plan.take)
    refused = [Setback(r.step.record, r.step.envelope, r.reason, r.error) for r in delivered.refused]
    to_park = [step for step in (*plan.park, *delivered.behind) if not step.was_parked]
    await cursors.advance(session, delivered.taken)
    await setbacks.park(session, to_park, region)
    await setbacks.unpark(session, (*delivered.taken, *(refusal.step for refusal in delivered.refused)))
    await setbacks.bury(session, (*malformed, *refused), region)
    intake = Intake(len(delivered.taken), len(plan.duplicates), len(to_park), len(malformed) + len(refused))
    return intake, [line for line, waiting in parked.items() if not waiting]


async def _opened(records: Sequence[Incoming]) -> tuple[list[Step], list[Setback]]:
    steps, malformed = [], []
    for place, record in enumerate(records, start=1):
        if place % BREATH_EVERY == 0:
            await asyncio.sleep(0)
        try:
            steps.append(Step(record, from_headers(record.headers, record.place.topic)))
        except MalformedEnvelope as error:
            malformed.append(Setback(record, None, "MALFORMED", described(error)))
    return steps, malformed
