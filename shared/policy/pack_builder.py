"""Turns a checked pack file into the frozen values that decisions are made from."""

from typing import Any

from shared.domain.money import parse_percent, parse_yuan
from shared.policy.conditions import ANYBODY, Conditions
from shared.policy.pack import (
    Basis,
    BenefitYear,
    Continuity,
    CoverFrom,
    Deadline,
    Evaluation,
    Exclusions,
    Fiscal,
    FunderShare,
    Incentives,
    NewbornRule,
    Newborns,
    NumberedDefaults,
    Pack,
    Premium,
    QuotedClause,
    Refunds,
    Relief,
    ReliefKind,
    SchoolLists,
    SchoolRule,
    ScopeRule,
    Standard,
    Wait,
    Window,
    YearStandard,
)
from shared.policy.schema import PackEntry
from shared.policy.schema_parts import BasisEntry, WhomEntry
from shared.policy.schema_rules import (
    ContinuityEntry,
    DeadlineEntry,
    EvaluationEntry,
    FiscalEntry,
    IncentivesEntry,
    NewbornsEntry,
    RefundsEntry,
    ReliefEntry,
    SettingsEntry,
    StandardEntry,
    WindowEntry,
    YearStandardEntry,
)
from shared.policy.vocabulary import Funder


def assemble(entry: PackEntry) -> Pack:
    """Freeze a pack that has been checked."""
    basis = _Bases(entry.document)
    lists = entry.school_lists
    return Pack(
        id=entry.id,
        name=entry.name,
        document=entry.document,
        region=entry.region,
        benefit_year=entry.benefit_year,
        benefit=BenefitYear(entry.benefit.first, entry.benefit.last, basis(entry.benefit.basis)),
        standards=tuple(_standard(standard, basis) for standard in entry.standards),
        windows=tuple(_window(window, basis) for window in entry.windows),
        exclusions=_exclusions(entry, basis),
        scope=tuple(ScopeRule(rule.code, conditions(rule.whom), basis(rule.basis)) for rule in entry.scope.included),
        out_of_scope=basis(entry.scope.otherwise),
        reliefs=tuple(_relief(relief, basis) for relief in entry.reliefs),
        channels=frozenset(entry.channels.accepted),
        channels_open=entry.channels.open,
        channels_basis=basis(entry.channels.basis),
        channels_exclusive=entry.channels.exclusive,
        refunds=_refunds(entry.refunds, basis),
        evaluation=_evaluation(entry.evaluation, basis),
        settings=_settings(entry.settings, basis),
        newborns=None if entry.newborns is None else _newborns(entry.newborns, basis),
        school=_school(entry, basis),
        school_lists=None if lists is None else SchoolLists(frozenset(lists.levels), basis(lists.basis)),
        continuity=None if entry.continuity is None else _continuity(entry.continuity, basis),
        incentives=None if entry.incentives is None else _incentives(entry.incentives, basis),
        yearly=tuple(_year(notice, basis) for notice in entry.yearly),
    )


def conditions(entry: WhomEntry | None) -> Conditions:
    """What a rule asks of a person."""
    if entry is None:
        return ANYBODY
    return Conditions(**{name: _frozen(value) for name, value in entry if value is not None})


def _frozen(value: Any) -> Any:
    return frozenset(value) if isinstance(value, list) else value


class _Bases:
    """Writes bases, naming the pack's own document where a clause names none."""

    def __init__(self, document: str) -> None:
        self._document = document

    def __call__(self, entry: BasisEntry) -> Basis:
        origin: str = entry.origin
        if entry.default is not None:
            origin = f"default {entry.default}"
        elif entry.external is not None:
            origin = f"external: {entry.external}"
        if entry.clause is None:
            return Basis(origin, entry.says)
        clause = QuotedClause(entry.clause.document or self._document, entry.clause.section, entry.clause.quote)
        return Basis(origin, entry.says, clause)


def _standard(entry: StandardEntry, basis: _Bases) -> Standard:
    individual = None if entry.individual is None else parse_yuan(entry.individual)
    fiscal = None if entry.fiscal is None else _fiscal(entry.fiscal, basis)
    aided_as = None if entry.aided_as is None else parse_yuan(entry.aided_as)
    return Standard(entry.first, entry.last, individual, fiscal, basis(entry.basis), aided_as)


def _year(entry: YearStandardEntry, basis: _Bases) -> YearStandard:
    on, floor = basis(entry.basis), parse_yuan(entry.fiscal)
    fiscal = Fiscal(floor, (FunderShare(Funder.UNSPLIT, floor),), on)
    return YearStandard(entry.benefit_year, parse_yuan(entry.individual), fiscal, on)


def _fiscal(entry: FiscalEntry, basis: _Bases) -> Fiscal:
    shares = tuple(FunderShare(funder, parse_yuan(amount)) for funder, amount in entry.shares.items())
    return Fiscal(None if entry.floor is None else parse_yuan(entry.floor), shares, basis(entry.basis))


def _window(entry: WindowEntry, basis: _Bases) -> Window:
    wait = Wait() if entry.wait is None else Wait(entry.wait.code, entry.wait.days, entry.wait.months)
    whom, cover = conditions(entry.whom), CoverFrom(entry.cover)
    return Window(entry.first, entry.last, basis(entry.basis), whom, wait, cover, entry.late)


def _exclusions(entry: PackEntry, basis: _Bases) -> Exclusions:
    employee, elsewhere = entry.exclusions.employee_insured, entry.exclusions.insured_elsewhere
    return Exclusions(
        frozenset(employee.statuses),
        conditions(employee.suspended_for),
        basis(employee.basis),
        frozenset(elsewhere.statuses),
        basis(elsewhere.basis),
    )


def _relief(entry: ReliefEntry, basis: _Bases) -> Relief:
    funders = tuple((funder, parse_percent(part)) for funder, part in (entry.funders or {}).items())
    whom, on = conditions(entry.whom), basis(entry.basis)
    if entry.fixed is not None:
        return Relief(entry.identity, ReliefKind.FIXED, on, parse_yuan(entry.fixed), 0, funders, whom)
    if entry.percent is not None:
        return Relief(entry.identity, ReliefKind.PERCENT, on, 0, parse_percent(entry.percent), funders, whom)
    kind = ReliefKind.FULL if entry.full else ReliefKind.NONE if entry.none else ReliefKind.OPEN
    return Relief(entry.identity, kind, on, 0, 0, funders, whom)


def _refunds(entry: RefundsEntry, basis: _Bases) -> Refunds:
    return Refunds(frozenset(entry.reasons), basis(entry.basis), basis(entry.refused), entry.days_to_apply)


def _evaluation(entry: EvaluationEntry, basis: _Bases) -> Evaluation:
    coverage = None if entry.coverage is None else parse_percent(entry.coverage)
    subsidised = None if entry.subsidised is None else parse_percent(entry.subsidised)
    inclusive = entry.comparison == "at_least"
    return Evaluation(
        coverage,
        inclusive,
        entry.at_least_last_year,
        subsidised,
        basis(entry.basis),
        None if entry.subsidised_basis is None else basis(entry.subsidised_basis),
        tuple(entry.targets.towns.items()) if entry.targets else (),
        basis(entry.targets.basis) if entry.targets else None,
        *(None if each is None else Deadline(each.until, basis(each.basis)) for each in _deadlines(entry)),
    )


def _deadlines(entry: EvaluationEntry) -> tuple[DeadlineEntry | None, DeadlineEntry | None]:
    return entry.corrections, entry.clearing


def _newborns(entry: NewbornsEntry, basis: _Bases) -> Newborns:
    rules = tuple(
        NewbornRule(
            rule.first,
            rule.last,
            tuple(Premium(premium.benefit_year, parse_yuan(premium.amount)) for premium in rule.premiums),
            basis(rule.basis),
        )
        for rule in entry.rules
    )
    number = None if entry.needs_number is None else basis(entry.needs_number)
    return Newborns(
        entry.days_max.value, basis(entry.days_max.basis), rules, number, basis(entry.no_rule), entry.older_as_anybody
    )


def _school(entry: PackEntry, basis: _Bases) -> SchoolRule | None:
    rule = entry.school
    return None if rule is None else SchoolRule(frozenset(rule.levels), frozenset(rule.may_choose), basis(rule.basis))


def _continuity(entry: ContinuityEntry, basis: _Bases) -> Continuity:
    return Continuity(
        entry.since,
        entry.fixed_months,
        entry.first_variable,
        entry.long_break_years,
        entry.long_break_floor_months,
        tuple(conditions(whom) for whom in entry.exempt),
        basis(entry.basis),
        basis(entry.repair),
    )


def _incentives(entry: IncentivesEntry, basis: _Bases) -> Incentives:
    return Incentives(
        entry.since,
        entry.after_years,
        parse_yuan(entry.continuous_step),
        parse_yuan(entry.zero_claim_step),
        parse_percent(entry.most),
        None if entry.ceiling is None else parse_yuan(entry.ceiling),
        basis(entry.basis),
    )


def _settings(entry: SettingsEntry, basis: _Bases) -> NumberedDefaults:
    return NumberedDefaults(
        several_identities=basis(entry.several_identities.basis),
        equal_relief=basis(entry.equal_relief.basis),
        open_amount=basis(entry.open_amount.basis),
        not_listed=basis(entry.not_listed.basis),
        rounding=basis(entry.rounding.basis),
        late_payment=basis(entry.late_payment.basis),
        late_payment_holds=entry.late_payment.value == "hold",
        extension=basis(entry.extension.basis),
        extension_for=conditions(entry.extension.whom),
        wait_counting=basis(entry.wait_counting.basis),
        wait_past_period=basis(entry.wait_past_period.basis),
        identity_after_payment=basis(entry.identity_after_payment.basis),
        holidays=basis(entry.holidays.basis),
        roster_in_force=basis(entry.roster_in_force.basis),
        refund_event=basis(entry.refund_event.basis),
        double_charge=basis(entry.double_charge.basis),
    )
