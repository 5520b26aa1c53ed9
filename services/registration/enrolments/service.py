"""What registration does with enrolments: takes in what the other services announce, and begins cover on its day."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import repository
from services.registration.enrolments.state import PAID_OR_BEYOND, Payment, Standing, State
from services.registration.periods.decision import decide_period
from shared.contracts.event import Event, Received, Trace
from shared.contracts.payment import ContributionPaid
from shared.contracts.registration import (
    EnrolmentActivated,
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentReadmitted,
    EnrolmentRejected,
)
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow
from shared.messaging.outbox.publication import publish


class UnknownEnrolment(LookupError):
    """Another service speaks of an enrolment that is not here."""


async def take_assessments(session: AsyncSession, events: Sequence[Received[ContributionAssessed]]) -> None:
    """Know what each enrolment owes; one that owes nothing on the day of the assessment is paid by that."""

    def assessed(standing: Standing, event: ContributionAssessed) -> Standing:
        known = standing.assessed(event.version, event.outcome, _shown(event))
        if known is standing or not event.nothing_due:
            return known
        row = _row_on(event.schedule, event.assessed_on)
        payment = Payment("NOTHING_DUE", event.assessed_on, 0, 0, row.aided_fen, None, event.version)
        return known.paid(payment, decide_period(event.assessed_on, row.wait, row.benefit))

    await take(session, events, assessed)


async def take_contributions(session: AsyncSession, events: Sequence[Received[ContributionPaid]]) -> None:
    """Know that contributions were credited, and from when each person is covered."""

    def paid(standing: Standing, event: ContributionPaid) -> Standing:
        payment = Payment(
            "CONTRIBUTION",
            event.paid_on,
            event.amount_fen,
            event.due_fen,
            event.aided_fen,
            event.channel,
            event.bill_version,
        )
        return standing.paid(payment, decide_period(event.paid_on, event.wait, event.benefit))

    await take(session, events, paid)


async def activate(session: AsyncSession, today: date, most: int) -> int:
    """Begin the cover of paid people whose first covered day has come, and end it after the last; returns how many."""
    begun = await repository.step(session, State.ACTIVE, today, most)
    ended = await repository.step(session, State.EXPIRED, today, most)
    announcements: list[tuple[Event, Trace]] = []
    for standing in begun:
        starts_on, ends_on = standing.cover()
        fact = EnrolmentActivated(
            region=standing.region,
            benefit_year=standing.benefit_year,
            enrolment_id=standing.id,
            person_token=standing.person_token,
            benefit_start=starts_on,
            benefit_end=ends_on,
        )
        announcements.append((fact, standing.trace))
    await publish(session, announcements)
    return len(begun) + len(ended)


async def take(
    session: AsyncSession, events: Sequence[Received[Any]], know: Callable[[Standing, Any], Standing]
) -> None:
    """Lock, apply each fact, record what changed, and announce who became paid by it, or paid otherwise than said.

    Raises ``UnknownEnrolment``: a fact about somebody who was never registered is set aside, not dropped.
    """
    before = await repository.lock(session, [received.event.enrolment_id for received in events])
    after = dict(before)
    announcements: list[tuple[Event, Trace]] = []
    for received in events:
        standing = after.get(received.event.enrolment_id)
        if standing is None:
            raise UnknownEnrolment(received.event.enrolment_id)
        known = know(standing, received.event)
        after[known.id] = known
        if known.is_ours != standing.is_ours:
            announcements.append((_rejected_or_readmitted(known), received.then()))
        if known.state in PAID_OR_BEYOND and standing.state not in PAID_OR_BEYOND:
            announcements.append((_became_paid(known), received.then()))
        elif standing.payment is not None and known.payment is not standing.payment:
            announcements.append((_corrected(known), received.then()))
    await repository.record(session, [after[key] for key in sorted(after) if after[key] is not before[key]])
    await publish(session, announcements)


def _rejected_or_readmitted(standing: Standing) -> Event:
    fact = EnrolmentReadmitted if standing.is_ours else EnrolmentRejected
    return fact(
        region=standing.region,
        benefit_year=standing.benefit_year,
        enrolment_id=standing.id,
        person_token=standing.person_token,
        assessment_version=standing.assessment_version or 0,
    )


def _became_paid(standing: Standing) -> EnrolmentPaid:
    assert standing.payment is not None  # noqa: S101 - PAID follows from a payment only
    return EnrolmentPaid(
        region=standing.region,
        benefit_year=standing.benefit_year,
        enrolment_id=standing.id,
        person_token=standing.person_token,
        paid_on=standing.payment.paid_on,
        due_fen=standing.payment.due_fen,
        basis="CONTRIBUTION" if standing.payment.basis == "CONTRIBUTION" else "NOTHING_DUE",
        assessment_version=standing.payment.version,
    )


def _corrected(standing: Standing) -> EnrolmentPaymentCorrected:
    if standing.payment is None or standing.payment.version is None:
        raise ValueError(f"enrolment {standing.id}: only money credited under an assessment corrects")
    return EnrolmentPaymentCorrected(
        region=standing.region,
        benefit_year=standing.benefit_year,
        enrolment_id=standing.id,
        person_token=standing.person_token,
        paid_on=standing.payment.paid_on,
        due_fen=standing.payment.due_fen,
        assessment_version=standing.payment.version,
    )


def _row_on(schedule: Sequence[ScheduleRow], day: date) -> ScheduleRow:
    """The row whose dates hold ``day``, else the first that begins after it, else the last."""
    return next((row for row in schedule if row.pay_until >= day), schedule[-1])


def _shown(event: ContributionAssessed) -> Mapping[str, Any]:
    return event.model_dump(
        mode="json", include={"version", "outcome", "reason_code", "pack", "identities", "schedule", "reasons"}
    )
