"""Answers a question to an institution under a pack: amounts as yuan, dates as ISO text."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.domain.money import format_yuan, parse_yuan
from shared.policy.institutions import deadlines, money
from shared.policy.institutions.completion import completion_percent, over, remaining
from shared.policy.institutions.coverage import Insured, evaluate
from shared.policy.institutions.question import (
    SHAPES,
    BatchAsked,
    BookAsked,
    ClearingAsked,
    CorrectionAsked,
    CoverageAsked,
    FiscalAsked,
    MatchAsked,
    TownAsked,
)
from shared.policy.institutions.receipts import write_off
from shared.policy.pack import Pack


class UnknownQuestion(ValueError):
    """Nothing is asked that this pack answers."""


def asked_by(given: Mapping[str, Any]) -> BaseModel:
    """The question that a mapping asks; raises ValidationError, or UnknownQuestion where it fits no shape at all."""
    for shape in SHAPES:
        required = {name for name, field in shape.model_fields.items() if field.is_required()}
        if required <= given.keys():
            return shape.model_validate(given)
    raise UnknownQuestion(f"没有这类问题 · no such question: {', '.join(sorted(given))}")


def answer_case(pack: Pack, given: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a question; raises UnknownQuestion, or ValidationError for facts of the wrong shape."""
    asked = asked_by(given)
    match asked:
        case TownAsked():
            return _town(pack, asked)
        case CoverageAsked():
            return _coverage(pack, asked)
        case MatchAsked():
            return _match(asked)
        case BatchAsked():
            return _batch(asked)
        case BookAsked():
            return _book(asked)
        case CorrectionAsked():
            return _correction(pack, asked)
        case ClearingAsked():
            return _clearing(pack, asked)
        case FiscalAsked():
            return _fiscal(pack, asked)
    raise UnknownQuestion(type(asked).__name__)


def _town(pack: Pack, asked: TownAsked) -> dict[str, Any]:
    targets = dict(pack.evaluation.targets)
    if asked.town not in targets:
        raise UnknownQuestion(f"文件没有该乡镇的任务数 · the document names no target for {asked.town}")
    target = targets[asked.town]
    return {
        "quota": target,
        "completion_percent": completion_percent(asked.insured, target),
        "remaining": remaining(asked.insured, target),
        "over": over(asked.insured, target),
    }


def _coverage(pack: Pack, asked: CoverageAsked) -> dict[str, Any]:
    counted = Insured(
        asked.insured, asked.residents, asked.insured_last_year, asked.subsidised, asked.subsidised_insured
    )
    evaluated = evaluate(pack.evaluation, counted)
    return {
        "coverage_percent": completion_percent(asked.insured, asked.residents),
        "met": evaluated.reached,
        "checks": {reason.code.lower(): reason.won for reason in evaluated.reasons},
    }


def _match(asked: MatchAsked) -> dict[str, Any]:
    differing = money.three_way(
        parse_yuan(asked.statement.amount), parse_yuan(asked.receipts.amount), parse_yuan(asked.deposit_slip)
    )
    difference: dict[str, Any] = {account.value: format_yuan(fen) for account, fen in differing.items()}
    if not differing and asked.statement.persons != asked.receipts.count:
        difference["persons"] = asked.statement.persons - asked.receipts.count
    return {
        "match": not difference,
        "difference": difference,
        "next": "HELD" if difference else "READY_TO_REMIT",
    }


def _batch(asked: BatchAsked) -> dict[str, Any]:
    held = {"treasury_amount": "0.00", "tax_certificate": False, "refunds": []}
    if not asked.notice_serial:
        return held | {"batch_state": "AT_TAX_HALL", "reason_code": "SERIAL_REQUIRED"}
    confirmed = money.confirm(
        parse_yuan(asked.slip), parse_yuan(asked.exchange_detail.amount), asked.import_failed_final
    )
    if confirmed is None:
        return held | {"batch_state": "HELD", "reason_code": "DETAIL_DIFFERS"}
    back = {"unit": "VILLAGE", "amount": format_yuan(confirmed.back_fen), "receipt": "RECALLED"}
    return {
        "treasury_amount": format_yuan(confirmed.treasury_fen),
        "tax_certificate": True,
        "batch_state": "CERTIFICATE_ISSUED",
        "refunds": [back] if confirmed.back_fen else [],
    }


def _book(asked: BookAsked) -> dict[str, Any]:
    parts = [numbers for numbers in (asked.used, asked.voided, asked.returned) if numbers is not None]
    found = write_off(asked.issued, parts)
    return {
        "write_off": found.complete,
        "unaccounted": found.unaccounted,
        "twice": found.twice,
        "foreign": found.foreign,
    }


def _correction(pack: Pack, asked: CorrectionAsked) -> dict[str, Any]:
    refused = deadlines.correction(
        pack.evaluation.corrections, asked.correction_date, overridden=asked.override is not None
    )
    return {"decision": "REJECT" if refused else "ACCEPT", "reason_code": refused.code if refused else None}


def _clearing(pack: Pack, asked: ClearingAsked) -> dict[str, Any]:
    rule = pack.evaluation.clearing
    found = deadlines.cleared(asked.subsidised, asked.paid)
    return {
        "cleared": found.cleared,
        "remaining": found.remaining,
        "due": rule.until.isoformat() if rule else None,
        "overdue": bool(rule and not found.cleared and asked.check_date > rule.until),
    }


def _fiscal(pack: Pack, asked: FiscalAsked) -> dict[str, Any]:
    fiscal = pack.standards[0].fiscal
    if fiscal is None or fiscal.floor_fen is None:
        raise UnknownQuestion("文件未写财政补助金额 · the document names no fiscal subsidy")
    totals = money.fiscal_totals(fiscal, asked.insured)
    told = {funder.value: format_yuan(fen) for funder, fen in totals.items()}
    return told | {"total": format_yuan(fiscal.floor_fen * asked.insured)}
