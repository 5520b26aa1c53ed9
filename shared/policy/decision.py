"""One case at one day of payment, from the same functions as the schedule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain.money import format_yuan
from shared.policy.benefit import CoverPeriod, covered_days
from shared.policy.channels import refused_channel
from shared.policy.facts import CasePayment, Certified, Facts
from shared.policy.incentives import Incentive, incentive
from shared.policy.pack import Pack
from shared.policy.person import judge_person
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.refund import PaidAmount, RefundDecision, RefundRequest, judge_refund
from shared.policy.terms import Terms, price_on
from shared.policy.vocabulary import Channel, EnrolmentStatus, ReasonCode


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What happened after the payment: a refund was asked for, more was paid, or the cash could not be imported."""

    refund: RefundRequest | None = None
    payments: tuple[PaidAmount, ...] = ()
    import_failed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a case: accepted at these terms, or refused or held, and why."""

    ruling: Ruling
    reason_code: ReasonCode | None
    eligible: bool
    terms: Terms | None
    covered: CoverPeriod | None
    reasons: Reasons
    refund: RefundDecision | None = None
    incentive: Incentive | None = None
    cash_recalled: bool = False


def decide(
    pack: Pack,
    facts: Facts,
    identities: Sequence[Certified] = (),
    payment: CasePayment | None = None,
    after: Aftermath | None = None,
) -> Decision:
    """Decide one case; without a payment date it is priced on the day of registration.

    Raises MissingFact where a rule has to look at something that nobody stated.
    """
    payment, after = payment or CasePayment(), after or Aftermath()
    if after.import_failed:
        return _import_failed(pack, facts, identities, payment, after)
    person = judge_person(pack, facts)
    if isinstance(person, PolicyRefusal):
        return _refused(person, ())
    day = payment.on or facts.registration_date
    priced = price_on(pack, facts, identities, day)
    if isinstance(priced, PolicyRefusal):
        return _refused(priced, person)
    reasons = person + priced.reasons
    refusal = _channel(pack, priced.terms, payment) or _tendered(pack, priced.terms, payment)
    if refusal is not None:
        return _refused(refusal, reasons)
    # A price that nobody has paid yet buys no cover; where nothing is due, registering is enough.
    settled = payment.on is not None or priced.terms.due_fen == 0
    covered = covered_days(priced.terms.benefit, priced.terms.wait, day) if settled else None
    decision = Decision(Ruling.ACCEPT, None, True, priced.terms, covered, reasons, incentive=incentive(pack, facts))
    return decision if after.refund is None else _refunded(pack, decision, payment, after.refund, after.payments)


def _refused(refusal: PolicyRefusal, before: Reasons) -> Decision:
    return Decision(refusal.ruling, refusal.code, refusal.eligible, None, None, before + refusal.reasons)


def _channel(pack: Pack, terms: Terms, payment: CasePayment) -> PolicyRefusal | None:
    on_roster = payment.channel is Channel.ROSTER and (
        terms.due_fen == 0 or (payment.on is None and not pack.channels_exclusive)
    )
    if payment.channel is None or on_roster:
        return None
    reason = refused_channel(pack, payment.channel)
    if reason is None:
        return None
    return PolicyRefusal(Ruling.REJECT, ReasonCode.CHANNEL_NOT_ALLOWED, eligible=True, reasons=(reason,))


def _tendered(pack: Pack, terms: Terms, payment: CasePayment) -> PolicyRefusal | None:
    if payment.tendered_fen is None or payment.tendered_fen == terms.due_fen:
        return None
    text = f"应缴{format_yuan(terms.due_fen)}元，实缴{format_yuan(payment.tendered_fen)}元"
    reason = RuleReason("AMOUNT_MISMATCH", True, text, pack.settings.rounding)
    return PolicyRefusal(Ruling.REJECT, ReasonCode.AMOUNT_MISMATCH, eligible=True, reasons=(reason,))


def _refunded(
    pack: Pack, decision: Decision, payment: CasePayment, request: RefundRequest, paid: Sequence[PaidAmount]
) -> Decision:
    if decision.terms is None:
        return decision
    due_fen = decision.terms.due_fen if payment.on is not None else 0
    paid_fen = max(due_fen, sum(each.amount_fen for each in paid))
    refund = judge_refund(pack, request, decision.terms, decision.covered, paid, paid_fen)
    covered = None if refund.terminates else decision.covered
    return replace(decision, covered=covered, refund=refund, reasons=decision.reasons + refund.reasons)


def _import_failed(
    pack: Pack, facts: Facts, identities: Sequence[Certified], payment: CasePayment, after: Aftermath
) -> Decision:
    """The receipt is recalled and its cash goes back; a person who also paid otherwise is enrolled by that payment."""
    cash_fen = sum(each.amount_fen for each in after.payments if each.channel is Channel.VILLAGE_CASH)
    by_cash = bool(cash_fen) or payment.channel is Channel.VILLAGE_CASH
    # Where no cash was taken, the payment itself is what could not be imported.
    others = tuple(each for each in after.payments if each.channel is not Channel.VILLAGE_CASH) if by_cash else ()
    for each in others:
        paid = CasePayment(each.on, each.channel, each.amount_fen)
        stands = decide(pack, facts, identities, paid, Aftermath(after.refund, others))
        if stands.ruling is Ruling.ACCEPT and stands.terms is not None:
            back_fen = cash_fen or payment.tendered_fen or stands.terms.due_fen
            asked = stands.refund or RefundDecision(False, None, EnrolmentStatus.PAID)
            refund = replace(asked, allowed=True, amount_fen=back_fen + (asked.amount_fen or 0))
            return _recalled(pack, stands, refund)
    failed = decide(pack, facts, identities, replace(payment, tendered_fen=None))
    due_fen = failed.terms.due_fen if failed.terms is not None else None
    paid_fen = cash_fen if by_cash else sum(each.amount_fen for each in after.payments)
    brought_fen = paid_fen or payment.tendered_fen or due_fen
    if brought_fen is None:
        return failed
    # Somebody who may not be enrolled at all, which may be why the import failed, keeps that ruling: the money is held.
    accepted = failed.ruling is Ruling.ACCEPT
    refused = (
        Decision(Ruling.REJECT, ReasonCode.IMPORT_FAILED, True, None, None, failed.reasons) if accepted else failed
    )
    refund = RefundDecision(True, brought_fen, EnrolmentStatus.IMPORT_FAILED_REFUNDED)
    return _recalled(pack, refused, refund, cash=by_cash)


def _recalled(pack: Pack, decision: Decision, refund: RefundDecision, *, cash: bool = True) -> Decision:
    text = "完善信息后仍未导入，" + ("收回收据，退还现金" if cash else "退还缴款")
    reason = RuleReason.of("IMPORT_FAILED", True, pack.refunds.basis, text)
    return replace(decision, refund=refund, cash_recalled=cash, reasons=(*decision.reasons, reason))
