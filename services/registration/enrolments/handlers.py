"""What the other services announce about an enrolment."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import service
from services.registration.enrolments.state import EnrolmentRecord
from services.registration.resources import RegistrationResources
from shared.contracts.event import Received
from shared.contracts.payment import (
    BillIssued,
    CashReturned,
    CertificateIssued,
    ContributionInTreasury,
    ContributionPaid,
    ContributionRemitted,
    ContributionReturned,
    ContributionReversed,
)
from shared.contracts.subsidy import ContributionAssessed
from shared.messaging.consumer.subscription import Subscription


async def on_contributions_assessed(
    session: AsyncSession, events: Sequence[Received[ContributionAssessed]], _: RegistrationResources
) -> None:
    """Subsidy announced what is due."""
    await service.record_assessments(session, events)


async def on_bills_issued(
    session: AsyncSession, events: Sequence[Received[BillIssued]], _: RegistrationResources
) -> None:
    """Payment asks for it."""
    await service.apply_facts(session, events, lambda record, event: record.billed(event.version))


async def on_contributions_paid(
    session: AsyncSession, events: Sequence[Received[ContributionPaid]], _: RegistrationResources
) -> None:
    """The money was credited."""
    await service.record_contributions(session, events)


async def on_contributions_reversed(
    session: AsyncSession, events: Sequence[Received[ContributionReversed]], _: RegistrationResources
) -> None:
    """The institution that had collected the money took it back."""
    await service.apply_facts(session, events, lambda record, _: record.unpaid())


async def on_cash_returned(
    session: AsyncSession, events: Sequence[Received[CashReturned]], _: RegistrationResources
) -> None:
    """The village gave cash back that could not be imported."""
    await service.apply_facts(session, events, lambda record, event: record.cash_returned(event.returned_on))


async def on_contributions_remitted(
    session: AsyncSession, events: Sequence[Received[ContributionRemitted]], _: RegistrationResources
) -> None:
    """The money is on its way to the treasury."""
    await service.apply_facts(session, events, lambda record, _: replace(record, money_state="IN_TRANSIT"))


async def on_contributions_returned(
    session: AsyncSession, events: Sequence[Received[ContributionReturned]], _: RegistrationResources
) -> None:
    """The treasury sent it back."""
    await service.apply_facts(session, events, lambda record, _: replace(record, money_state="RETURNED"))


async def on_contributions_in_treasury(
    session: AsyncSession, events: Sequence[Received[ContributionInTreasury]], _: RegistrationResources
) -> None:
    """The treasury holds it."""

    def arrived(record: EnrolmentRecord, event: ContributionInTreasury) -> EnrolmentRecord:
        return replace(record, money_state="IN_TREASURY", in_treasury_on=event.received_on)

    await service.apply_facts(session, events, arrived)


async def on_certificates_issued(
    session: AsyncSession, events: Sequence[Received[CertificateIssued]], _: RegistrationResources
) -> None:
    """The tax bureau certified it."""
    await service.apply_facts(
        session, events, lambda record, event: replace(record, certificate_no=event.certificate_no)
    )


SUBSCRIPTIONS = (
    Subscription(ContributionAssessed, on_contributions_assessed),
    Subscription(BillIssued, on_bills_issued),
    Subscription(ContributionPaid, on_contributions_paid),
    Subscription(ContributionReversed, on_contributions_reversed),
    Subscription(CashReturned, on_cash_returned),
    Subscription(ContributionRemitted, on_contributions_remitted),
    Subscription(ContributionReturned, on_contributions_returned),
    Subscription(ContributionInTreasury, on_contributions_in_treasury),
    Subscription(CertificateIssued, on_certificates_issued),
)
