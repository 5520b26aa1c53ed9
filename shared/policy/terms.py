"""What one day of payment means for one person: the price, who pays it, and the cover it buys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.policy.benefit import CoverRule, benefit_rule, covered_days
from shared.policy.continuity import Continued, judge_continuity
from shared.policy.facts import Certified, Facts
from shared.policy.pack import CoverFrom, Fiscal, FunderShare, Pack, Premium, Standard, Wait
from shared.policy.payment_window import PaymentDay, open_on
from shared.policy.reasons import PolicyRefusal, Reasons, RuleReason, Ruling
from shared.policy.relief import Dues, Granted, choose_relief
from shared.policy.vocabulary import Identity, ReasonCode


@dataclass(frozen=True, slots=True)
class Terms:
    """The price of one day and the cover that it buys; ``standard_fen`` is all years together, repaired ones too."""

    standard_fen: int
    due_fen: int
    identity: Identity | None
    shares: tuple[FunderShare, ...]
    fiscal: Fiscal | None
    wait: Wait
    benefit: CoverRule
    premiums: tuple[Premium, ...]
    repairs: tuple[int, ...] = ()  # the contribution of each repaired year, in fen


@dataclass(frozen=True, slots=True)
class Priced:
    """Terms with the reasons for them."""

    terms: Terms
    reasons: Reasons


def price_on(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> Priced | PolicyRefusal:
    """Price one day: school and window, then amounts, then the wait against the benefit period.

    Raises MissingFact where a rule has to look at something that nobody stated.
    """
    opened = open_on(pack, facts, held, day)
    if isinstance(opened, PolicyRefusal):
        return opened
    standard = _standard_on(pack, opened.window.priced_as_on or day)
    priced = RuleReason.of("STANDARD", standard.individual_fen is not None, standard.basis)
    if standard.individual_fen is None:
        code = ReasonCode.CONFIG_MISSING_CONTRIBUTION
        return PolicyRefusal(Ruling.HOLD, code, eligible=True, reasons=(*opened.reasons, priced))
    premiums = opened.premiums or (Premium(pack.benefit_year, standard.individual_fen),)
    granted = choose_relief(pack, facts, held, _dues(opened, standard, premiums), day)
    if isinstance(granted, PolicyRefusal):
        return PolicyRefusal(
            granted.ruling, granted.code, granted.eligible, (*opened.reasons, priced, *granted.reasons)
        )
    continued = judge_continuity(pack, facts, held, day)
    repairs = (standard.individual_fen,) * continued.repaired
    # What late payers forgo is not taken from a newborn, who is never late.
    fiscal = pack.standards[0].fiscal if opened.premiums else standard.fiscal
    terms = _terms(pack, facts, opened, premiums, fiscal, granted, continued, repairs)
    period = _period(pack, terms)
    reasons = (*opened.reasons, priced, *granted.reasons, *continued.reasons, period)
    if covered_days(terms.benefit, terms.wait, day) is None:
        late = RuleReason.of("WAIT_PAST_PERIOD", True, pack.settings.wait_past_period)
        code = ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD
        return PolicyRefusal(Ruling.HOLD, code, eligible=True, reasons=(*reasons, late))
    return Priced(terms, reasons)


def _period(pack: Pack, terms: Terms) -> RuleReason:
    """The period of the benefit year, which decides where nobody waits and nobody is covered from another day."""
    whole = terms.benefit.start is CoverFrom.YEAR_START and terms.benefit.starts_on == pack.benefit.first
    text = None if whole else f"一般待遇期，起始日另有规定：{pack.benefit.basis.says}"
    return RuleReason.of("BENEFIT_PERIOD", whole, pack.benefit.basis, text)


def _dues(opened: PaymentDay, standard: Standard, premiums: tuple[Premium, ...]) -> Dues:
    if opened.premiums:
        return Dues(tuple((premium.amount_fen, premium.amount_fen) for premium in premiums))
    amount = premiums[0].amount_fen
    return Dues(((amount, amount if standard.aided_as_fen is None else standard.aided_as_fen),))


def _terms(
    pack: Pack,
    facts: Facts,
    opened: PaymentDay,
    premiums: tuple[Premium, ...],
    fiscal: Fiscal | None,
    granted: Granted,
    continued: Continued,
    repairs: tuple[int, ...],
) -> Terms:
    standard_fen = sum(premium.amount_fen for premium in premiums) + sum(repairs)
    wait = continued.wait or opened.window.wait
    return Terms(
        standard_fen=standard_fen,
        due_fen=standard_fen - granted.amount_fen,
        identity=granted.identity,
        shares=granted.shares,
        fiscal=fiscal,
        wait=wait,
        benefit=benefit_rule(opened.window, pack.benefit, facts.birth_date, wait),
        premiums=premiums,
        repairs=repairs,
    )


def _standard_on(pack: Pack, day: date) -> Standard:
    """The standard of the day; a newborn may pay before the first and after the last one."""
    for standard in pack.standards:
        if day <= standard.last:
            return standard
    return pack.standards[-1]
