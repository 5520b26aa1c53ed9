"""Events that make, replace or withdraw bills."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service
from shared.contracts.event import Received
from shared.contracts.registration import EnrolmentTerminated
from shared.contracts.subsidy import ContributionAssessed
from shared.messaging.consumer.subscription import Subscription


async def on_contributions_assessed(
    session: AsyncSession, events: Sequence[Received[ContributionAssessed]], _: object
) -> None:
    """An assessment becomes a bill, or takes one away."""
    await service.assess(session, events)


async def on_enrolments_terminated(
    session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]], _: object
) -> None:
    """An ended enrolment owes nothing more."""
    await service.terminate(session, events)


SUBSCRIPTIONS = (
    Subscription(ContributionAssessed, on_contributions_assessed),
    Subscription(EnrolmentTerminated, on_enrolments_terminated),
)
