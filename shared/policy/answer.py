"""A decision as an answer for people and other programs: dates as ISO text, amounts as yuan."""

from collections.abc import Sequence
from typing import Any

from shared.domain.money import format_yuan
from shared.policy.decision import Decision
from shared.policy.facts import Facts
from shared.policy.pack import Fiscal, FunderShare, Pack, Wait
from shared.policy.reasons import Ruling
from shared.policy.refund import RefundDecision
from shared.policy.terms import Terms


def answer(pack: Pack, decision: Decision, facts: Facts | None = None) -> dict[str, Any]:
    """The answer to a case, with every key; null or empty where nothing applies. ``facts`` add what only some ask."""
    terms, covered, refund = decision.terms, decision.covered, decision.refund
    return {
        "eligible": decision.eligible,
        "decision": decision.ruling.value,
        "reason_code": decision.reason_code and decision.reason_code.value,
        "premium_years": _premium_years(terms) if terms else [],
        "individual_due": format_yuan(terms.due_fen) if terms else None,
        "subsidy_category": terms.identity.value if terms and terms.identity else None,
        "subsidy_shares": _shares(terms.shares) if terms else {},
        "fiscal_subsidy": _fiscal(terms.fiscal) if terms else None,
        "benefit_start": covered.first.isoformat() if covered else None,
        "benefit_end": covered.last.isoformat() if covered else None,
        "waiting": _waiting(terms.wait) if terms else None,
        "refund_allowed": refund.allowed if refund else None,
        "refund_amount": format_yuan(refund.amount_fen) if refund and refund.amount_fen is not None else None,
        **(_after_refund(refund) if refund else {}),
        **({"cash_receipt_status": "RECALLED", "refund_unit": "VILLAGE"} if decision.cash_recalled else {}),
        **_years(decision, facts),
        **(_school_list(pack, decision, facts) if facts else {}),
    }


def _premium_years(terms: Terms) -> list[dict[str, Any]]:
    years: list[dict[str, Any]] = [
        {"benefit_year": premium.benefit_year, "standard": format_yuan(premium.amount_fen)}
        for premium in terms.premiums
    ]
    return years + [{"benefit_year": "repair", "standard": format_yuan(fen)} for fen in terms.repairs]


def _shares(shares: Sequence[FunderShare]) -> dict[str, str]:
    return {share.funder.value: format_yuan(share.amount_fen) for share in shares}


def _fiscal(fiscal: Fiscal | None) -> dict[str, Any]:
    if fiscal is None or fiscal.floor_fen is None:
        return {"floor": None, "shares": {}}
    return {"floor": format_yuan(fiscal.floor_fen), "shares": _shares(fiscal.shares)}


def _waiting(wait: Wait) -> dict[str, str] | None:
    if wait.code is None:
        return None
    months = f"{wait.months}M" if wait.months else ""
    days = f"{wait.days}D" if wait.days or not months else ""
    return {"code": wait.code, "length": f"P{months}{days}"}


def _after_refund(refund: RefundDecision) -> dict[str, Any]:
    return {"enrolment_status_after": refund.status.value, "subsidy_reversal": _shares(refund.reversal)}


def _years(decision: Decision, facts: Facts | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if facts is not None and facts.history.repaired is not None:
        fields["repair_years_accepted"] = len(decision.terms.repairs) if decision.terms else 0
    if decision.incentive is not None:
        increase = decision.incentive.increase_fen
        fields["consecutive_years_after"] = decision.incentive.consecutive_years
        fields["serious_illness_cap_increase"] = None if increase is None else format_yuan(increase)
    return fields


def _school_list(pack: Pack, decision: Decision, facts: Facts) -> dict[str, Any]:
    """On which list of the school a pupil stands, where schools report who has paid."""
    rule, student = pack.school_lists, facts.student
    if rule is None or student is None or student.level not in rule.levels or not student.school_in_area:
        return {}
    settled = decision.ruling is Ruling.ACCEPT and decision.covered is not None
    return {"school_list": "PAID" if settled else "UNPAID"}
