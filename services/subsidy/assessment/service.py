"""Assessing enrolments: read what rosters say, decide by the pack, record a version, announce it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import repository
from services.subsidy.assessment.lost import take_up
from services.subsidy.assessment.repository import Assessed, EndedEnrolment, EnrolmentSnapshot, PaidAssessment, Version
from services.subsidy.changes.repository import PricingCause
from services.subsidy.pricing.pricer import Pricer, Pricing, as_reason, certified
from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import (
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentPaymentReversed,
    EnrolmentRegistered,
    EnrolmentTerminated,
)
from shared.contracts.subsidy import ContributionAssessed, Reason, same_price_on
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish
from shared.policy.after_bill import counting_for
from shared.policy.answer import answer
from shared.policy.case_decision import decided
from shared.policy.facts import Certified, MissingFact
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.vocabulary import ReasonCode

# Nobody may pay any more; what was due on the days before stays what it was.
_OVER = frozenset({ReasonCode.WINDOW_CLOSED, ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD})


class FactMissing(DomainError):
    """A rule asks for a fact that the case does not state."""

    code = ErrorCode.FACT_MISSING


class NoBenefitYear(ValueError):
    """An enrolment without a benefit year cannot be priced."""


async def assess_registered(
    session: AsyncSession, pricer: Pricer, events: Sequence[Received[EnrolmentRegistered]], today: date
) -> None:
    """Give each new enrolment its first version, as things stand on the day of registration.

    A person who owes nothing any more on the day on which the registration arrives is enrolled by that day: nobody
    looks again later. Who was assessed before and lost by a restoration is assessed as others know it.
    """
    tokens = await repository.lock_people(session, [received.event.person_token for received in events])
    held = await repository.identities_of(session, tokens)
    snapshots = {received.event.enrolment_id: _snapshot(received.event) for received in events}
    announcements = [*await take_up(session, snapshots, registered=True)]
    known, made = {event.key for event, _ in announcements}, []
    for received in events:
        snapshot = snapshots[received.event.enrolment_id]
        if snapshot.id in known:
            continue
        identities = held.get(snapshot.person_token, ())
        pricing = pricer.price(snapshot.facts, identities, snapshot.benefit_year, snapshot.registered_on)
        received_on = max(today, snapshot.registered_on)
        assessed_on = pricing.nothing_due_on(snapshot.registered_on, received_on) or snapshot.registered_on
        made.append(Assessed(snapshot, identities, pricing, assessed_on, PricingCause("REGISTERED", received.then())))
    await repository.record(session, pricer.pack.id, made, registered=True)
    await publish(session, [*announcements, *((_announcement(pricer, one), one.trace) for one in made)])


async def reassess(session: AsyncSession, pricer: Pricer, changed: dict[str, PricingCause], today: date) -> int:
    """Price people again of whom something changed; a new version only where the answer differs.

    A person who has paid keeps the price; until the benefit period begins, what would be due now is announced for a
    review (default 20).
    """
    tokens = await repository.lock_people(session, changed)
    year, begins = pricer.pack.benefit_year, pricer.pack.benefit.first
    revisable = await repository.lock_revisable(session, tokens, year, paid_too=today < begins)
    held = await repository.identities_of(session, tokens)
    made = []
    for snapshot in revisable:
        as_of = max(today, snapshot.registered_on)
        identities = held.get(snapshot.person_token, ())
        pricing = _repriced(pricer, snapshot, identities, as_of)
        if pricing is not None:
            unpaid = snapshot.paid_on is None
            enrolled_on = pricing.nothing_due_on(snapshot.registered_on, as_of) if unpaid else None
            made.append(Assessed(snapshot, identities, pricing, enrolled_on or as_of, changed[snapshot.person_token]))
    if made:
        await repository.record(session, pricer.pack.id, made, registered=False)
        announcements: list[tuple[Event, Trace]] = [(_announcement(pricer, one), one.trace) for one in made]
        await publish(session, announcements)
    return len(made)


async def record_paid_assessment(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaid]] | Sequence[Received[EnrolmentPaymentCorrected]]
) -> None:
    """Freeze the version and row under which each enrolment was paid; a correction replaces what was frozen before."""
    schedules = await repository.schedules_of(session, [received.event.enrolment_id for received in events])
    paid_under: list[PaidAssessment] = []
    for received in events:
        paid, versions = received.event, schedules.get(received.event.enrolment_id)
        if versions:  # registration announces both facts, in this order; one without the other waits as a dead letter
            paid_under.append(PaidAssessment(paid.enrolment_id, paid.paid_on, *_paid_under(versions, paid)))
    if paid_under:
        await repository.record_paid(session, paid_under)


async def record_unpaid(session: AsyncSession, events: Sequence[Received[EnrolmentPaymentReversed]]) -> None:
    """Let the newest version of each enrolment count again: what had been paid under another one was taken back."""
    await repository.record_unpaid(session, sorted({received.event.enrolment_id for received in events}))


async def terminate(session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]]) -> None:
    """Stop counting and pricing enrolments that ended."""
    ended = {received.event.enrolment_id: received.event.terminated_on for received in events}
    await repository.terminate(session, [EndedEnrolment(*one) for one in sorted(ended.items())])


def preview(pack: Pack, case: CaseFacts) -> tuple[dict[str, Any], list[Reason]]:
    """The answer to a case, in the shape of a worked case, and every rule that was tried; raises ``FactMissing``."""
    try:
        decision = decided(pack, case)
    except MissingFact as missing:
        raise FactMissing(str(missing), pointer=f"/{missing.name.replace('.', '/')}") from None
    return answer(pack, decision, case.person()), [as_reason(reason) for reason in decision.reasons]


def _repriced(
    pricer: Pricer, snapshot: EnrolmentSnapshot, identities: Sequence[Certified], as_of: date
) -> Pricing | None:
    """What an enrolment comes to now; None where that is what it came to before."""
    if snapshot.paid_on is not None:
        return _reviewed(pricer, snapshot, snapshot.paid_on, identities, as_of)
    pricing = pricer.price(snapshot.facts, identities, snapshot.benefit_year, snapshot.registered_on, as_of)
    if pricing.reason_code in _OVER:
        # That the last day is over takes nothing back: money sent on time may arrive late, and who owed nothing on a
        # day that has passed is enrolled by it.
        pricing = pricer.price(snapshot.facts, identities, snapshot.benefit_year, snapshot.registered_on)
    # The same schedule can come to mean that nothing is due any more, by the day alone.
    enrolled_on = pricing.nothing_due_on(snapshot.registered_on, as_of)
    return pricing if pricing.id != snapshot.pricing_id or enrolled_on is not None else None


def _reviewed(
    pricer: Pricer, snapshot: EnrolmentSnapshot, paid_on: date, identities: Sequence[Certified], as_of: date
) -> Pricing | None:
    """What the day of payment would cost by the identities of today; None where the last ones cost the same.

    Both are priced by the policy of today: default 20 is about identities, what was paid under another policy stays.
    """

    def price(counting: Sequence[Certified]) -> Pricing:
        return pricer.price(snapshot.facts, counting, snapshot.benefit_year, snapshot.registered_on, paid_on)

    now = price(counting_for(identities, paid_on, as_of))
    last = price([certified(name, date.min, None) for name in snapshot.identities])
    return None if same_price_on(paid_on, last.schedule, now.schedule) else now


def _paid_under(versions: Sequence[Version], paid: EnrolmentPaid | EnrolmentPaymentCorrected) -> tuple[str, int | None]:
    """The version that was paid, which may not be the newest, and its row for that day."""
    paid_version = next((one for one in versions if one.number == paid.assessment_version), versions[0])
    day = paid.paid_on.isoformat()
    for number, row in enumerate(paid_version.rows):
        # Where nothing was due, the row may only begin after the day of the assessment.
        if day <= row["pay_until"] and (row["pay_from"] <= day or paid.due_fen == 0):
            return paid_version.pricing_id, number
    return paid_version.pricing_id, None


def _snapshot(registered: EnrolmentRegistered) -> EnrolmentSnapshot:
    if registered.benefit_year is None:
        raise NoBenefitYear
    return EnrolmentSnapshot(
        registered.enrolment_id,
        registered.region,
        registered.benefit_year,
        registered.person_token,
        registered.registered_on,
        registered.facts,
    )


def _announcement(pricer: Pricer, one: Assessed) -> ContributionAssessed:
    return ContributionAssessed(
        region=one.snapshot.region,
        benefit_year=one.snapshot.benefit_year,
        enrolment_id=one.snapshot.id,
        person_token=one.snapshot.person_token,
        version=one.version,
        outcome=one.pricing.outcome,
        reason_code=one.pricing.reason_code,
        pack=pricer.pack.id,
        identities=tuple(one.names),
        schedule=one.pricing.schedule,
        reasons=one.pricing.reasons,
        assessed_on=one.assessed_on,
    )
