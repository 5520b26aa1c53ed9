"""Fills in what a document leaves open: amounts for identities, an extension, a contribution printed as stars."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.money import format_yuan, parse_percent, parse_yuan
from shared.policy.pack import Basis, Fiscal, Pack, Relief, ReliefKind, Share, Standard, Window
from shared.policy.schema import ExtensionOverride, OverridesEntry, SubsidyOverride
from shared.policy.vocabulary import Funder, Identity

WHOLE = 10_000  # basis points


class OverrideProblem(ValueError):
    """An override that does not fit its pack; knows where it stands in the file and how to mend it."""

    def __init__(self, where: tuple[str, ...], problem: str, mend: str) -> None:
        super().__init__(problem)
        self.where, self.mend = where, mend


def with_overrides(pack: Pack, overrides: OverridesEntry, *, name: str) -> Pack:
    """The pack with an installation's own values, each citing the file that it came from."""
    origin = f"external: {name}"
    standards = tuple(_standard(standard, overrides, origin) for standard in pack.standards)
    for identity, subsidy in overrides.subsidies.items():
        _check_fits(identity, subsidy, standards)
    windows = pack.windows
    if overrides.extension is not None:
        windows = (*windows, _extension(pack, overrides.extension))
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
        overrides_label=overrides.label,
    )


def _standard(standard: Standard, overrides: OverridesEntry, origin: str) -> Standard:
    if overrides.individual_contribution is not None:
        individual = parse_yuan(overrides.individual_contribution)
        says = f"个人缴费标准配置为{overrides.individual_contribution}元"
        standard = replace(standard, individual_fen=individual, basis=replace(standard.basis, origin=origin, says=says))
    if overrides.fiscal_floor is not None:
        floor = parse_yuan(overrides.fiscal_floor)
        basis = Basis(origin, f"财政补助配置为{overrides.fiscal_floor}元")
        standard = replace(standard, fiscal=Fiscal(floor, (Share(Funder.UNSPLIT, floor),), basis))
    return standard


def _check_fits(identity: Identity, subsidy: SubsidyOverride, standards: tuple[Standard, ...]) -> None:
    lowest = min((s.individual_fen for s in standards if s.individual_fen is not None), default=None)
    if subsidy.amount is not None and lowest is not None and parse_yuan(subsidy.amount) > lowest:
        problem = f"{subsidy.amount} is more than the contribution of {format_yuan(lowest)}"
        raise OverrideProblem(("subsidies", identity.value, "amount"), problem, "lower it, or write type: full")


def _extension(pack: Pack, extension: ExtensionOverride) -> Window:
    last = pack.windows[-1].last
    if extension.until <= last:
        problem = f"the time to pay already runs until {last}"
        raise OverrideProblem(("extension", "until"), problem, "name a later day")
    if extension.until > pack.standards[-1].last:
        problem = f"no standard holds after {pack.standards[-1].last}"
        raise OverrideProblem(("extension", "until"), problem, "name an earlier day, or extend the standard")
    rule = pack.settings.extension
    basis = replace(rule, says=f"{rule.says}；依据：{extension.source}")
    migrants = pack.settings.extension_migrant_workers_only
    return Window(last + timedelta(days=1), extension.until, basis, migrant_workers_only=migrants)


def _label(overrides: OverridesEntry) -> str:
    return "（示例文件，金额系虚构）" if overrides.invented else ""


def _relief(listed: Relief | None, identity: Identity, subsidy: SubsidyOverride, configured: Basis) -> Relief:
    """The configured amount; the clause that lists the identity stays cited beside it."""
    funders = ((subsidy.funder, WHOLE),)
    clause = None if listed is None else listed.basis.clause
    if subsidy.amount is not None:
        basis = Basis(configured.origin, f"定额资助{subsidy.amount}元{configured.says}", clause)
        return Relief(identity, ReliefKind.FIXED, basis, parse_yuan(subsidy.amount), 0, funders)
    if subsidy.value is not None:
        basis = Basis(configured.origin, f"按{subsidy.value}%资助{configured.says}", clause)
        return Relief(identity, ReliefKind.PERCENT, basis, 0, parse_percent(subsidy.value), funders)
    return Relief(
        identity, ReliefKind.FULL, Basis(configured.origin, f"全额资助{configured.says}", clause), 0, 0, funders
    )
