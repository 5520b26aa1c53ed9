"""Whether a contribution goes back: the event must precede the person's own first covered day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from shared.policy.benefit import CoverPeriod
from shared.policy.pack import Basis, FunderShare, Pack
from shared.policy.reasons import Reasons, RuleReason
from shared.policy.terms import Terms
from shared.policy.vocabulary import Channel, EnrolmentStatus, RefundReason


@dataclass(frozen=True, slots=True)
class PaidAmount:
    """One payment that reached the fund."""

    on: date
    amount_fen: int
    channel: Channel


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is asked, when, and when what it is asked for happened, where that was stated."""

    reason: RefundReason
    asked_on: date
    happened_on: date | None = None  # None where nobody stated it: then it is dated by the payments, or the request


@dataclass(frozen=True, slots=True)
class RefundDecision:
    """What goes back to the person and to the funders, in fen, and how the enrolment stands then."""

    allowed: bool
    amount_fen: int | None
    status: EnrolmentStatus
    reversal: tuple[FunderShare, ...] = ()
    reasons: Reasons = field(default=())

    @property
    def terminates(self) -> bool:
        """Whether the enrolment ends with it."""
        return self.allowed and self.status is EnrolmentStatus.TERMINATED


def judge_refund(
    pack: Pack,
    request: RefundRequest,
    terms: Terms,
    covered: CoverPeriod | None,
    paid: Sequence[PaidAmount],
    paid_fen: int,
) -> RefundDecision:
    """Judge a request for one benefit year's contribution; ``paid_fen`` is what the person paid of what was due."""
    rule = pack.refunds
    if request.reason not in rule.reasons:
        return _refused(request, covered, rule.refused, "文件未列为退费情形")
    if request.reason is RefundReason.DUPLICATE_PAYMENT:
        return _duplicate(pack, request, terms, covered, paid)
    event = request.happened_on or request.asked_on
    if covered is not None and event >= covered.first:
        return _refused(request, covered, rule.refused, f"{event}发生，待遇自{covered.first}起已享受")
    if covered is not None and _too_late(pack, request, covered):
        return _refused(request, covered, rule.refused, f"{request.asked_on}申请，已过受理期限")
    # Aid is booked once somebody is enrolled: of an unpaid bill nothing is taken back.
    reversal = terms.shares if covered is not None else ()
    reasons = (RuleReason.of("REFUND", True, rule.basis),)
    return RefundDecision(True, paid_fen, EnrolmentStatus.TERMINATED, reversal, reasons)


@dataclass(frozen=True, slots=True)
class _Excess:
    """Money beyond what was due, and whether a channel charged it twice: the same day, channel and amount again."""

    on: date
    amount_fen: int
    charged_twice: bool


def _duplicate(
    pack: Pack, request: RefundRequest, terms: Terms, covered: CoverPeriod | None, paid: Sequence[PaidAmount]
) -> RefundDecision:
    """Return what was paid beyond what is due: each payment is its own event, a double charge at any time (28)."""
    rule, excess = pack.refunds, _beyond(terms.due_fen, paid)
    if not excess:
        return _refused(request, covered, rule.refused, "没有多缴的款项")
    in_time = covered is None or not _too_late(pack, request, covered)
    before = [each for each in excess if covered is None or (request.happened_on or each.on) < covered.first]
    premiums = [each for each in before if in_time and not each.charged_twice]
    twice = [each for each in excess if each.charged_twice]
    if not premiums and not twice:
        day, why = (request.asked_on, "申请，已过受理期限") if before else (excess[0].on, "多缴，待遇已开始享受")
        return _refused(request, covered, rule.refused, f"{day}{why}")
    reasons = (RuleReason.of("REFUND", True, rule.basis if premiums else pack.settings.double_charge),)
    back_fen = sum(each.amount_fen for each in (*premiums, *twice))
    return RefundDecision(True, back_fen, _unchanged(request, covered), (), reasons)


def _beyond(due_fen: int, paid: Sequence[PaidAmount]) -> list[_Excess]:
    total_fen, seen, found = 0, set[PaidAmount](), []
    for each in sorted(paid, key=lambda each: each.on):
        over_fen = min(each.amount_fen, total_fen + each.amount_fen - due_fen)
        total_fen += each.amount_fen
        if over_fen > 0:
            found.append(_Excess(each.on, over_fen, each in seen))
        seen.add(each)
    return found


def _too_late(pack: Pack, request: RefundRequest, covered: CoverPeriod) -> bool:
    days = pack.refunds.days_to_apply
    if days is None:
        return request.asked_on > covered.last
    return (request.asked_on - covered.first).days >= days


def _refused(request: RefundRequest, covered: CoverPeriod | None, basis: Basis, why: str) -> RefundDecision:
    after = {
        RefundReason.DEATH: EnrolmentStatus.TERMINATED,
        RefundReason.RESIDENT_INSURANCE_ELSEWHERE: EnrolmentStatus.SUSPENDED,
        RefundReason.JOINED_EMPLOYEE_INSURANCE: EnrolmentStatus.SUSPENDED,
    }
    status = after.get(request.reason, _unchanged(request, covered))
    return RefundDecision(False, None, status, (), (RuleReason.of("REFUND", False, basis, why),))


def _unchanged(request: RefundRequest, covered: CoverPeriod | None) -> EnrolmentStatus:
    begun = covered is not None and request.asked_on >= covered.first
    return EnrolmentStatus.ACTIVE if begun else EnrolmentStatus.PAID
