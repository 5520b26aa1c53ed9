"""What a set of targets must be before anybody is measured by it."""

from collections import Counter
from collections.abc import Collection, Sequence

from services.quota.targets.schemas import TargetsIn, TownTargetIn
from shared.domain.region import TOWN_DIGITS, InvalidRegion, county_of, covers, parse_region
from shared.errors import DomainError, ErrorCode


class TargetsDoNotSum(DomainError):
    """The townships' targets add up to something else than the total declared under them."""

    code = ErrorCode.TARGETS_DO_NOT_SUM


class UnknownTown(DomainError):
    """A line names something that is not a township of the caller's county."""

    code = ErrorCode.UNKNOWN_TOWN


class DuplicateTown(DomainError):
    """A township stands in the set twice."""

    code = ErrorCode.DUPLICATE_TOWN


class TownMissing(DomainError):
    """An amendment leaves out a township that has a target in force; its people would belong nowhere."""

    code = ErrorCode.TOWN_MISSING


def county_of_targets(body: TargetsIn, caller_region: str) -> str:
    """Check every line of a target set and name the county it is for."""
    county = county_of(body.towns[0].region)
    for index, town in enumerate(body.towns):
        if not _is_town_of(county, town.region) or not covers(caller_region, county):
            raise UnknownTown(
                f"第 {index + 1} 行（{town.region}）不是本县的乡镇（街道） · no township of this county",
                pointer=f"/towns/{index}/region",
            )
    _refuse_repeats(body.towns)
    total = sum(town.target for town in body.towns)
    if difference := total - body.declared_total:
        raise TargetsDoNotSum(
            f"合计 the towns {total} ≠ 声明 declared {body.declared_total}：相差 by {difference:+d}",
            pointer="/declared_total",
        )
    return county


def refuse_missing(named: Collection[str], in_force: Collection[str]) -> None:
    """Refuse an amendment that forgets townships; to relieve one of its task, give it a target of 0."""
    if missing := sorted(set(in_force) - set(named)):
        raise TownMissing(f"修订遗漏的乡镇 · towns that the revision misses: {'、'.join(missing)}", pointer="/towns")


def _is_town_of(county: str, code: str) -> bool:
    try:
        return len(parse_region(code)) == TOWN_DIGITS and covers(county, code)
    except InvalidRegion:
        return False


def _refuse_repeats(towns: Sequence[TownTargetIn]) -> None:
    for values in ([town.region for town in towns], [town.name for town in towns]):
        value, times = Counter(values).most_common(1)[0]
        if times > 1:
            detail = f"{value} 出现了 {times} 次 · stands here {times} times"
            raise DuplicateTown(detail, pointer=f"/towns/{_last(values, value)}")


def _last(values: Sequence[str], value: str) -> int:
    return len(values) - 1 - values[::-1].index(value)
