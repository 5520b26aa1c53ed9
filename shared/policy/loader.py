"""Loads a pack: reads and checks the file, fills in what an installation configured, and freezes the result."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.domain.money import parse_yuan
from shared.policy.overrides import OverrideProblem, with_overrides
from shared.policy.pack import Pack
from shared.policy.pack_builder import assemble
from shared.policy.schema import OverridesEntry, PackEntry
from shared.policy.schema_errors import faults
from shared.policy.schema_parts import Dated, WhomEntry
from shared.policy.source import PackError, PackSyntaxError, Source, UnknownPack, Where
from shared.policy.vocabulary import Identity

PACKS = Path(__file__).parent / "packs"
_Entry = TypeVar("_Entry", bound=BaseModel)
_ONE_DAY = timedelta(days=1)


def load_pack(pack_id: str, *, overrides: Path | None = None, folder: Path = PACKS) -> Pack:
    """Load a pack by its id, from a folder or else of those that are shipped, with the amounts of an overrides file.

    Raises PackError with everything that is wrong, by file and line with its remedy, and UnknownPack where neither
    folder holds it.
    """
    source = Source(file_of(pack_id, folder))
    entry = _validated(PackEntry, source)
    found = [
        PackSyntaxError(source.line_of(where), problem, remedy)
        for where, problem, remedy in _contradictions(entry, pack_id)
    ]
    if found:
        raise PackError(source.file, *found)
    pack = assemble(entry)
    return pack if overrides is None else _overridden(pack, Source(overrides))


def file_of(pack_id: str, folder: Path = PACKS) -> Path:
    """The file of a pack, in a folder or else of those that are shipped; raises UnknownPack, PackError for no id."""
    if "/" in pack_id or pack_id.startswith("."):
        named = PackSyntaxError(
            1, f"{pack_id!r} 不是编号 · is no pack id", "如 luoshan-2024 · use a name such as luoshan-2024"
        )
        raise PackError(folder / "?", named)
    home = next((each for each in (folder, PACKS) if (each / f"{pack_id}.yaml").is_file()), None)
    if home is None:
        known = {file.stem for each in (folder, PACKS) for file in each.glob("*.yaml")}
        raise UnknownPack(folder, pack_id, sorted(known))
    return home / f"{pack_id}.yaml"


def _overridden(pack: Pack, source: Source) -> Pack:
    try:
        return with_overrides(pack, _validated(OverridesEntry, source), name=source.file.name)
    except OverrideProblem as problem:
        raise PackError(
            source.file, PackSyntaxError(source.line_of(problem.where), str(problem), problem.remedy)
        ) from None


def _validated(schema: type[_Entry], source: Source) -> _Entry:
    try:
        return schema.model_validate(source.values)
    except ValidationError as refused:
        raise PackError(source.file, *faults(refused, schema, source)) from None


_Contradiction = tuple[Where, str, str]


def _contradictions(entry: PackEntry, pack_id: str) -> Iterator[_Contradiction]:
    """What each entry by itself may say, and all together cannot."""
    if entry.id != pack_id:
        remedy = f"写 {pack_id}，与文件同名 · write {pack_id}, as the file is named"
        yield ("id",), f"编号为 {entry.id} · id is {entry.id}", remedy
    if entry.benefit.first.year != entry.benefit_year:
        begins = f"待遇期从{entry.benefit.first.year}年开始 · the benefit period begins in {entry.benefit.first.year}"
        yield ("benefit_year",), begins, "改正年度或日期 · correct the year or the dates"
    yield from _successive(("standards",), list(enumerate(entry.standards)), "标准", "standard")
    # Windows for some people only may run beside those for everybody.
    everybodys = [(number, window) for number, window in enumerate(entry.windows) if window.whom is None]
    reopening = {number for number, window in everybodys if window.reopens}
    yield from _successive(("windows",), everybodys, "缴费期", "window", reopening)
    if entry.newborns is not None:
        rules = list(enumerate(entry.newborns.rules))
        yield from _successive(("newborns", "rules"), rules, "新生儿规则", "newborn rule")
    codes = [rule.code for rule in entry.scope.included]
    for number, code in enumerate(codes):
        if code in codes[:number]:
            again = f"{code} 写了两次 · stands twice"
            yield ("scope", "included", number, "code"), again, "改用另一个代码 · give it another code"
    yield from _without_standard(entry)
    yield from _reliefs(entry)


def _successive(
    at: Where, entries: Sequence[tuple[int, Dated]], zh: str, en: str, reopening: Collection[int] = ()
) -> Iterator[_Contradiction]:
    """Each begins on the day after the one before; only a window that reopens leaves days out."""
    for (_, before), (number, after) in pairwise(entries):
        follows = before.last + _ONE_DAY
        where, remedy = (*at, number, "from"), f"自{follows}起 · begin on {follows}"
        if after.first < before.first:
            out_of_order = f"{zh}先后颠倒 · this {en} stands after a later one"
            yield where, out_of_order, "按日期先后排列 · write them in the order of their days"
        elif after.first <= before.last:
            yield where, f"与{before.last}止的{zh}重叠 · overlaps the {en} until {before.last}", remedy
        elif after.first > follows and number not in reopening:
            or_else = "，或写 reopens: true · or write reopens: true" if at == ("windows",) else ""
            yield where, f"{before.last}之后有空档 · leaves a gap after {before.last}", remedy + or_else


def _without_standard(entry: PackEntry) -> Iterator[_Contradiction]:
    first, last = entry.standards[0].first, entry.standards[-1].last
    for number, window in enumerate(entry.windows):
        if window.first < first or window.last > last:
            problem = "缴费期内有的日子没有标准 · no standard holds on every day of this window"
            yield ("windows", number, "from"), problem, "延长标准的起止 · extend a standard"


def _reliefs(entry: PackEntry) -> Iterator[_Contradiction]:
    """No identity is aided twice in the same way, and none with more than anybody owes."""
    contributions = [each.individual for each in entry.standards if each.individual is not None]
    lowest = min(contributions, key=parse_yuan, default=None)
    seen: list[tuple[Identity, WhomEntry | None]] = []
    for number, relief in enumerate(entry.reliefs):
        if (relief.identity, relief.whom) in seen:
            problem = f"{relief.identity} 写了两次 · is aided twice"
            yield ("reliefs", number), problem, "只留一个，或以 whom 区分 · keep one, or distinguish them by whom"
        seen.append((relief.identity, relief.whom))
        if relief.fixed is not None and lowest is not None and parse_yuan(relief.fixed) > parse_yuan(lowest):
            problem = f"{relief.fixed}高于个人缴费标准{lowest} · is more than the contribution of {lowest}"
            yield ("reliefs", number, "fixed"), problem, "调低，或写 full: true · lower it, or write full: true"
