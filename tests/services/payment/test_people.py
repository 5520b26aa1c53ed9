"""Payment compares names by token: what it is sent, in order and again, and what it says of a name."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.payment.people.handlers import on_enrolments_registered, on_people_named
from services.payment.people.service import compare
from shared.contracts.event import Received, Trace
from shared.contracts.registration import EnrolmentRegistered, PersonFacts, PersonNamed
from shared.domain.ids import new_id
from tests.harness.installation import COUNTY
from tests.services.payment.running_payment import OTHER_VILLAGE, RunningPayment

VILLAGE = "411521101201"
ZHANG, ZHANG_SAN, LI_SI = "a" * 64, "1" * 64, "2" * 64


def _received(event: Any) -> Received[Any]:
    return Received(event, new_id(), 1, "registration", datetime(2023, 10, 8, tzinfo=UTC), Trace.start("clerk"))


def registered(enrolment: UUID, name: str | None, person: str = ZHANG, region: str = VILLAGE) -> Received[Any]:
    """Registration says who was registered."""
    facts = PersonFacts(birth_date=date(1990, 1, 1))
    return _received(
        EnrolmentRegistered(
            region=region, benefit_year=2024, enrolment_id=enrolment, person_token=person,
            registered_on=date(2023, 10, 8), facts=facts, name_token=name,
        )
    )  # fmt: skip


def named(enrolment: UUID, name: str, person: str = ZHANG) -> Received[Any]:
    """Registration says what somebody is called."""
    return _received(
        PersonNamed(region=VILLAGE, benefit_year=2024, enrolment_id=enrolment, person_token=person, name_token=name)
    )


async def bring(payment: RunningPayment, *events: Received[Any]) -> None:
    """Bring events one after the other, each in its transaction, as the consumer does."""
    for received in events:
        handler = on_people_named if isinstance(received.event, PersonNamed) else on_enrolments_registered
        async with payment.running.database.transaction(COUNTY) as session:
            await handler(session, [received], None)


async def asked(payment: RunningPayment, names: Mapping[str, str | None], region: str = COUNTY) -> Sequence[str]:
    """What is said of these names to a caller of that region."""
    async with payment.running.database.transaction(region) as session:
        said = await compare(session, names)
    assert list(said) == list(names)
    return [verdict.value for verdict in said.values()]


async def test_a_name_that_either_side_lacks_decides_nothing(payment: RunningPayment) -> None:
    known = {"1": ZHANG_SAN, "2": ZHANG_SAN, "3": ZHANG_SAN, "4": None, "5": None}
    given = {"1": ZHANG_SAN, "2": LI_SI, "3": None, "4": ZHANG_SAN, "5": None, "6": ZHANG_SAN, "7": None}
    await bring(payment, *(registered(new_id(), name, person * 64) for person, name in known.items()))
    assert await asked(payment, {person * 64: name for person, name in given.items()}) == [
        "MATCHES",
        "NAME_DIFFERS",
        "NOT_COMPARED",
        "NOT_COMPARED",
        "NOT_COMPARED",
        "NOT_REGISTERED",
        "NOT_REGISTERED",
    ]


async def test_a_name_follows_its_enrolments_events_and_the_same_again_changes_nothing(
    payment: RunningPayment,
) -> None:
    enrolment = new_id()
    await bring(payment, registered(enrolment, None), named(enrolment, LI_SI), named(enrolment, ZHANG_SAN))
    before = await payment.installation.sql("payment", "SELECT n::text FROM person_name n")
    # As a bus that was restored gives them again: the registration of an earlier version says no name.
    await bring(payment, registered(enrolment, None), named(enrolment, ZHANG_SAN))
    assert await payment.installation.sql("payment", "SELECT n::text FROM person_name n") == before
    assert await asked(payment, {ZHANG: ZHANG_SAN}) == ["MATCHES"]


async def test_the_name_of_the_enrolment_registered_last_counts_in_whatever_order_they_arrive(
    payment: RunningPayment,
) -> None:
    """Events of two enrolments have no order between them: a name corrected by a new registration stays corrected."""
    before, after = new_id(), new_id()
    await bring(payment, registered(after, ZHANG_SAN), registered(before, LI_SI))
    assert await asked(payment, {ZHANG: ZHANG_SAN}) == ["MATCHES"]
    assert await asked(payment, {ZHANG: LI_SI}) == ["NAME_DIFFERS"]


async def test_another_regions_people_are_strangers(payment: RunningPayment) -> None:
    await bring(payment, registered(new_id(), ZHANG_SAN))
    assert await asked(payment, {ZHANG: ZHANG_SAN}, region=OTHER_VILLAGE[:9]) == ["NOT_REGISTERED"]
    assert await asked(payment, {}, region=OTHER_VILLAGE[:9]) == []


async def test_a_whole_batch_is_taken_at_once(payment: RunningPayment) -> None:
    people = {f"{number:064x}": f"{number + 1:064x}" for number in range(600)}
    batch = [registered(new_id(), name, person) for person, name in people.items()]
    async with payment.running.database.transaction(COUNTY) as session:
        await on_enrolments_registered(session, batch, None)
    assert set(await asked(payment, people)) == {"MATCHES"}
