"""Whether a contribution goes back: the event must precede the person's own first covered day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.policy.benefit import Covered
from shared.policy.pack import Basis, Pack, Share
from shared.policy.reasons import Reason, Reasons
from shared.policy.terms import Terms
from shared.policy.vocabulary import Channel, EnrolmentStatus, RefundReason


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment that reached the fund."""

    on: date
    amount_fen: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is asked, when, and when what it is asked for happened, where that was said."""

    reason: RefundReason
    asked_on: date
    happened_on: date | None = None  # None where nobody said it: then it is dated by the payments, or the request


@dataclass(frozen=True, slots=True)
class RefundDecision:
    """What goes back to the person and to the funders, in fen, and how the enrolment stands then."""

    allowed: bool
    amount_fen: int | None
    status: EnrolmentStatus
    reversal: tuple[Share, ...] = ()
    reasons: Reasons = field(default=())

    @property
    def terminates(self) -> bool:
        """Whether the enrolment ends with it."""
        return self.allowed and self.status is EnrolmentStatus.TERMINATED


def judge_refund(
    pack: Pack, request: RefundRequest, terms: Terms, covered: Covered | None, paid: Sequence[Paid], paid_fen: int
) -> RefundDecision:
    """Judge a request for one benefit year's contribution; ``paid_fen`` is what the person paid of what was due."""
    rule = pack.refunds
    if request.reason not in rule.reasons:
        return _refused(request, covered, rule.refused, "文件未列为退费情形")
    event = _event_on(request, paid)
    if covered is not None and event >= covered.first:
        return _refused(request, covered, rule.refused, f"{event}发生，待遇自{covered.first}起已享受")
    if covered is not None and _too_late(pack, request, covered):
        return _refused(request, covered, rule.refused, f"{request.asked_on}申请，已过受理期限")
    won = Reason.of("REFUND", True, rule.basis)
    if request.reason is RefundReason.DUPLICATE_PAYMENT:
        excess = sum(each.amount_fen for each in paid) - terms.due_fen
        if excess <= 0:
            return _refused(request, covered, rule.refused, "没有多缴的款项")
        return RefundDecision(True, excess, _unchanged(request, covered), (), (won,))
    return RefundDecision(True, paid_fen, EnrolmentStatus.TERMINATED, terms.shares, (won,))


def _event_on(request: RefundRequest, paid: Sequence[Paid]) -> date:
    if request.happened_on is not None:
        return request.happened_on
    if request.reason is RefundReason.DUPLICATE_PAYMENT and len(paid) > 1:
        return sorted(each.on for each in paid)[1]
    return request.asked_on


def _too_late(pack: Pack, request: RefundRequest, covered: Covered) -> bool:
    days = pack.refunds.days_to_apply
    if days is None:
        return request.asked_on > covered.last
    return (request.asked_on - covered.first).days >= days


def _refused(request: RefundRequest, covered: Covered | None, basis: Basis, why: str) -> RefundDecision:
    after = {
        RefundReason.DEATH: EnrolmentStatus.TERMINATED,
        RefundReason.RESIDENT_INSURANCE_ELSEWHERE: EnrolmentStatus.SUSPENDED,
        RefundReason.JOINED_EMPLOYEE_INSURANCE: EnrolmentStatus.SUSPENDED,
    }
    status = after.get(request.reason, _unchanged(request, covered))
    return RefundDecision(False, None, status, (), (Reason.of("REFUND", False, basis, why),))


def _unchanged(request: RefundRequest, covered: Covered | None) -> EnrolmentStatus:
    begun = covered is not None and request.asked_on >= covered.first
    return EnrolmentStatus.ACTIVE if begun else EnrolmentStatus.PAID
