"""What follows once somebody was billed: identities change, the person dies, takes up work, or withdraws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.policy.benefit import covered_days
from shared.policy.facts import Certified, Facts
from shared.policy.pack import Basis, Pack
from shared.policy.reasons import Reasons, RuleReason
from shared.policy.refund import PaidAmount, RefundDecision, RefundRequest, judge_refund
from shared.policy.schedule import Assessment, Outcome, PriceRow, schedule
from shared.policy.vocabulary import Channel, EnrolmentStatus, RefundReason


@dataclass(frozen=True, slots=True)
class BilledSchedule:
    """What somebody was told to owe, by day of payment, and the day that settled it; None while it is unpaid.

    A bill is settled by its payment, and where nothing is due by the registration.
    """

    rows: tuple[PriceRow, ...]
    settled_on: date | None = None

    @property
    def settled_row(self) -> PriceRow | None:
        """The price that was frozen; raises ValueError where no row holds the day."""
        if self.settled_on is None:
            return None
        for row in self.rows:
            if row.pay_from <= self.settled_on <= row.pay_until:
                return row
        raise ValueError(f"no row of the bill holds {self.settled_on}")


class Repricing(StrEnum):
    """What a changed case does to a bill."""

    UNCHANGED = "UNCHANGED"  # nobody would pay, or be paid for, otherwise
    SUPERSEDED = "SUPERSEDED"  # unpaid: its order is closed first, then the new assessment counts
    REVIEW = "REVIEW"  # paid, cover not begun: a person decides on a whole refund and a new payment, never a part
    STANDS = "STANDS"  # paid, cover begun: the frozen price stays


@dataclass(frozen=True, slots=True)
class Repriced:
    """The bill's fate, how the case would be assessed now, and why; the difference is new less old dues, in fen."""

    what: Repricing
    assessment: Assessment
    difference_fen: int | None
    reasons: Reasons


def reprice(pack: Pack, bill: BilledSchedule, facts: Facts, identities: Sequence[Certified], today: date) -> Repriced:
    """Look at a bill again as things stand today: superseded if unpaid, reviewed if paid (defaults 20 and 24).

    A paid one is held against what its own day would cost with what counts today: time alone changes nothing.
    """
    settled = bill.settled_row
    if settled is None or bill.settled_on is None:
        return _unpaid(pack, bill, schedule(pack, facts, identities, today), today)
    assessment = schedule(pack, facts, counting_for(identities, bill.settled_on, today), bill.settled_on)
    now = assessment.row_on(bill.settled_on)
    if now is not None and (now.terms.due_fen, now.terms.shares) == (settled.terms.due_fen, settled.terms.shares):
        return Repriced(Repricing.UNCHANGED, assessment, 0, assessment.reasons)
    difference = None if now is None else now.terms.due_fen - settled.terms.due_fen
    begun = today >= pack.benefit.first
    what = Repricing.STANDS if begun else Repricing.REVIEW
    text = f"{bill.settled_on}已缴费，" + ("待遇享受期已开始，不再重新定价" if begun else "转人工复核")
    reason = RuleReason.of("REPRICING", not begun, pack.settings.identity_after_payment, text)
    return Repriced(what, assessment, difference, (*assessment.reasons, reason))


def counting_for(identities: Sequence[Certified], settled_on: date, today: date) -> tuple[Certified, ...]:
    """The identities by which a settled bill is looked at again: those of today, also for the day that settled it."""
    counting = [one for one in identities if one.counts_on(today)]
    return (*counting, *(Certified(one.identity) for one in counting if not one.counts_on(settled_on)))


def _unpaid(pack: Pack, bill: BilledSchedule, assessment: Assessment, today: date) -> Repriced:
    same = assessment.outcome is Outcome.PRICED and [_price(row) for row in assessment.rows] == [
        _price(row) for row in bill.rows
    ]
    if same:
        return Repriced(Repricing.UNCHANGED, assessment, 0, assessment.reasons)
    old, new = _on_or_next(bill.rows, today), _on_or_next(assessment.rows, today)
    difference = new.terms.due_fen - old.terms.due_fen if old and new else None
    reason = RuleReason.of("REPRICING", True, pack.settings.roster_in_force, "未缴账单作废，按现有情况重新定价")
    return Repriced(Repricing.SUPERSEDED, assessment, difference, (*assessment.reasons, reason))


def _price(row: PriceRow) -> tuple[object, ...]:
    terms = row.terms
    return row.pay_from, row.pay_until, terms.due_fen, terms.shares, terms.wait, terms.benefit


def _on_or_next(rows: Sequence[PriceRow], day: date) -> PriceRow | None:
    return next((row for row in rows if day <= row.pay_until), None)


class Happening(StrEnum):
    """What becomes known about a person after the bill."""

    DIED = "DIED"
    JOINED_EMPLOYEE_INSURANCE = "JOINED_EMPLOYEE_INSURANCE"
    INSURED_ELSEWHERE = "INSURED_ELSEWHERE"
    WITHDREW = "WITHDREW"  # the person does not want to be enrolled any more


_REFUND_REASONS = {
    Happening.DIED: RefundReason.DEATH,
    Happening.JOINED_EMPLOYEE_INSURANCE: RefundReason.JOINED_EMPLOYEE_INSURANCE,
    Happening.INSURED_ELSEWHERE: RefundReason.RESIDENT_INSURANCE_ELSEWHERE,
    Happening.WITHDREW: RefundReason.CHANGED_MIND,
}
_UNPAID = {
    Happening.DIED: "参保人死亡，未缴账单作废，订单关闭，登记终止",
    Happening.JOINED_EMPLOYEE_INSURANCE: "已参加职工医保，未缴账单作废，订单关闭，登记终止",
    Happening.INSURED_ELSEWHERE: "已在外地参保，未缴账单作废，订单关闭，登记终止",
    Happening.WITHDREW: "本人放弃参保，未缴账单作废，订单关闭，登记终止",
}


@dataclass(frozen=True, slots=True)
class Followed:
    """How the enrolment stands afterwards, whether its open bill and order end, and what goes back on application."""

    status: EnrolmentStatus
    bill_ends: bool
    refund: RefundDecision | None
    reasons: Reasons


def what_follows(
    pack: Pack,
    bill: BilledSchedule,
    happening: Happening,
    on: date,
    known_on: date,
    channel: Channel = Channel.TAX_HALL,
) -> Followed:
    """Say what an event of a day, known on another, does to a person's enrolment.

    Unpaid, it ends: a payment still under way is then nobody's contribution, and goes back. Paid, what goes back is
    judged by the day of the event against the person's own first covered day (default 27).
    """
    settled = bill.settled_row
    if settled is None or bill.settled_on is None:
        reason = RuleReason.of("ENDED_UNPAID", True, _ends_by(pack, happening), _UNPAID[happening])
        return Followed(EnrolmentStatus.TERMINATED, True, None, (reason,))
    covered = covered_days(settled.terms.benefit, settled.terms.wait, bill.settled_on)
    request = RefundRequest(_REFUND_REASONS[happening], known_on, happened_on=on)
    payments = (PaidAmount(bill.settled_on, settled.terms.due_fen, channel),)
    refund = judge_refund(pack, request, settled.terms, covered, payments, settled.terms.due_fen)
    return Followed(refund.status, False, refund, refund.reasons)


def _ends_by(pack: Pack, happening: Happening) -> Basis:
    if happening is Happening.JOINED_EMPLOYEE_INSURANCE:
        return pack.exclusions.employee
    if happening is Happening.INSURED_ELSEWHERE:
        return pack.exclusions.elsewhere
    return pack.settings.roster_in_force
