"""An assessment: what is due by day of payment, so that no later service has to ask what a day costs."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise

from shared.policy.benefit import benefit_rule, covered_days
from shared.policy.facts import Certified, Facts
from shared.policy.pack import Pack, Window
from shared.policy.person import judge_person
from shared.policy.reasons import Reasons, Refusal, Ruling
from shared.policy.terms import Priced, Terms, price_on
from shared.policy.vocabulary import ReasonCode

ONE_DAY = timedelta(days=1)


class Outcome(StrEnum):
    """How an assessment ended."""

    PRICED = "PRICED"
    HELD = "HELD"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Row:
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
    rows: tuple[Row, ...]
    reasons: Reasons

    def row_on(self, day: date) -> Row | None:
        """The row whose dates hold a day."""
        return next((row for row in self.rows if row.pay_from <= day <= row.pay_until), None)


def schedule(pack: Pack, facts: Facts, identities: Sequence[Certified] = (), as_of: date | None = None) -> Assessment:
    """Price every day on which the contribution may be paid.

    The state of affairs on ``as_of`` (the day of registration unless given) decides the outcome: held if its price is
    open, rejected once the last day to pay is over. Earlier rows stay, because money sent on time may arrive late.
    """
    person = judge_person(pack, facts)
    if isinstance(person, Refusal):
        return _without_rows(person, ())
    today = facts.registration_date if as_of is None else as_of
    spans = [(first, last, price_on(pack, facts, identities, first)) for first, last in _spans(pack, identities)]
    now = next((priced for first, last, priced in spans if last >= max(today, first) and _is_open(priced)), None)
    if now is None:
        now = price_on(pack, facts, identities, today)
    if isinstance(now, Refusal):
        return _without_rows(now, person)
    rows = tuple(_joined(spans))
    return Assessment(Outcome.PRICED, None, rows, distinct((*person, *(r for row in rows for r in row.reasons))))


def distinct(reasons: Reasons) -> Reasons:
    """Each reason once, in order."""
    return tuple(dict.fromkeys(reasons))


def _is_open(priced: Priced | Refusal) -> bool:
    """Whether money may come on those days, or could if an amount were configured."""
    closed = (ReasonCode.WINDOW_CLOSED, ReasonCode.WINDOW_NOT_OPEN)
    return isinstance(priced, Priced) or priced.code not in closed


def _without_rows(refusal: Refusal, before: Reasons) -> Assessment:
    outcome = Outcome.HELD if refusal.ruling is Ruling.HOLD else Outcome.REJECTED
    return Assessment(outcome, refusal.code, (), distinct(before + refusal.reasons))


def _spans(pack: Pack, identities: Sequence[Certified]) -> Iterator[tuple[date, date]]:
    """The stretches of days between which nothing changes: windows, standards and certifications end them."""
    first, end = pack.windows[0].first, max(window.last for window in pack.windows) + ONE_DAY
    cuts = {first, end}
    for window in pack.windows:
        cuts |= {window.first, window.last + ONE_DAY}
    cuts |= {standard.first for standard in pack.standards}
    cuts |= {day for held in identities for day in (held.on, held.withdrawn_on) if day is not None}
    cuts |= {_first_day_too_late(window, pack) for window in pack.windows if window.wait.code is not None}
    yield from ((a, b - ONE_DAY) for a, b in pairwise(sorted(cut for cut in cuts if first <= cut <= end)))


def _first_day_too_late(window: Window, pack: Pack) -> date:
    """The first day of a window on which its wait would pass the end of the benefit period."""
    rule = benefit_rule(window, pack.benefit)
    days = range((window.last - window.first).days + 1)
    in_time = bisect_left(
        days, True, key=lambda n: covered_days(rule, window.wait, window.first + timedelta(n)) is None
    )
    return window.first + timedelta(in_time)


def _joined(spans: Sequence[tuple[date, date, Priced | Refusal]]) -> Iterator[Row]:
    """Neighbouring stretches with equal terms are one row; days without a price are in no row."""

    def terms_of(span: tuple[date, date, Priced | Refusal]) -> Terms | None:
        return span[2].terms if isinstance(span[2], Priced) else None

    for terms, group in groupby(spans, key=terms_of):
        if terms is not None:
            same = list(group)
            reasons = distinct(tuple(reason for span in same for reason in span[2].reasons))
            yield Row(same[0][0], same[-1][1], terms, reasons)
