"""One case at one day of payment, from the same functions as the schedule."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.money import format_yuan
from shared.policy.benefit import Covered, covered_days
from shared.policy.facts import Certified, Facts, Payment
from shared.policy.pack import Pack
from shared.policy.person import judge_person
from shared.policy.reasons import Reason, Reasons, Refusal, Ruling
from shared.policy.terms import Terms, price_on
from shared.policy.vocabulary import Channel, ReasonCode


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a case: accepted at these terms, or refused or held, and why."""

    ruling: Ruling
    reason_code: ReasonCode | None
    eligible: bool
    terms: Terms | None
    covered: Covered | None
    reasons: Reasons


def decide(pack: Pack, facts: Facts, identities: Sequence[Certified] = (), payment: Payment | None = None) -> Decision:
    """Decide one case; without a payment date it is priced on the day of registration."""
    payment = payment or Payment()
    person = judge_person(pack, facts)
    if isinstance(person, Refusal):
        return _refused(person, ())
    day = payment.on or facts.registration_date
    priced = price_on(pack, facts, identities, day)
    if isinstance(priced, Refusal):
        return _refused(priced, person)
    reasons = person + priced.reasons
    refusal = _channel(pack, priced.terms, payment) or _tendered(pack, priced.terms, payment)
    if refusal is not None:
        return _refused(refusal, reasons)
    # A price that nobody has paid yet buys no cover; where nothing is due, registering is enough.
    settled = payment.on is not None or priced.terms.due_fen == 0
    covered = covered_days(priced.terms.benefit, priced.terms.wait, day) if settled else None
    return Decision(Ruling.ACCEPT, None, True, priced.terms, covered, reasons)


def _refused(refusal: Refusal, before: Reasons) -> Decision:
    return Decision(refusal.ruling, refusal.code, refusal.eligible, None, None, before + refusal.reasons)


def _channel(pack: Pack, terms: Terms, payment: Payment) -> Refusal | None:
    if payment.channel is None or payment.channel in pack.channels:
        return None
    if payment.channel is Channel.ROSTER and terms.due_fen == 0:
        return None
    reason = Reason.of("CHANNEL_NOT_ALLOWED", True, pack.channels_basis)
    return Refusal(Ruling.REJECT, ReasonCode.CHANNEL_NOT_ALLOWED, eligible=True, reasons=(reason,))


def _tendered(pack: Pack, terms: Terms, payment: Payment) -> Refusal | None:
    if payment.tendered_fen is None or payment.tendered_fen == terms.due_fen:
        return None
    text = f"应缴{format_yuan(terms.due_fen)}元，实缴{format_yuan(payment.tendered_fen)}元"
    reason = Reason("AMOUNT_MISMATCH", True, text, pack.settings.rounding)
    return Refusal(Ruling.REJECT, ReasonCode.AMOUNT_MISMATCH, eligible=True, reasons=(reason,))
