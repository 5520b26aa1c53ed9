"""Decisions and packs in words for people: what won, what lost, and the sentence each stands on."""

from collections.abc import Iterable, Iterator
from dataclasses import fields

from shared.domain.money import format_yuan
from shared.policy.decision import Decision
from shared.policy.pack import Basis, FunderShare, Pack, Window
from tools.policy import words
from tools.policy.case_lines import CaseLine


def explained(line: CaseLine) -> Iterator[str]:
    """One case: the ruling, what is due and covered, and every rule that was tried."""
    if line.decision is None:
        error = line.error or {}
        yield f"{line.id} · {line.policy}：{error.get('code')} {error.get('pointer')} {error.get('detail')}"
        return
    decision = line.decision
    code = decision.reason_code
    why = f"，{words.REASONS[code]}（{code}）" if code else ""
    yield f"{line.id} · {line.policy}：{words.RULINGS[decision.ruling]}{why}"
    yield from _outcome(decision)
    tried = (f"  {'✓' if reason.won else '✗'} {reason.text}{_cited(reason.basis)}" for reason in decision.reasons)
    yield from dict.fromkeys(tried)  # two groups that one sentence names lose by the same words


def _outcome(decision: Decision) -> Iterator[str]:
    terms, refund = decision.terms, decision.refund
    if terms is not None:
        aid = _by_funder(terms.shares)
        yield f"  个人应缴 {format_yuan(terms.due_fen)} 元{f'；资助：{aid}' if aid else ''}"
    if terms is not None and terms.wait.code is not None:
        yield f"  等待 {words.length(terms.wait)}（{terms.wait.code}）"
    if decision.covered is not None:
        yield f"  待遇 {decision.covered.first} 至 {decision.covered.last}"
    if refund is not None:
        back = f"退还个人 {format_yuan(refund.amount_fen or 0)} 元" if refund.allowed else "不退"
        reversal = _by_funder(refund.reversal)
        returned = f"；退回资助：{reversal}" if reversal else ""
        yield f"  退费：{back}{returned}；参保状态：{words.STATUSES[refund.status]}"


def _by_funder(shares: Iterable[FunderShare]) -> str:
    return "，".join(f"{words.FUNDERS[share.funder]} {format_yuan(share.amount_fen)} 元" for share in shares)


def shown(pack: Pack, *, clauses: bool) -> Iterator[str]:
    """A pack by its rules."""
    yield f"{pack.id} · {pack.name} · {pack.document}"
    for standard in pack.standards:
        amount = "未配置" if standard.individual_fen is None else f"{format_yuan(standard.individual_fen)} 元"
        yield from _rule(f"标准 {standard.first} 至 {standard.last}：个人 {amount}", standard.basis, clauses)
    for window in pack.windows:
        yield from _rule(f"缴费期 {window.first} 至 {window.last}{_terms_of(window)}", window.basis, clauses)
    for scope in pack.scope:
        yield from _rule(f"参保范围 {scope.code}", scope.basis, clauses)
    for newborn in pack.newborns.rules if pack.newborns else ():
        yield from _rule(f"新生儿 {newborn.first} 至 {newborn.last} 登记", newborn.basis, clauses)
    for relief in pack.reliefs:
        yield from _rule(f"资助 {relief.identity.name_zh}（{relief.identity}）", relief.basis, clauses)
    yield from _rule("缴费渠道 " + "、".join(sorted(pack.channels)), pack.channels_basis, clauses)
    yield from _rule("退费 " + "、".join(sorted(pack.refunds.reasons)), pack.refunds.basis, clauses)
    for place, basis in bases(pack):
        if place.partition(".")[0].partition("[")[0] not in _SHOWN or place == "refunds.refused":
            yield from _rule(place, basis, clauses)


_SHOWN = frozenset({"standards", "windows", "scope", "reliefs", "channels", "refunds"})


def _terms_of(window: Window) -> str:
    """Who may pay in a window, and the wait that it sets."""
    values = (getattr(window.whom, each.name) for each in fields(window.whom))
    whom = "，".join(
        f"{each.name}={'、'.join(sorted(map(str, value))) if isinstance(value, frozenset) else value}"
        for each, value in zip(fields(window.whom), values, strict=True)
        if value is not None
    )
    wait = f"，等待{words.length(window.wait)}" if window.wait.code is not None else ""
    return (f"（限 {whom}）" if whom else "") + wait


def bases(pack: Pack) -> Iterator[tuple[str, Basis]]:
    """Everything in a pack that says on what it stands, with the name of its place."""
    yield "benefit", pack.benefit.basis
    for number, standard in enumerate(pack.standards):
        yield f"standards[{number}]", standard.basis
        if standard.fiscal is not None:
            yield f"standards[{number}].fiscal", standard.fiscal.basis
    for number, window in enumerate(pack.windows):
        yield f"windows[{number}]", window.basis
    yield "exclusions.employee_insured", pack.exclusions.employee
    yield "exclusions.insured_elsewhere", pack.exclusions.elsewhere
    for scope in pack.scope:
        yield f"scope.{scope.code}", scope.basis
    yield "scope.otherwise", pack.out_of_scope
    for relief in pack.reliefs:
        yield f"reliefs.{relief.identity}", relief.basis
    yield "channels", pack.channels_basis
    yield "refunds", pack.refunds.basis
    yield "refunds.refused", pack.refunds.refused
    yield "evaluation", pack.evaluation.basis
    if pack.evaluation.targets_basis is not None:
        yield "evaluation.targets", pack.evaluation.targets_basis
    if pack.evaluation.subsidised_basis is not None:
        yield "evaluation.subsidised", pack.evaluation.subsidised_basis
    for name, deadline in (("corrections", pack.evaluation.corrections), ("clearing", pack.evaluation.clearing)):
        if deadline is not None:
            yield f"evaluation.{name}", deadline.basis
    yield from _of_some(pack)


def _of_some(pack: Pack) -> Iterator[tuple[str, Basis]]:
    if pack.newborns is not None:
        yield "newborns.days_max", pack.newborns.days_basis
        yield "newborns.no_rule", pack.newborns.no_rule
        if pack.newborns.needs_number is not None:
            yield "newborns.needs_number", pack.newborns.needs_number
        for number, rule in enumerate(pack.newborns.rules):
            yield f"newborns.rules[{number}]", rule.basis
    for year in pack.yearly:
        yield f"yearly.{year.benefit_year}", year.basis
    for name, one in (("school", pack.school), ("school_lists", pack.school_lists), ("incentives", pack.incentives)):
        if one is not None:
            yield name, one.basis
    if pack.continuity is not None:
        yield "continuity", pack.continuity.basis
        yield "continuity.repair", pack.continuity.repair
    for each in fields(pack.settings):
        basis = getattr(pack.settings, each.name)
        if isinstance(basis, Basis):
            yield f"settings.{each.name}", basis


def _rule(text: str, basis: Basis, clauses: bool) -> Iterator[str]:
    yield f"  {text}：{basis.says}" + (_cited(basis) if clauses else "")


def _cited(basis: Basis) -> str:
    if basis.clause is None:
        kind, _, which = basis.origin.partition(" ")
        return f"〔默认规则 {which}〕" if kind == "default" else f"〔外部依据：{which}〕"
    return f"〔{basis.clause.document} {basis.clause.section}：“{basis.clause.quote}”〕"
