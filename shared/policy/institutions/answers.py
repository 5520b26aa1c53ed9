"""Answers a question to an institution under a pack: amounts as yuan, dates as ISO text."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from shared.domain.money import format_yuan, parse_yuan
from shared.policy.institutions import deadlines, money, rosters
from shared.policy.institutions.completion import completion_percent, over, remaining
from shared.policy.institutions.coverage import Insured, evaluate
from shared.policy.institutions.question import (
    SHAPES,
    AidAsked,
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
    QuestionEntry,
    RosterAsked,
    TargetsAsked,
    TownAsked,
    TownBookAsked,
    VillageBook,
)
from shared.policy.institutions.receipts import Book, WriteOff, beyond, may_issue, two_steps, write_off
from shared.policy.overrides import with_overrides
from shared.policy.pack import FunderShare, Pack


class UnknownQuestion(ValueError):
    """Nothing is asked that this pack answers."""


def shape_of(given: Mapping[str, Any]) -> type[QuestionEntry]:
    """The question whose facts are given, as many as possible; raises UnknownQuestion where none fits at all."""
    shape = max(SHAPES, key=lambda each: _fits(each, given))  # the first of those that fit alike
    if not _own(shape) & given.keys():
        asked = ", ".join(sorted(given))
        raise UnknownQuestion(
            f"没有这类问题，见 docs/policy/questions.schema.json · no such question, that file lists them: {asked}"
        )
    return shape


def answer_case(pack: Pack, given: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a question, with what it configures.

    Raises UnknownQuestion, ValidationError for facts of the wrong shape, OverrideProblem for values that do not fit.
    """
    asked = shape_of(given).model_validate(given)
    return _ANSWERS[type(asked)](with_overrides(pack, asked.config_overrides, name="config_overrides"), asked)


def _fits(shape: type[QuestionEntry], given: Mapping[str, Any]) -> tuple[int, bool]:
    required = {name for name, field in shape.model_fields.items() if field.is_required()}
    return len(_own(shape) & given.keys()), required <= given.keys()


def _own(shape: type[QuestionEntry]) -> set[str]:
    return shape.model_fields.keys() - QuestionEntry.model_fields.keys()


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


def _targets(_: Pack, asked: TargetsAsked) -> dict[str, Any]:
    found = sum(asked.targets.values())
    return {"sum": found, "agrees": found == asked.total, "difference": found - asked.total}


def _coverage(pack: Pack, asked: CoverageAsked) -> dict[str, Any]:
    counted = Insured(
        asked.insured, asked.residents, asked.insured_last_year, asked.subsidised, asked.subsidised_insured
    )
    evaluated = evaluate(pack.evaluation, counted)
    percent = None
    if asked.insured is not None and asked.residents:
        percent = completion_percent(asked.insured, asked.residents)
    return {
        "coverage_percent": percent,
        "met": evaluated.reached,
        "checks": {reason.code.lower(): reason.won for reason in evaluated.reasons},
    }


def _match(_: Pack, asked: MatchAsked) -> dict[str, Any]:
    differing = money.three_way(
        parse_yuan(asked.statement.amount), parse_yuan(asked.receipts.amount), parse_yuan(asked.deposit_slip or "0")
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
    if not (asked.notice_serial or "").strip():
        return held | {"batch_state": "READY_TO_REMIT", "reason_code": "COLLECTION_NOTICE_SERIAL_REQUIRED"}
    if asked.exchange_detail is None or asked.import_failed:
        return held | {"batch_state": "AT_TAX_HALL", "reason_code": "DETAIL_NOT_FINAL"}
    most_due_fen = money.most_due(pack)
    if most_due_fen is None:
        return held | {"batch_state": "HELD", "reason_code": "CONFIG_MISSING_CONTRIBUTION"}
    detail = asked.exchange_detail
    confirmed = money.confirm(
        parse_yuan(asked.slip), parse_yuan(detail.amount), detail.persons, asked.import_failed_final, most_due_fen
    )
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
    return _as_written_off(write_off(asked.issued, _parts(asked)))


def _parts(book: VillageBook) -> tuple[tuple[int, int], ...]:
    return (*book.used, *book.voided, *book.returned, *beyond(book.recalled, book.used))


def _town_book(_: Pack, asked: TownBookAsked) -> dict[str, Any]:
    found = two_steps(asked.issued, asked.kept, [Book(each.issued, _parts(each)) for each in asked.villages])
    return _as_written_off(found.town) | {
        "write_off": found.complete,
        "villages": [_as_written_off(village) for village in found.villages],
    }


def _as_written_off(found: WriteOff) -> dict[str, Any]:
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
    overridden = asked.override is not None and asked.override.counts
    refused = deadlines.correction(pack.evaluation.corrections, asked.correction_date, overridden=overridden)
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
        return {"total": None, "decision": "HOLD", "reason_code": "FISCAL_SUBSIDY_NOT_STATED"}
    totals = money.fiscal_totals(fiscal, asked.insured)
    amounts = {funder.value: format_yuan(fen) for funder, fen in totals.items()}
    return amounts | {"total": format_yuan(fiscal.floor_fen * asked.insured)}


def _roster(_: Pack, asked: RosterAsked) -> dict[str, Any]:
    rows = [
        rosters.RosterMember(row.source, number, row.person, row.identity.value)
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
    return _by_funder(FunderShare(each.funder, parse_yuan(each.amount)) for each in asked.claims)


def _aid(pack: Pack, asked: AidAsked) -> dict[str, Any]:
    aid = money.aid_by_identity(pack, asked.aided)
    open_ = [each.identity.value for each in aid if each.shares is None]
    if open_:
        code = "CONFIG_MISSING_CONTRIBUTION" if pack.standards[0].individual_fen is None else None
        return {"decision": "HOLD", "reason_code": code or "SUBSIDY_AMOUNT_NOT_CONFIGURED", "open": open_}
    by_identity = {each.identity.value: _by_funder(each.shares or ()) for each in aid}
    return _by_funder(share for each in aid for share in each.shares or ()) | {"by_identity": by_identity}


def _by_funder(shares: Iterable[FunderShare]) -> dict[str, Any]:
    totals = money.claim_totals(shares)
    return {funder.value: format_yuan(fen) for funder, fen in totals.items()} | {
        "total": format_yuan(sum(totals.values()))
    }


_ANSWERS: Mapping[type[BaseModel], Callable[[Pack, Any], dict[str, Any]]] = {
    TownAsked: _town,
    TargetsAsked: _targets,
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
    AidAsked: _aid,
}
