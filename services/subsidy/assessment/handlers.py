"""What subsidy does when registration announces something."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import service
from services.subsidy.assessment.policy_change import is_applied, queue_for_policy
from services.subsidy.assessment.turning import begin_at, hold_day, turn_to
from services.subsidy.resources import SubsidyResources
from shared.contracts.event import Received
from shared.contracts.registration import (
    BusinessDateAdvanced,
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentRegistered,
    EnrolmentTerminated,
)
from shared.database.business_date import advance_business_date


async def on_registered(
    session: AsyncSession, events: Sequence[Received[EnrolmentRegistered]], resources: SubsidyResources
) -> None:
    """People were registered: say what each owes and why."""
    await service.assess_registered(session, resources.pricer, events, await hold_day(session))
    if not await is_applied(session, resources.policy_digest):
        await queue_for_policy(session, [received.event.person_token for received in events])


async def on_paid(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaid]], resources: SubsidyResources
) -> None:
    """Enrolments are paid: their price is frozen."""
    await service.settle(session, events)


async def on_payment_corrected(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaymentCorrected]], resources: SubsidyResources
) -> None:
    """Enrolments were paid otherwise than was said: that price is frozen."""
    await service.settle(session, events)


async def on_terminated(
    session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]], resources: SubsidyResources
) -> None:
    """Enrolments ended: nothing is due and nothing is aided any more."""
    await service.terminate(session, events)


async def on_business_date(
    session: AsyncSession, events: Sequence[Received[BusinessDateAdvanced]], resources: SubsidyResources
) -> None:
    """Follow the installation's business date; roster lines that begin or cease to count by it are priced by."""
    today = max(received.event.business_date for received in events)
    if await advance_business_date(session, today) is None:
        await begin_at(session, today)
    await turn_to(session, today)
