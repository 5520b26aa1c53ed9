"""Events that say who is registered and what they are called, by token."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.people import repository
from shared.contracts.event import Received
from shared.contracts.registration import EnrolmentRegistered, PersonNamed
from shared.messaging.consumer.subscription import Subscription


async def on_enrolments_registered(
    session: AsyncSession, events: Sequence[Received[EnrolmentRegistered]], _: object
) -> None:
    """Somebody is registered, under this name."""
    await repository.record(session, [received.event for received in events])


async def on_people_named(session: AsyncSession, events: Sequence[Received[PersonNamed]], _: object) -> None:
    """Somebody's name is this one."""
    await repository.record(session, [received.event for received in events])


SUBSCRIPTIONS = (
    Subscription(EnrolmentRegistered, on_enrolments_registered),
    Subscription(PersonNamed, on_people_named),
)
