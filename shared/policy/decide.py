"""One case at one day of payment, from the same functions as the schedule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.money import format_yuan
from shared.policy.benefit import Covered, covered_days
from shared.policy.channels import refused_channel
from shared.policy.facts import Certified, Facts, Payment
from shared.policy.incentives import Incentive, incentive
from shared.policy.pack import Pack
from shared.policy.person import judge_person
from shared.policy.reasons import Reason, Reasons, Refusal, Ruling
from shared.policy.refund import Paid, RefundDecision, RefundRequest, judge_refund
from shared.policy.terms import Terms, price_on
from shared.policy.vocabulary import Channel, EnrolmentStatus, ReasonCode


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What happened after the payment: a refund was asked for, more was paid, or the cash could not be imported."""

    refund: RefundRequest | None = None
    payments: tuple[Paid, ...] = ()
    import_failed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a case: accepted at these terms, or refused or held, and why."""

    ruling: Ruling
    reason_code: ReasonCode | None
    eligible: bool
    terms: Terms | None
    covered: Covered | None
    reasons: Reasons
    refund: RefundDecision | None = None
    incentive: Incentive | None = None
    cash_recalled: bool = False


def decide(
    pack: Pack,
    facts: Facts,
    identities: Sequence[Certified] = (),
    payment: Payment | None = None,
    after: Aftermath | None = None,
) -> Decision:
    """Decide one case; without a payment date it is priced on the day of registration.

    Raises MissingFact where a rule has to look at something that nobody said.
    """
    payment, after = payment or Payment(), after or Aftermath()
    person = judge_person(pack, facts)
    if isinstance(person, Refusal):
        return _refused(person, ())
    day = payment.on or facts.registration_date
    priced = price_on(pack, facts, identities, day)
    if isinstance(priced, Refusal):
        return _refused(priced, person)
    reasons = person + priced.reasons
    refusal = _channel(pack, priced.terms, payment) or _tendered(pack, priced.terms, payment, after)
    if refusal is not None:
        return _refused(refusal, reasons)
    # A price that nobody has paid yet buys no cover; where nothing is due, registering is enough.
    settled = payment.on is not None or priced.terms.due_fen == 0
    covered = covered_days(priced.terms.benefit, priced.terms.wait, day) if settled else None
    decision = Decision(Ruling.ACCEPT, None, True, priced.terms, covered, reasons, incentive=incentive(pack, facts))
    return _afterwards(pack, decision, payment, after)


def _refused(refusal: Refusal, before: Reasons) -> Decision:
    return Decision(refusal.ruling, refusal.code, refusal.eligible, None, None, before + refusal.reasons)


def _channel(pack: Pack, terms: Terms, payment: Payment) -> Refusal | None:
    if payment.channel is None or (payment.channel is Channel.ROSTER and terms.due_fen == 0):
        return None
    reason = refused_channel(pack, payment.channel)
    if reason is None:
        return None
    return Refusal(Ruling.REJECT, ReasonCode.CHANNEL_NOT_ALLOWED, eligible=True, reasons=(reason,))


def _tendered(pack: Pack, terms: Terms, payment: Payment, after: Aftermath) -> Refusal | None:
    if payment.tendered_fen is None or payment.tendered_fen == terms.due_fen or after.import_failed:
        return None
    text = f"应缴{format_yuan(terms.due_fen)}元，实缴{format_yuan(payment.tendered_fen)}元"
    reason = Reason("AMOUNT_MISMATCH", True, text, pack.settings.rounding)
    return Refusal(Ruling.REJECT, ReasonCode.AMOUNT_MISMATCH, eligible=True, reasons=(reason,))


def _afterwards(pack: Pack, decision: Decision, payment: Payment, after: Aftermath) -> Decision:
    if after.import_failed:
        return _import_failed(pack, decision, payment, after)
    if after.refund is None or decision.terms is None:
        return decision
    paid_fen = decision.terms.due_fen if payment.on is not None else 0
    refund = judge_refund(pack, after.refund, decision.terms, decision.covered, after.payments, paid_fen)
    covered = None if refund.terminates else decision.covered
    return replace(decision, covered=covered, refund=refund, reasons=decision.reasons + refund.reasons)


def _import_failed(pack: Pack, decision: Decision, payment: Payment, after: Aftermath) -> Decision:
    """The receipt is recalled and its cash goes back; who also paid otherwise stays enrolled."""
    due_fen = decision.terms.due_fen if decision.terms else 0
    cash_fen = due_fen if payment.tendered_fen is None else payment.tendered_fen
    reason = Reason.of("IMPORT_FAILED", True, pack.refunds.basis, "完善信息后仍未导入，收回收据，退还现金")
    if any(each.channel is not Channel.VILLAGE_CASH and each.amount_fen == due_fen for each in after.payments):
        refund = RefundDecision(True, cash_fen, EnrolmentStatus.PAID)
        return replace(decision, refund=refund, cash_recalled=True, reasons=(*decision.reasons, reason))
    refund = RefundDecision(True, cash_fen, EnrolmentStatus.IMPORT_FAILED_REFUNDED)
    reasons = (*decision.reasons, reason)
    return Decision(
        Ruling.REJECT, ReasonCode.IMPORT_FAILED, True, None, None, reasons, refund=refund, cash_recalled=True
    )
