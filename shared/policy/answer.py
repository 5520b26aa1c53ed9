"""A decision as an answer for people and other programs: dates as ISO text, amounts as yuan."""

from typing import Any

from shared.domain.money import format_yuan
from shared.policy.decide import Decision
from shared.policy.pack import Fiscal, Pack, Share, Wait


def answer(pack: Pack, decision: Decision) -> dict[str, Any]:
    """The answer to a case, with every key; null or empty where nothing applies."""
    terms, covered = decision.terms, decision.covered
    return {
        "eligible": decision.eligible,
        "decision": decision.ruling.value,
        "reason_code": decision.reason_code and decision.reason_code.value,
        "premium_years": _premium_years(pack, terms.standard_fen) if terms else [],
        "individual_due": format_yuan(terms.due_fen) if terms else None,
        "subsidy_category": terms.identity.value if terms and terms.identity else None,
        "subsidy_shares": _shares(terms.shares) if terms else {},
        "fiscal_subsidy": _fiscal(terms.fiscal) if terms else None,
        "benefit_start": covered.first.isoformat() if covered else None,
        "benefit_end": covered.last.isoformat() if covered else None,
        "waiting": _waiting(terms.wait) if terms else None,
        "refund_allowed": None,
        "refund_amount": None,
    }


def _premium_years(pack: Pack, standard_fen: int) -> list[dict[str, Any]]:
    return [{"benefit_year": pack.benefit_year, "standard": format_yuan(standard_fen)}]


def _shares(shares: tuple[Share, ...]) -> dict[str, str]:
    return {share.funder.value: format_yuan(share.amount_fen) for share in shares}


def _fiscal(fiscal: Fiscal | None) -> dict[str, Any]:
    if fiscal is None:
        return {"floor": None, "shares": {}}
    return {"floor": format_yuan(fiscal.floor_fen), "shares": _shares(fiscal.shares)}


def _waiting(wait: Wait) -> dict[str, str] | None:
    if wait.code is None:
        return None
    months = f"{wait.months}M" if wait.months else ""
    days = f"{wait.days}D" if wait.days or not months else ""
    return {"code": wait.code, "length": f"P{months}{days}"}
