"""What subsidy does when registration announces something."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import service
from services.subsidy.changes import repository as changes
from services.subsidy.changes.day_rollover import follow_business_date
from services.subsidy.changes.policy_change import is_applied
from services.subsidy.resources import SubsidyResources
from shared.contracts.event import Received
from shared.contracts.registration import (
    BusinessDateAdvanced,
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentPaymentReversed,
    EnrolmentRegistered,
    EnrolmentTerminated,
)
from shared.messaging.consumer.subscription import Subscription


async def on_registered(
    session: AsyncSession, events: Sequence[Received[EnrolmentRegistered]], resources: SubsidyResources
) -> None:
    """People were registered: announce what each owes and why."""
    await service.assess_registered(session, resources.pricer, events, await changes.hold_day(session))
    if not await is_applied(session, resources.policy_digest):
        await changes.queue_for_policy(session, [received.event.person_token for received in events])


async def on_paid(session: AsyncSession, events: Sequence[Received[EnrolmentPaid]], _: SubsidyResources) -> None:
    """Enrolments are paid: their price is frozen."""
    await service.record_paid_assessment(session, events)


async def on_payment_corrected(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaymentCorrected]], _: SubsidyResources
) -> None:
    """Enrolments were paid otherwise than was announced: that price is frozen."""
    await service.record_paid_assessment(session, events)


async def on_payment_reversed(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaymentReversed]], _: SubsidyResources
) -> None:
    """Enrolments are paid no longer: their newest price is asked again."""
    await service.record_unpaid(session, events)


async def on_terminated(
    session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]], _: SubsidyResources
) -> None:
    """Enrolments ended: nothing is due and nothing is aided any more."""
    await service.terminate(session, events)


async def on_business_date(
    session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], _: SubsidyResources
) -> None:
    """Follow the installation's business date; roster lines that begin or cease to count by it are priced by."""
    await follow_business_date(session, max(received.event.business_date for received in events))


SUBSCRIPTIONS = (
    Subscription(EnrolmentRegistered, on_registered),
    Subscription(EnrolmentPaid, on_paid),
    Subscription(EnrolmentPaymentCorrected, on_payment_corrected),
    Subscription(EnrolmentPaymentReversed, on_payment_reversed),
    Subscription(EnrolmentTerminated, on_terminated),
    Subscription(BusinessDateAdvanced, on_business_date),
)
