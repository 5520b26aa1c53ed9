"""Fills in what a document leaves open: amounts for identities, an extension, a contribution printed as stars."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.money import format_yuan, parse_percent, parse_yuan, part_of
from shared.policy.conditions import ANYBODY
from shared.policy.pack import (
    Basis,
    Fiscal,
    FunderShare,
    Incentives,
    Newborns,
    Pack,
    Premium,
    Relief,
    ReliefKind,
    Standard,
    Window,
)
from shared.policy.schema import ExtensionOverride, OverridesEntry, SubsidyOverride
from shared.policy.vocabulary import BY_AGE, Funder, Identity
from shared.policy.year_shift import rebased

WHOLE = 10_000  # basis points
_CENTRAL_SHARE = {"west": 8_000, "central": 6_000}


class OverrideProblem(ValueError):
    """An override that does not fit its pack, where it stands in the file and its remedy; in Chinese and English."""

    def __init__(self, where: tuple[str, ...], problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.where, self.remedy = where, remedy


def with_overrides(pack: Pack, overrides: OverridesEntry, *, name: str) -> Pack:
    """The pack with an installation's own values, each citing the file that it came from."""
    origin = f"external: {name}"
    if _moves(pack, overrides):
        pack = _rebased(pack, overrides, origin)
    standards = tuple(_standard(standard, overrides, origin) for standard in pack.standards)
    for identity, subsidy in overrides.subsidies.items():
        _check_fits(pack, identity, subsidy, standards)
    windows = pack.windows
    if overrides.extension is not None:
        # Before what late payers have to bear: the first window that fits a person is theirs.
        on_time = [window for window in windows if not window.late]
        late = [window for window in windows if window.late]
        windows = (*on_time, *_extension(pack, overrides.extension), *late)
    configured = {
        identity: _relief(pack.relief_for(identity), identity, subsidy, Basis(origin, _label(overrides)))
        for identity, subsidy in overrides.subsidies.items()
    }
    # An identity keeps its place in the document's order; one that the document does not list comes after those.
    reliefs = [configured.pop(relief.identity, relief) for relief in pack.reliefs]
    return replace(
        pack,
        standards=standards,
        windows=windows,
        reliefs=(*reliefs, *configured.values()),
        newborns=pack.newborns and _newborns(pack, pack.newborns, overrides),
        incentives=_incentives(pack, overrides, origin),
        overrides_label=overrides.label,
    )


def _moves(pack: Pack, overrides: OverridesEntry) -> bool:
    """Whether another year or another window is asked for than the pack's own."""
    own = pack.windows[0]
    return overrides.benefit_year not in (None, pack.benefit_year) or (
        overrides.window not in (None, (own.first, own.last))
    )


def _newborns(pack: Pack, newborns: Newborns, overrides: OverridesEntry) -> Newborns:
    """Newborns pay the configured contribution for the pack's own year; what an earlier one cost stays."""
    if overrides.individual_contribution is None:
        return newborns
    this_year = Premium(pack.benefit_year, parse_yuan(overrides.individual_contribution))
    rules = tuple(
        replace(
            rule,
            premiums=tuple(this_year if one.benefit_year == this_year.benefit_year else one for one in rule.premiums),
        )
        for rule in newborns.rules
    )
    return replace(newborns, rules=rules)


def _rebased(pack: Pack, overrides: OverridesEntry, origin: str) -> Pack:
    if pack.continuity is None or len(pack.standards) > 1:
        raise OverrideProblem(
            ("benefit_year",),
            f"{pack.id} 只用于一个年度 · is for one year only",
            "去掉 benefit_year 和 window · remove both",
        )
    if overrides.window is not None and overrides.window[1] < overrides.window[0]:
        raise OverrideProblem(
            ("window",), "缴费期止早于起 · the window ends before it begins", "对调两个日期 · exchange its days"
        )
    moved = rebased(pack, overrides.benefit_year, overrides.window, origin)
    first, last = moved.windows[0].first, moved.windows[0].last
    if last >= moved.benefit.last or first.year < moved.benefit_year - 1:
        problem = f"缴费期{first}至{last}不合{moved.benefit_year}年度 · the window is not one for {moved.benefit_year}"
        raise OverrideProblem(("window",), problem, "改正缴费期或 benefit_year · correct the window or benefit_year")
    return moved


def _incentives(pack: Pack, overrides: OverridesEntry, origin: str) -> Incentives | None:
    given = {
        "continuous_step_fen": overrides.continuous_step,
        "zero_claim_step_fen": overrides.zero_claim_step,
        "ceiling_fen": overrides.serious_illness_cap,
    }
    named = {field: parse_yuan(yuan) for field, yuan in given.items() if yuan is not None}
    if not named:
        return pack.incentives
    if pack.incentives is None:
        raise OverrideProblem(
            ("serious_illness_cap",),
            f"{pack.id} 没有激励规则 · has no incentives",
            "去掉激励金额 · remove the incentive's amounts",
        )
    return replace(pack.incentives, **named, basis=replace(pack.incentives.basis, origin=origin))


def _standard(standard: Standard, overrides: OverridesEntry, origin: str) -> Standard:
    if standard.aided_as_fen is not None:
        return standard  # a late payer's contribution is the document's own, and forgoes the fiscal subsidy
    if overrides.individual_contribution is not None:
        individual = parse_yuan(overrides.individual_contribution)
        says = f"个人缴费标准配置为{overrides.individual_contribution}元"
        standard = replace(standard, individual_fen=individual, basis=replace(standard.basis, origin=origin, says=says))
    if overrides.fiscal_floor is not None:
        floor = parse_yuan(overrides.fiscal_floor)
        basis = Basis(origin, f"财政补助配置为{overrides.fiscal_floor}元")
        standard = replace(standard, fiscal=Fiscal(floor, _split(floor, overrides.fiscal_region), basis))
    elif overrides.fiscal_region is not None and standard.fiscal is not None and standard.fiscal.floor_fen is not None:
        shares = _split(standard.fiscal.floor_fen, overrides.fiscal_region)
        standard = replace(standard, fiscal=replace(standard.fiscal, shares=shares))
    return standard


def _split(floor_fen: int, region: str | None) -> tuple[FunderShare, ...]:
    """The central share of the fiscal subsidy by region (national notices); the rest is local."""
    if region is None:
        return (FunderShare(Funder.UNSPLIT, floor_fen),)
    central = part_of(floor_fen, _CENTRAL_SHARE[region])
    return (FunderShare(Funder.CENTRAL, central), FunderShare(Funder.LOCAL, floor_fen - central))


def _check_fits(pack: Pack, identity: Identity, subsidy: SubsidyOverride, standards: tuple[Standard, ...]) -> None:
    if identity in BY_AGE and pack.relief_for(identity) is None:
        problem = f"{pack.id} 没有写明{identity.name_zh}的年龄 · does not say from which age {identity} counts"
        remedy = "写进政策包的 reliefs · write it into the pack's reliefs"
        raise OverrideProblem(("subsidies", identity.value), problem, remedy)
    lowest = min((s.individual_fen for s in standards if s.individual_fen is not None), default=None)
    if subsidy.amount is not None and lowest is not None and parse_yuan(subsidy.amount) > lowest:
        most = format_yuan(lowest)
        problem = f"{subsidy.amount}高于个人缴费标准{most} · is more than the contribution of {most}"
        remedy = "调低，或写 type: full · lower it, or write type: full"
        raise OverrideProblem(("subsidies", identity.value, "amount"), problem, remedy)


def _extension(pack: Pack, extension: ExtensionOverride) -> tuple[Window, ...]:
    last = max(window.last for window in pack.windows if not window.late)
    if extension.until == last:
        return ()
    if extension.until < last:
        problem = f"缴费期本已到{last} · the time to pay already runs until {last}"
        raise OverrideProblem(("extension", "until"), problem, "写更晚的日期 · name a later day")
    if extension.until > pack.standards[-1].last:
        ends = pack.standards[-1].last
        problem = f"{ends}之后没有缴费标准 · no standard holds after {ends}"
        remedy = "写更早的日期，或延长标准 · name an earlier day, or extend the standard"
        raise OverrideProblem(("extension", "until"), problem, remedy)
    rule = pack.settings.extension
    basis = replace(rule, says=f"{rule.says}；依据：{extension.source}")
    return (Window(last + timedelta(days=1), extension.until, basis, pack.settings.extension_for, priced_as_on=last),)


def _label(overrides: OverridesEntry) -> str:
    return "（示例文件，金额系虚构）" if overrides.invented else ""


def _relief(listed: Relief | None, identity: Identity, subsidy: SubsidyOverride, configured: Basis) -> Relief:
    """The configured amount; the clause that lists the identity stays cited beside it."""
    funders = ((subsidy.funder, WHOLE),)
    clause = None if listed is None else listed.basis.clause
    whom = ANYBODY if listed is None else listed.whom
    if subsidy.amount is not None:
        basis = Basis(configured.origin, f"定额资助{subsidy.amount}元{configured.says}", clause)
        return Relief(identity, ReliefKind.FIXED, basis, parse_yuan(subsidy.amount), 0, funders, whom)
    if subsidy.value is not None:
        basis = Basis(configured.origin, f"按{subsidy.value}%资助{configured.says}", clause)
        return Relief(identity, ReliefKind.PERCENT, basis, 0, parse_percent(subsidy.value), funders, whom)
    basis = Basis(configured.origin, f"全额资助{configured.says}", clause)
    return Relief(identity, ReliefKind.FULL, basis, 0, 0, funders, whom)
