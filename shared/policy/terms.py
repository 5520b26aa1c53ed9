"""What one day of payment means for one person: the window, the price, who pays it, and the cover it buys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.policy.benefit import BenefitRule, benefit_rule, covered_days
from shared.policy.facts import Certified, Facts
from shared.policy.pack import Fiscal, Pack, Share, Standard, Wait, Window
from shared.policy.reasons import Reason, Reasons, Refusal, Ruling
from shared.policy.relief import Granted, choose_relief
from shared.policy.vocabulary import Identity, ReasonCode


@dataclass(frozen=True, slots=True)
class Terms:
    """The price of one day and the cover that it buys."""

    standard_fen: int
    due_fen: int
    identity: Identity | None
    shares: tuple[Share, ...]
    fiscal: Fiscal | None
    wait: Wait
    benefit: BenefitRule


@dataclass(frozen=True, slots=True)
class Priced:
    """Terms with the reasons for them."""

    terms: Terms
    reasons: Reasons


def price_on(pack: Pack, facts: Facts, held: Sequence[Certified], day: date) -> Priced | Refusal:
    """Price one day: window, then amounts, then the wait against the benefit period."""
    window = _open_window(pack, facts, day)
    if isinstance(window, Refusal):
        return window
    opened = Reason.of("WINDOW", True, window.basis)
    standard = _standard_on(pack, day)
    priced = Reason.of("STANDARD", standard.individual_fen is not None, standard.basis)
    if standard.individual_fen is None:
        return Refusal(Ruling.HOLD, ReasonCode.CONFIG_MISSING_CONTRIBUTION, eligible=True, reasons=(opened, priced))
    granted = choose_relief(pack, held, standard.individual_fen, day)
    if isinstance(granted, Refusal):
        return Refusal(granted.ruling, granted.code, granted.eligible, (opened, priced, *granted.reasons))
    terms = _terms(pack, window, standard.individual_fen, standard.fiscal, granted)
    reasons = (opened, priced, *granted.reasons, Reason.of("BENEFIT_PERIOD", True, pack.benefit.basis))
    if covered_days(terms.benefit, terms.wait, day) is None:
        late = Reason.of("WAIT_PAST_PERIOD", True, pack.settings.wait_past_period)
        code = ReasonCode.WAITING_EXCEEDS_BENEFIT_PERIOD
        return Refusal(Ruling.HOLD, code, eligible=True, reasons=(*reasons, late))
    return Priced(terms, reasons)


def _terms(pack: Pack, window: Window, standard_fen: int, fiscal: Fiscal | None, granted: Granted) -> Terms:
    return Terms(
        standard_fen=standard_fen,
        due_fen=standard_fen - granted.amount_fen,
        identity=granted.identity,
        shares=granted.shares,
        fiscal=fiscal,
        wait=window.wait,
        benefit=benefit_rule(window, pack.benefit),
    )


def _open_window(pack: Pack, facts: Facts, day: date) -> Window | Refusal:
    tried: Reasons = ()
    for window in pack.windows:
        if window.first <= day <= window.last:
            if not window.migrant_workers_only or facts.migrant_worker:
                return window
            tried += (Reason.of("WINDOW", False, window.basis, f"只适用于外出务工人员：{window.basis.says}"),)
    if day < pack.windows[0].first:
        early = Reason.of("WINDOW_NOT_OPEN", True, pack.windows[0].basis, f"缴费期自{pack.windows[0].first}起")
        return Refusal(Ruling.REJECT, ReasonCode.WINDOW_NOT_OPEN, eligible=True, reasons=(*tried, early))
    late = Reason.of("WINDOW_CLOSED", True, pack.settings.late_payment)
    ruling = Ruling.HOLD if pack.settings.late_payment_holds else Ruling.REJECT
    return Refusal(ruling, ReasonCode.WINDOW_CLOSED, eligible=True, reasons=(*tried, late))


def _standard_on(pack: Pack, day: date) -> Standard:
    return next(standard for standard in pack.standards if standard.first <= day <= standard.last)
