"""An assessment: what is due by day of payment, so that no later service has to ask what a day costs."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from shared.policy.conditions import Conditions, months_later
from shared.policy.facts import Certified, Facts, MissingFact
from shared.policy.pack import Pack
from shared.policy.person import judge_person
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.terms import Priced, Terms, price_on
from shared.policy.vocabulary import ReasonCode

ONE_DAY = timedelta(days=1)


class Outcome(StrEnum):
    """How an assessment ended."""

    PRICED = "PRICED"
    HELD = "HELD"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class PriceRow:
    """What is due if the payment's business date lies in ``pay_from`` … ``pay_until``, both included."""

    pay_from: date
    pay_until: date
    terms: Terms
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Assessment:
    """A schedule by payment date with its reasons, or why there is none."""

    outcome: Outcome
    reason_code: ReasonCode | None
    rows: tuple[PriceRow, ...]
    reasons: Reasons


_Span = tuple[date, date, Priced | PolicyRefusal | MissingFact]


@dataclass(frozen=True, slots=True)
class PriceCalendar:
    """Every day on which the contribution may be paid, priced; an assessment adds the day as of which it is made."""

    pack: Pack
    facts: Facts
    identities: Sequence[Certified]
    person: Reasons | PolicyRefusal | MissingFact
    spans: tuple[_Span, ...]
    priced: Assessment

    def assessment(self, as_of: date) -> Assessment:
        """How things stand on a day: held if its price is open, rejected once the last day to pay is over.

        Earlier rows stay, because money sent on time may arrive late.
        """
        if isinstance(self.person, MissingFact):
            return self._missing(self.person)
        if isinstance(self.person, PolicyRefusal):
            return _without_rows(self.person, ())
        for first, last, now in self.spans:
            if last >= max(as_of, first) and _is_open(now):
                return self._as_of(now, self.person)
        return self._as_of(_price_on(self.pack, self.facts, self.identities, as_of), self.person)

    def _as_of(self, now: Priced | PolicyRefusal | MissingFact, person: Reasons) -> Assessment:
        if isinstance(now, MissingFact):
            return self._missing(now)
        return _without_rows(now, person) if isinstance(now, PolicyRefusal) else self.priced

    def _missing(self, missing: MissingFact) -> Assessment:
        reason = RuleReason("FACT_MISSING", True, str(missing), self.pack.settings.open_amount)
        return Assessment(Outcome.HELD, ReasonCode.FACT_MISSING, (), (reason,))


def price_calendar(pack: Pack, facts: Facts, identities: Sequence[Certified] = ()) -> PriceCalendar:
    """Price every day on which the contribution may be paid."""
    person: Reasons | PolicyRefusal | MissingFact
    spans: tuple[_Span, ...] = ()
    rows: tuple[PriceRow, ...] = ()
    reasons: Reasons = ()
    try:
        person = judge_person(pack, facts)
        if not isinstance(person, PolicyRefusal):
            spans = tuple(
                (first, last, _price_on(pack, facts, identities, first))
                for first, last in stretches(pack, facts, identities)
            )
            rows = tuple(_joined(spans))
            reasons = distinct((*person, *(reason for row in rows for reason in row.reasons)))
    except MissingFact as missing:
        person = missing
    return PriceCalendar(pack, facts, identities, person, spans, Assessment(Outcome.PRICED, None, rows, reasons))


def schedule(pack: Pack, facts: Facts, identities: Sequence[Certified] = (), as_of: date | None = None) -> Assessment:
    """The assessment of one person as of a day; of the day of registration unless given."""
    return price_calendar(pack, facts, identities).assessment(facts.registration_date if as_of is None else as_of)


def _price_on(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> Priced | PolicyRefusal | MissingFact:
    """A day that asks for an unknown fact has no price; other days may have one."""
    try:
        return price_on(pack, facts, held, day)
    except MissingFact as missing:
        return missing


def distinct(reasons: Reasons) -> Reasons:
    """Each reason once, in order."""
    return tuple(dict.fromkeys(reasons))


def _is_open(priced: Priced | PolicyRefusal | MissingFact) -> bool:
    """Whether money may come on those days, or could if an amount were configured or a fact known."""
    closed = (ReasonCode.WINDOW_CLOSED, ReasonCode.WINDOW_NOT_OPEN)
    return not isinstance(priced, PolicyRefusal) or priced.code not in closed


def _without_rows(refusal: PolicyRefusal, before: Reasons) -> Assessment:
    outcome = Outcome.HELD if refusal.ruling is Ruling.HOLD else Outcome.REJECTED
    return Assessment(outcome, refusal.code, (), distinct(before + refusal.reasons))


def stretches(pack: Pack, facts: Facts, identities: Sequence[Certified]) -> Iterator[tuple[date, date]]:
    """The stretches of days between which nothing changes: windows, standards, certifications and gaps end them."""
    first, last = pack.windows[0].first, max(window.last for window in pack.windows)
    cuts = set()
    if pack.newborns is not None and facts.newborn:
        first, last = min(first, pack.newborns.rules[0].first), max(last, pack.benefit.last)
        cuts = {pack.newborns.rules[0].first, pack.benefit.last + ONE_DAY}
    cuts |= {first, last + ONE_DAY}
    for window in pack.windows:
        cuts |= {window.first, window.last + ONE_DAY, *_turns(window.whom, facts)}
    for whom in (*(pack.continuity.exempt if pack.continuity else ()), *(relief.whom for relief in pack.reliefs)):
        cuts |= _turns(whom, facts)
    cuts |= {standard.first for standard in pack.standards}
    cuts |= {day for held in identities for day in (held.on, held.withdrawn_on) if day is not None}
    for a, b in pairwise(sorted(cut for cut in cuts if first <= cut <= last + ONE_DAY)):
        yield from _in_time_and_too_late(pack, facts, identities, a, b - ONE_DAY)


def _turns(whom: Conditions, facts: Facts) -> set[date]:
    """The days on which a person begins or ceases to meet a condition that looks at the day of payment."""
    turns = {day for day in (facts.discharge_date, facts.sponsor_discharge_date) if day is not None}
    if whom.discharged_months_max is not None and facts.discharge_date is not None:
        turns.add(months_later(facts.discharge_date, whom.discharged_months_max) + ONE_DAY)
    paid_through = facts.other_insurance.paid_through
    if paid_through is not None:
        for months in (whom.employee_gap_months_max, whom.employee_gap_months_over):
            if months is not None:
                turns.add(months_later(paid_through, months) + ONE_DAY)
    return turns


def _in_time_and_too_late(
    pack: Pack, facts: Facts, identities: Sequence[Certified], first: date, last: date
) -> Iterator[tuple[date, date]]:
    """A stretch whose wait passes the end of the period only for those who pay on its last days is two."""
    days = range((last - first).days + 1)

    def too_late(number: int) -> bool:
        priced = _price_on(pack, facts, identities, first + timedelta(number))
        return isinstance(priced, PolicyRefusal) and priced.code is ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD

    if not too_late(days[-1]) or too_late(0):
        yield first, last
        return
    begins = first + timedelta(bisect_left(days, True, key=too_late))
    yield first, begins - ONE_DAY
    yield begins, last


def _joined(spans: Sequence[_Span]) -> Iterator[PriceRow]:
    """Neighbouring stretches with equal terms are one row; days without a price are in no row."""

    def terms_of(span: _Span) -> Terms | None:
        return span[2].terms if isinstance(span[2], Priced) else None

    for terms, group in groupby(spans, key=terms_of):
        if terms is not None:
            same = list(group)
            priced = (span[2] for span in same if isinstance(span[2], Priced))
            reasons = distinct(tuple(reason for each in priced for reason in each.reasons))
            yield PriceRow(same[0][0], same[-1][1], terms, reasons)
