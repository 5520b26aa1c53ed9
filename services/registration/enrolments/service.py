"""What registration does with enrolments: records what the other services announce, and begins cover on its day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import repository
from services.registration.enrolments.state import PAID_OR_BEYOND, EnrolmentRecord, Payment, State
from services.registration.periods.decision import decide_period
from shared.contracts.event import Event, Received, Trace
from shared.contracts.payment import ContributionPaid
from shared.contracts.registration import (
    EnrolmentActivated,
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentPaymentReversed,
    EnrolmentReadmitted,
    EnrolmentReaffirmed,
    EnrolmentRejected,
)
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow
from shared.messaging.outbox.epochs import settle_lost
from shared.messaging.outbox.publication import publish


class UnknownEnrolment(LookupError):
    """Another service speaks of an enrolment that is not here."""


async def record_assessments(session: AsyncSession, events: Sequence[Received[ContributionAssessed]]) -> None:
    """Record what each enrolment owes; one that owes nothing on the day of the assessment is paid by that."""

    def assessed(record: EnrolmentRecord, event: ContributionAssessed) -> EnrolmentRecord:
        changed = record.assessed(event.version, event.outcome, _shown(event))
        if changed is record or not event.nothing_due:
            return changed
        row = _row_on(event.schedule, event.assessed_on)
        payment = Payment("NOTHING_DUE", event.assessed_on, 0, 0, row.aided_fen, None, event.version)
        return changed.paid(payment, decide_period(event.assessed_on, row.wait, row.benefit))

    await apply_facts(session, events, assessed)


async def record_contributions(session: AsyncSession, events: Sequence[Received[ContributionPaid]]) -> None:
    """Record that contributions were credited, and from when each person is covered."""

    def paid(record: EnrolmentRecord, event: ContributionPaid) -> EnrolmentRecord:
        payment = Payment(
            "CONTRIBUTION",
            event.paid_on,
            event.amount_fen,
            event.due_fen,
            event.aided_fen,
            event.channel,
            event.bill_version,
        )
        return record.paid(payment, decide_period(event.paid_on, event.wait, event.benefit))

    await apply_facts(session, events, paid)


async def activate(session: AsyncSession, today: date, most: int) -> int:
    """Begin the cover of paid people whose first covered day has come, and end it after the last; returns how many."""
    begun = await repository.step(session, State.ACTIVE, today, most)
    ended = await repository.step(session, State.EXPIRED, today, most)
    announcements: list[tuple[Event, Trace]] = []
    for record in begun:
        starts_on, ends_on = record.cover()
        fact = EnrolmentActivated(
            region=record.region,
            benefit_year=record.benefit_year,
            enrolment_id=record.id,
            person_token=record.person_token,
            benefit_start=starts_on,
            benefit_end=ends_on,
        )
        announcements.append((fact, record.trace))
    await publish(session, announcements)
    return len(begun) + len(ended)


async def apply_facts(
    session: AsyncSession,
    events: Sequence[Received[Any]],
    apply: Callable[[EnrolmentRecord, Any], EnrolmentRecord],
) -> None:
    """Lock, apply each fact, record what changed, and announce who became paid by it, or paid otherwise than announced.

    What others took in before a restoration lost it is not announced once more, only that it holds again.
    Raises ``UnknownEnrolment``: a fact about somebody who was never registered is kept as a dead letter, not dropped.
    """
    before = await repository.lock(session, [received.event.enrolment_id for received in events])
    after = dict(before)
    announcements: list[tuple[Event, Trace]] = []
    reaffirmed: list[tuple[UUID, str]] = []
    for received in events:
        record = after.get(received.event.enrolment_id)
        if record is None:
            raise UnknownEnrolment(received.event.enrolment_id)
        changed = apply(record, received.event)
        after[changed.id] = changed
        for fact in _facts(record, changed):
            if fact.name not in after[changed.id].lost:
                announcements.append((fact, received.then()))
                continue
            announcements.append((_reaffirmed(changed, fact.name), received.then()))
            reaffirmed.append((changed.id, fact.name))
            after[changed.id] = _without_lost(after[changed.id], fact.name)
    await settle_lost(session, reaffirmed, "ANNOUNCED_AGAIN")
    await repository.record(session, [after[key] for key in sorted(after) if after[key] is not before[key]])
    await publish(session, announcements)


def _facts(before: EnrolmentRecord, after: EnrolmentRecord) -> list[Event]:
    """What is to be announced of a change."""
    facts: list[Event] = []
    if after.in_scope != before.in_scope:
        facts.append(_rejected_or_readmitted(after))
    if after.state in PAID_OR_BEYOND and before.state not in PAID_OR_BEYOND:
        facts.append(_became_paid(after))
    elif before.state in PAID_OR_BEYOND and after.payment is None:
        facts.append(_payment_reversed(after))
    elif before.payment is not None and after.payment is not before.payment:
        facts.append(_corrected(after))
    return facts


def _reaffirmed(record: EnrolmentRecord, fact: str) -> EnrolmentReaffirmed:
    return EnrolmentReaffirmed(
        region=record.region,
        benefit_year=record.benefit_year,
        enrolment_id=record.id,
        person_token=record.person_token,
        fact=fact,
    )


def _without_lost(record: EnrolmentRecord, fact: str) -> EnrolmentRecord:
    return replace(record, lost=tuple(name for name in record.lost if name != fact))


def _rejected_or_readmitted(record: EnrolmentRecord) -> Event:
    fact = EnrolmentReadmitted if record.in_scope else EnrolmentRejected
    return fact(
        region=record.region,
        benefit_year=record.benefit_year,
        enrolment_id=record.id,
        person_token=record.person_token,
        assessment_version=record.assessment_version or 0,
    )


def _became_paid(record: EnrolmentRecord) -> EnrolmentPaid:
    assert record.payment is not None  # noqa: S101 - PAID follows from a payment only
    return EnrolmentPaid(
        region=record.region,
        benefit_year=record.benefit_year,
        enrolment_id=record.id,
        person_token=record.person_token,
        paid_on=record.payment.paid_on,
        due_fen=record.payment.due_fen,
        basis="CONTRIBUTION" if record.payment.basis == "CONTRIBUTION" else "NOTHING_DUE",
        assessment_version=record.payment.version,
    )


def _payment_reversed(record: EnrolmentRecord) -> EnrolmentPaymentReversed:
    return EnrolmentPaymentReversed(
        region=record.region,
        benefit_year=record.benefit_year,
        enrolment_id=record.id,
        person_token=record.person_token,
    )


def _corrected(record: EnrolmentRecord) -> EnrolmentPaymentCorrected:
    if record.payment is None or record.payment.version is None:
        raise ValueError(f"enrolment {record.id}: only money credited under an assessment corrects")
    return EnrolmentPaymentCorrected(
        region=record.region,
        benefit_year=record.benefit_year,
        enrolment_id=record.id,
        person_token=record.person_token,
        paid_on=record.payment.paid_on,
        due_fen=record.payment.due_fen,
        assessment_version=record.payment.version,
    )


def _row_on(schedule: Sequence[ScheduleRow], day: date) -> ScheduleRow:
    """The row whose dates hold ``day``, else the first that begins after it, else the last."""
    return next((row for row in schedule if row.pay_until >= day), schedule[-1])


def _shown(event: ContributionAssessed) -> Mapping[str, Any]:
    return event.model_dump(
        mode="json", include={"version", "outcome", "reason_code", "pack", "identities", "schedule", "reasons"}
    )
