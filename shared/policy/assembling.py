"""Turns a checked pack file into the frozen values that decisions are made from."""

from shared.domain.money import parse_percent, parse_yuan
from shared.policy.pack import (
    Basis,
    BenefitYear,
    Clause,
    Exclusions,
    Fiscal,
    Pack,
    Relief,
    ReliefKind,
    ScopeRule,
    Settings,
    Share,
    Standard,
    Wait,
    Window,
)
from shared.policy.schema import (
    BasisEntry,
    FiscalEntry,
    PackEntry,
    ReliefEntry,
    ScopeEntry,
    SettingsEntry,
    StandardEntry,
    WindowEntry,
)


def assemble(entry: PackEntry) -> Pack:
    """Freeze a pack that has been checked."""
    basis = _Bases(entry.document)
    return Pack(
        id=entry.id,
        name=entry.name,
        document=entry.document,
        region=entry.region,
        benefit_year=entry.benefit_year,
        benefit=BenefitYear(entry.benefit.first, entry.benefit.last, basis(entry.benefit.basis)),
        standards=tuple(_standard(standard, basis) for standard in entry.standards),
        windows=tuple(_window(window, basis) for window in entry.windows),
        exclusions=Exclusions(
            frozenset(entry.exclusions.employee_insured.statuses),
            basis(entry.exclusions.employee_insured.basis),
            frozenset(entry.exclusions.insured_elsewhere.statuses),
            basis(entry.exclusions.insured_elsewhere.basis),
        ),
        scope=tuple(_scope(rule, basis) for rule in entry.scope.included),
        out_of_scope=basis(entry.scope.otherwise),
        reliefs=tuple(_relief(relief, basis) for relief in entry.reliefs),
        channels=frozenset(entry.channels.accepted),
        channels_basis=basis(entry.channels.basis),
        settings=_settings(entry.settings, basis),
    )


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
        clause = Clause(entry.clause.document or self._document, entry.clause.section, entry.clause.quote)
        return Basis(origin, entry.says, clause)


def _standard(entry: StandardEntry, basis: _Bases) -> Standard:
    individual = None if entry.individual is None else parse_yuan(entry.individual)
    fiscal = None if entry.fiscal is None else _fiscal(entry.fiscal, basis)
    return Standard(entry.first, entry.last, individual, fiscal, basis(entry.basis))


def _fiscal(entry: FiscalEntry, basis: _Bases) -> Fiscal:
    shares = tuple(Share(funder, parse_yuan(amount)) for funder, amount in entry.shares.items())
    return Fiscal(parse_yuan(entry.floor), shares, basis(entry.basis))


def _window(entry: WindowEntry, basis: _Bases) -> Window:
    wait = Wait() if entry.wait is None else Wait(entry.wait.code, entry.wait.days, entry.wait.months)
    return Window(entry.first, entry.last, basis(entry.basis), entry.migrant_workers_only, wait)


def _scope(entry: ScopeEntry, basis: _Bases) -> ScopeRule:
    return ScopeRule(
        entry.code,
        frozenset(entry.hukou),
        None if entry.residence is None else frozenset(entry.residence),
        None if entry.id_types is None else frozenset(entry.id_types),
        basis(entry.basis),
    )


def _relief(entry: ReliefEntry, basis: _Bases) -> Relief:
    funders = tuple((funder, parse_percent(part)) for funder, part in (entry.funders or {}).items())
    if entry.fixed is not None:
        return Relief(entry.identity, ReliefKind.FIXED, basis(entry.basis), parse_yuan(entry.fixed), 0, funders)
    if entry.percent is not None:
        return Relief(entry.identity, ReliefKind.PERCENT, basis(entry.basis), 0, parse_percent(entry.percent), funders)
    return Relief(entry.identity, ReliefKind.FULL if entry.full else ReliefKind.OPEN, basis(entry.basis), 0, 0, funders)


def _settings(entry: SettingsEntry, basis: _Bases) -> Settings:
    return Settings(
        several_identities=basis(entry.several_identities.basis),
        equal_relief=basis(entry.equal_relief.basis),
        open_amount=basis(entry.open_amount.basis),
        not_listed=basis(entry.not_listed.basis),
        rounding=basis(entry.rounding.basis),
        late_payment=basis(entry.late_payment.basis),
        late_payment_holds=entry.late_payment.value == "hold",
        extension=basis(entry.extension.basis),
        extension_migrant_workers_only=entry.extension.open_to == "migrant_workers",
        wait_counting=basis(entry.wait_counting.basis),
        wait_past_period=basis(entry.wait_past_period.basis),
    )
