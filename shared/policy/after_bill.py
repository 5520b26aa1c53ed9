"""What follows once somebody was billed: identities change, the person dies, takes up work, or withdraws."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.policy.benefit import covered_days
from shared.policy.facts import Certified
from shared.policy.pack import Basis, Pack
from shared.policy.reasons import Reasons, RuleReason
from shared.policy.refund import PaidAmount, RefundDecision, RefundRequest, judge_refund
from shared.policy.schedule import PriceRow
from shared.policy.vocabulary import Channel, EnrolmentStatus, RefundReason


@dataclass(frozen=True, slots=True)
class BilledSchedule:
    """What somebody owes, by day of payment, and the day that settled it; None while it is unpaid.

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


def counting_for(identities: Sequence[Certified], settled_on: date, today: date) -> tuple[Certified, ...]:
    """The identities by which a settled bill is looked at again: those of today, also for the day that settled it."""
    counting = [one for one in identities if one.counts_on(today)]
    return (*counting, *(Certified(one.identity) for one in counting if not one.counts_on(settled_on)))


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

    Unpaid, it ends: a payment still under way is then no contribution, and is refunded. Paid, what goes back is
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
