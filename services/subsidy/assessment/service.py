"""Assessing enrolments: read what rosters say, decide by the pack, record a version, announce it."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.assessment import repository
from services.subsidy.assessment.pricing import Pricer, Pricing, certified
from services.subsidy.assessment.repository import Assessed, Change, Known, Version
from shared.contracts.event import Event, Received, Trace
from shared.contracts.registration import (
    EnrolmentPaid,
    EnrolmentPaymentCorrected,
    EnrolmentRegistered,
    EnrolmentTerminated,
)
from shared.contracts.subsidy import ContributionAssessed, same_price_on
from shared.messaging.outbox.publication import publish
from shared.policy.after_bill import counting_for
from shared.policy.facts import Certified
from shared.policy.vocabulary import ReasonCode

# Nobody may pay any more; what was due on the days before stays what it was.
_OVER = frozenset({ReasonCode.WINDOW_CLOSED, ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD})


class NoBenefitYear(ValueError):
    """An enrolment without a benefit year cannot be priced."""


async def assess_registered(
    session: AsyncSession, pricer: Pricer, events: Sequence[Received[EnrolmentRegistered]], today: date
) -> None:
    """Give each new enrolment its first version, as things stand on the day of registration.

    Whoever owes nothing any more by the day on which it is heard of is enrolled by that day: nobody looks again later.
    """
    tokens = await repository.lock_people(session, [received.event.person_token for received in events])
    held = await repository.identities_of(session, tokens)
    made = []
    for received in events:
        known = _known(received.event)
        identities = held.get(known.person_token, ())
        pricing = pricer.price(known.facts, identities, known.benefit_year, known.registered_on)
        heard_on = max(today, known.registered_on)
        assessed_on = pricing.nothing_due_on(known.registered_on, heard_on) or known.registered_on
        made.append(Assessed(known, identities, pricing, assessed_on, Change("REGISTERED", received.then())))
    await repository.record(session, pricer.pack.id, made, registered=True)
    await publish(session, [(_announcement(pricer, one), one.trace) for one in made])


async def reassess(session: AsyncSession, pricer: Pricer, changed: dict[str, Change], today: date) -> int:
    """Price people anew of whom something changed; a new version only where the answer differs.

    Whoever has paid keeps the price; until the benefit period begins, what would be due now is announced for a review
    (default 20).
    """
    tokens = await repository.lock_people(session, changed)
    year, begins = pricer.pack.benefit_year, pricer.pack.benefit.first
    standing = await repository.lock_revisable(session, tokens, year, paid_too=today < begins)
    held = await repository.identities_of(session, tokens)
    made = []
    for known in standing:
        as_of = max(today, known.registered_on)
        identities = held.get(known.person_token, ())
        pricing = _priced_anew(pricer, known, identities, as_of)
        if pricing is not None:
            unpaid = known.paid_on is None
            enrolled_on = pricing.nothing_due_on(known.registered_on, as_of) if unpaid else None
            made.append(Assessed(known, identities, pricing, enrolled_on or as_of, changed[known.person_token]))
    if made:
        await repository.record(session, pricer.pack.id, made, registered=False)
        announcements: list[tuple[Event, Trace]] = [(_announcement(pricer, one), one.trace) for one in made]
        await publish(session, announcements)
    return len(made)


async def settle(
    session: AsyncSession, events: Sequence[Received[EnrolmentPaid]] | Sequence[Received[EnrolmentPaymentCorrected]]
) -> None:
    """Freeze the version and row under which each enrolment was paid; a correction replaces what was frozen before."""
    schedules = await repository.schedules_of(session, [received.event.enrolment_id for received in events])
    settled = []
    for received in events:
        paid, versions = received.event, schedules.get(received.event.enrolment_id)
        if versions:  # registration tells both facts, in this order; one without the other is a dead letter's business
            settled.append((paid.enrolment_id, paid.paid_on, *_paid_under(versions, paid)))
    if settled:
        await repository.settle(session, settled)


async def terminate(session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]]) -> None:
    """Stop counting and pricing enrolments that ended."""
    ended = {received.event.enrolment_id: received.event.terminated_on for received in events}
    await repository.terminate(session, dict(sorted(ended.items())))


def _priced_anew(pricer: Pricer, known: Known, identities: Sequence[Certified], as_of: date) -> Pricing | None:
    """What an enrolment comes to now; None where that is what it came to before."""
    if known.paid_on is not None:
        return _reviewed(pricer, known, known.paid_on, identities, as_of)
    pricing = pricer.price(known.facts, identities, known.benefit_year, known.registered_on, as_of)
    if pricing.reason_code in _OVER:
        # That the last day is over takes nothing back: money sent on time may arrive late, and who owed nothing on a
        # day that has passed is enrolled by it.
        pricing = pricer.price(known.facts, identities, known.benefit_year, known.registered_on)
    # The same schedule can come to mean that nothing is due any more, by the day alone.
    enrolled_on = pricing.nothing_due_on(known.registered_on, as_of)
    return pricing if pricing.id != known.pricing_id or enrolled_on is not None else None


def _reviewed(
    pricer: Pricer, known: Known, paid_on: date, identities: Sequence[Certified], as_of: date
) -> Pricing | None:
    """What the day of payment would cost by the identities of today; None where the last ones cost the same.

    Both are priced by the policy of today: default 20 is about identities, what was paid under another policy stays.
    """

    def price(counting: Sequence[Certified]) -> Pricing:
        return pricer.price(known.facts, counting, known.benefit_year, known.registered_on, paid_on)

    now = price(counting_for(identities, paid_on, as_of))
    last = price([certified(name, date.min, None) for name in known.identities])
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


def _known(registered: EnrolmentRegistered) -> Known:
    if registered.benefit_year is None:
        raise NoBenefitYear
    return Known(
        registered.enrolment_id,
        registered.region,
        registered.benefit_year,
        registered.person_token,
        registered.registered_on,
        registered.facts,
    )


def _announcement(pricer: Pricer, one: Assessed) -> ContributionAssessed:
    return ContributionAssessed(
        region=one.known.region,
        benefit_year=one.known.benefit_year,
        enrolment_id=one.known.id,
        person_token=one.known.person_token,
        version=one.version,
        outcome=one.pricing.outcome,
        reason_code=one.pricing.reason_code,
        pack=pricer.pack.id,
        identities=tuple(one.names),
        schedule=one.pricing.schedule,
        reasons=one.pricing.reasons,
        assessed_on=one.assessed_on,
    )
