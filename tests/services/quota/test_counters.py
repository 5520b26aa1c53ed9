"""Village counters: whatever order, however often, they are what a recount gives."""

import asyncio
from collections import Counter
from datetime import date
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.quota import SERVICE
from services.quota.progress import handlers
from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import BusinessDateAdvanced, EnrolmentRegistered
from shared.database.business_date import business_date
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.messaging.consumer.ingestion import ingest
from tests.harness.installation import COUNTY, Installation
from tests.services.quota.enrolment_histories import INSTANT, Person, as_record

VILLAGES = [f"411521{town}{village}" for town in (101, 102) for village in (201, 202, 203)]
HANDLERS = {subscription.event: subscription.handler for subscription in SERVICE.subscriptions}
_years = count(2001)

people = st.lists(
    st.builds(Person, village=st.sampled_from(VILLAGES), paid=st.booleans(), terminated=st.booleans()), max_size=25
)
Recount = dict[str, tuple[int, int, int]]


def recount(persons: list[Person]) -> Recount:
    """The counters, counted again from the people themselves."""
    registered = Counter(person.village for person in persons if not person.terminated)
    enrolled = Counter(person.village for person in persons if person.paid and not person.terminated)
    terminated = Counter(person.village for person in persons if person.terminated)
    return {
        village: (registered[village], enrolled[village], terminated[village])
        for village in {person.village for person in persons}
    }


async def counters(installation: Installation, benefit_year: int) -> Recount:
    rows = await installation.sql(
        "quota",
        "SELECT region, registered, enrolled, terminated FROM village_counter WHERE benefit_year = $1",
        benefit_year,
    )
    return {row["region"]: (row["registered"], row["enrolled"], row["terminated"]) for row in rows}


@pytest.fixture
def database(installation: Installation) -> Database:
    return Database(installation.settings.service_url("quota"), pool_size=4)


# One database for all examples: each counts in a benefit year of its own.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(persons=people, data=st.data())
async def test_counters_equal_a_recount_in_any_order_and_any_batches(
    installation: Installation, database: Database, persons: list[Person], data: st.DataObject
) -> None:
    year = next(_years)
    persons = [Person(person.village, person.paid, person.terminated, year) for person in persons]
    # Any interleaving that keeps each person's own order, which is what the bus promises.
    turns = data.draw(st.permutations([place for place, person in enumerate(persons) for _ in person.events()]))
    waiting = [iter(person.received()) for person in persons]
    batch: list[Received[Event]] = []
    for turn in turns:
        event = next(waiting[turn])
        if batch and (type(event.event) is not type(batch[0].event) or data.draw(st.integers(0, 3)) == 0):
            await _handle(database, batch)
            batch = []
        batch.append(event)
    await _handle(database, batch)
    assert await counters(installation, year) == recount(persons)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(persons=people, data=st.data())
async def test_counters_equal_a_recount_under_duplicates_and_disorder(
    installation: Installation, database: Database, persons: list[Person], data: st.DataObject
) -> None:
    year = next(_years)
    persons = [Person(person.village, person.paid, person.terminated, year) for person in persons]
    events = [event for person in persons for event in person.received()]
    again = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    deliveries = data.draw(st.permutations([*events, *again]))
    size = data.draw(st.integers(1, 12))
    for start in range(0, len(deliveries), size):
        await _take_in(database, deliveries[start : start + size])
    # Whatever was parked because something earlier was missing is delivered again and now finds its place.
    for _ in range(3):
        await _take_in(database, events)
    assert await counters(installation, year) == recount(persons)


async def test_members_that_count_for_the_same_villages_at_once_lose_nothing(
    installation: Installation, database: Database
) -> None:
    persons = [Person(VILLAGES[place % len(VILLAGES)], paid=True) for place in range(240)]
    shares = [persons[start::8] for start in range(8)]
    # Each member meets the villages in another order.
    await asyncio.gather(
        *(
            _handle(database, [person.received()[0] for person in share[turn:] + share[:turn]])
            for turn, share in enumerate(shares)
        )
    )
    await asyncio.gather(*(_handle(database, [person.received()[1] for person in share]) for share in shares))
    assert await counters(installation, 2024) == recount(persons)


async def test_a_counter_remembers_who_moved_it_last(installation: Installation, database: Database) -> None:
    first, second = Person(VILLAGES[0]).received()[0], Person(VILLAGES[0]).received()[0]
    await _handle(database, [first, second])
    (row,) = await installation.sql("quota", "SELECT actor, correlation_id FROM village_counter")
    assert (row["actor"], row["correlation_id"]) == ("clerk", second.trace.correlation_id)


async def test_a_person_without_a_benefit_year_is_refused_and_not_counted_somewhere(database: Database) -> None:
    event = Person(VILLAGES[0]).received()[0]
    blank = event.event.model_copy(update={"benefit_year": None})
    with pytest.raises(ValueError, match="without a benefit year"):
        await _handle(database, [Received(blank, event.id, 1, "registration", INSTANT, event.trace)])


async def test_the_business_date_follows_and_never_goes_back(database: Database) -> None:
    for days in ([date(2023, 11, 1), date(2023, 12, 31)], [date(2023, 12, 1)]):
        events = [
            Received(
                BusinessDateAdvanced(region=COUNTY, installation_id=new_id(), business_date=day),
                new_id(),
                1,
                "registration",
                INSTANT,
                Trace.start("operator"),
            )
            for day in days
        ]
        async with database.transaction(COUNTY) as session:
            await handlers.on_business_date(session, events, None)
    async with database.transaction(COUNTY) as session:
        assert await business_date(session, SystemClock()) == date(2023, 12, 31)


async def test_nothing_is_counted_without_an_event(database: Database) -> None:
    async with database.transaction(COUNTY) as session:
        await HANDLERS[EnrolmentRegistered](session, [], None)


async def _handle(database: Database, batch: list[Received[Event]]) -> None:
    if not batch:
        return
    async with database.transaction(COUNTY) as session:
        await HANDLERS[type(batch[0].event)](session, batch, None)


async def _take_in(database: Database, events: list[Received[Event]]) -> None:
    records = [as_record(event, offset) for offset, event in enumerate(events)]
    async with database.transaction(COUNTY) as session:
        await ingest(session, records, subscriptions=SERVICE.subscriptions, resources=None, region=COUNTY)
