"""Answers a question to an institution under a pack: amounts as yuan, dates as ISO text."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from shared.domain.money import format_yuan, parse_yuan
from shared.policy.institutions import deadlines, money, rosters
from shared.policy.institutions.completion import completion_percent, over, remaining
from shared.policy.institutions.coverage import Insured, evaluate
from shared.policy.institutions.question import (
    SHAPES,
    BatchAsked,
    BookAsked,
    ClaimAsked,
    ClearingAsked,
    CorrectionAsked,
    CoverageAsked,
    FiscalAsked,
    IssueAsked,
    ListAsked,
    MatchAsked,
    RosterAsked,
    TownAsked,
    TownBookAsked,
)
from shared.policy.institutions.receipts import Book, WriteOff, may_issue, two_steps, write_off
from shared.policy.pack import Pack, Share


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
    return _ANSWERS[type(asked)](pack, asked)


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


def _match(_: Pack, asked: MatchAsked) -> dict[str, Any]:
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


def _batch(pack: Pack, asked: BatchAsked) -> dict[str, Any]:
    held = {"treasury_amount": "0.00", "tax_certificate": False, "refunds": []}
    if not asked.notice_serial:
        return held | {"batch_state": "AT_TAX_HALL", "reason_code": "SERIAL_REQUIRED"}
    most_due_fen = money.most_due(pack)
    if most_due_fen is None and asked.import_failed_final:
        return held | {"batch_state": "HELD", "reason_code": "CONFIG_MISSING_CONTRIBUTION"}
    slip_fen, detail_fen = parse_yuan(asked.slip), parse_yuan(asked.exchange_detail.amount)
    confirmed = money.confirm(slip_fen, detail_fen, asked.import_failed_final, most_due_fen or 0)
    if confirmed is None:
        return held | {"batch_state": "HELD", "reason_code": "DETAIL_DIFFERS"}
    back = {"unit": "VILLAGE", "amount": format_yuan(confirmed.back_fen), "receipt": "RECALLED"}
    return {
        "treasury_amount": format_yuan(confirmed.treasury_fen),
        "tax_certificate": confirmed.treasury_fen > 0,
        "batch_state": "CERTIFICATE_ISSUED" if confirmed.treasury_fen else "CLOSED_EMPTY",
        "refunds": [back] if confirmed.back_fen else [],
    }


def _book(_: Pack, asked: BookAsked) -> dict[str, Any]:
    return _told(write_off(asked.issued, _parts(asked)))


def _parts(asked: BookAsked) -> tuple[tuple[int, int], ...]:
    return (*asked.used, *asked.voided, *asked.returned)


def _town_book(_: Pack, asked: TownBookAsked) -> dict[str, Any]:
    found = two_steps(asked.issued, asked.kept, [Book(each.issued, _parts(each)) for each in asked.villages])
    return _told(found.town) | {
        "write_off": found.complete,
        "villages": [_told(village) for village in found.villages],
    }


def _told(found: WriteOff) -> dict[str, Any]:
    return {
        "write_off": found.complete,
        "unaccounted": found.unaccounted,
        "twice": found.twice,
        "foreign": found.foreign,
    }


def _issue(_: Pack, asked: IssueAsked) -> dict[str, Any]:
    allowed = may_issue(asked.entrusted_from, asked.entrusted_until, asked.receipt_date)
    return {"decision": "ACCEPT" if allowed else "REJECT", "reason_code": None if allowed else "NOT_ENTRUSTED"}


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


def _roster(_: Pack, asked: RosterAsked) -> dict[str, Any]:
    rows = [
        rosters.Row(row.source, number, row.person, row.identity.value)
        for number, row in enumerate(asked.rows, start=1)
    ]
    found = rosters.aggregate(rows)
    answered: dict[str, Any] = {
        "people": {person: list(identities) for person, identities in found.people().items()},
        "returned": [
            {"source": each.row.source, "row": each.row.number, "reason_code": each.fault.value}
            for each in found.returned
        ],
    }
    if asked.sent is None:
        return answered
    compared = rosters.reconcile(found.people(), asked.sent)
    return answered | {
        "complete": compared.agrees,
        "missed": list(compared.missed),
        "twice": list(compared.twice),
        "foreign": list(compared.foreign),
    }


def _list(_: Pack, asked: ListAsked) -> dict[str, Any]:
    return {"uninsured": deadlines.uninsured(asked.special, asked.insured_people)}


def _claim(_: Pack, asked: ClaimAsked) -> dict[str, Any]:
    totals = money.claim_totals(Share(each.funder, parse_yuan(each.amount)) for each in asked.claims)
    return {funder.value: format_yuan(fen) for funder, fen in totals.items()} | {
        "total": format_yuan(sum(totals.values()))
    }


_ANSWERS: Mapping[type[BaseModel], Callable[[Pack, Any], dict[str, Any]]] = {
    TownAsked: _town,
    CoverageAsked: _coverage,
    MatchAsked: _match,
    BatchAsked: _batch,
    BookAsked: _book,
    TownBookAsked: _town_book,
    IssueAsked: _issue,
    CorrectionAsked: _correction,
    ClearingAsked: _clearing,
    FiscalAsked: _fiscal,
    RosterAsked: _roster,
    ListAsked: _list,
    ClaimAsked: _claim,
}
