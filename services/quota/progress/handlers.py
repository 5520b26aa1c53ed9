"""What quota does when registration announces something: it counts, in the village where the person lives.

Each event adds, and addition commutes, so the order between people does not matter; that an event counts once, and
that a person's own events come in order, is the consumer's promise.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.quota.progress import repository
from services.quota.progress.completion import Counts
from services.quota.progress.repository import VillageChange
from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import (
    BusinessDateAdvanced,
    EnrolmentPaid,
    EnrolmentPaymentReversed,
    EnrolmentReadmitted,
    EnrolmentRegistered,
    EnrolmentRejected,
    EnrolmentTerminated,
)
from shared.database.business_date import advance_business_date
from shared.messaging.consumer.subscription import Subscription


async def on_registered(session: AsyncSession, events: Sequence[Received[EnrolmentRegistered]], _: None) -> None:
    """Count people with an enrolment."""
    await _count(session, [(received.event, received.trace, Counts(registered=1)) for received in events])


async def on_paid(session: AsyncSession, events: Sequence[Received[EnrolmentPaid]], _: None) -> None:
    """Count people whose contribution is settled: paid, or nothing due."""
    await _count(session, [(received.event, received.trace, Counts(enrolled=1)) for received in events])


async def on_payment_reversed(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaymentReversed]], _: None
) -> None:
    """Stop counting people as enrolled whose payment was taken back."""
    await _count(session, [(received.event, received.trace, Counts(enrolled=-1)) for received in events])


async def on_rejected(session: AsyncSession, events: Sequence[Received[EnrolmentRejected]], _: None) -> None:
    """Stop counting people who cannot be enrolled."""
    await _count(session, [(received.event, received.trace, Counts(registered=-1)) for received in events])


async def on_readmitted(session: AsyncSession, events: Sequence[Received[EnrolmentReadmitted]], _: None) -> None:
    """Count again people who can be enrolled after all."""
    await _count(session, [(received.event, received.trace, Counts(registered=1)) for received in events])


async def on_terminated(session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]], _: None) -> None:
    """Take back what an ended enrolment had been counted for."""
    await _count(
        session,
        [(received.event, received.trace, Counts(-1, -1 if received.event.was_paid else 0, 1)) for received in events],
    )


async def on_business_date(session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], _: None) -> None:
    """Follow the installation's business date."""
    await advance_business_date(session, max(received.event.business_date for received in events))


async def _count(session: AsyncSession, countings: Sequence[tuple[Event, Trace, Counts]]) -> None:
    changes: dict[tuple[int, str], VillageChange] = {}
    for event, trace, counts in countings:
        if event.benefit_year is None:
            raise ValueError(f"{event.name} without a benefit year cannot be counted")
        key = (event.benefit_year, event.region)
        before = changes[key].counts if key in changes else Counts()
        changes[key] = VillageChange(*key, before + counts, trace)
    await repository.add(session, list(changes.values()))


SUBSCRIPTIONS = (
    Subscription(EnrolmentRegistered, on_registered),
    Subscription(EnrolmentPaid, on_paid),
    Subscription(EnrolmentPaymentReversed, on_payment_reversed),
    Subscription(EnrolmentRejected, on_rejected),
    Subscription(EnrolmentReadmitted, on_readmitted),
    Subscription(EnrolmentTerminated, on_terminated),
    Subscription(BusinessDateAdvanced, on_business_date),
)
