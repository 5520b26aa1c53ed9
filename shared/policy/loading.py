"""Loads a pack: reads and checks the file, fills in what an installation configured, and freezes the result."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.policy.assembling import assemble
from shared.policy.overriding import OverrideProblem, with_overrides
from shared.policy.pack import Pack
from shared.policy.schema import OverridesEntry, PackEntry
from shared.policy.schema_parts import MEND_QUOTE
from shared.policy.source import PackError, Source, UnknownPack

PACKS = Path(__file__).parent / "packs"
_Entry = TypeVar("_Entry", bound=BaseModel)


def load_pack(pack_id: str, *, overrides: Path | None = None, folder: Path = PACKS) -> Pack:
    """Load a pack by its id, from a folder or else of those that are shipped, with the amounts of an overrides file.

    Raises PackError with file, line and mend, and UnknownPack where neither holds it.
    """
    if "/" in pack_id or pack_id.startswith("."):
        raise PackError(folder / "?", 1, f"{pack_id!r} is no pack id", "use a name such as luoshan-2024")
    home = next((each for each in (folder, PACKS) if (each / f"{pack_id}.yaml").is_file()), None)
    if home is None:
        known = {file.stem for each in (folder, PACKS) for file in each.glob("*.yaml")}
        raise UnknownPack(folder, pack_id, sorted(known))
    source = Source(home / f"{pack_id}.yaml")
    entry = _validated(PackEntry, source)
    if entry.id != pack_id:
        raise PackError(
            source.file, source.line_of(["id"]), f"id is {entry.id}", f"write {pack_id}, as the file is named"
        )
    _check_dates(entry, source)
    pack = assemble(entry)
    return pack if overrides is None else _overridden(pack, Source(overrides))


def _overridden(pack: Pack, source: Source) -> Pack:
    try:
        return with_overrides(pack, _validated(OverridesEntry, source), name=source.file.name)
    except OverrideProblem as problem:
        raise PackError(source.file, source.line_of(problem.where), str(problem), problem.mend) from None


def _validated(schema: type[_Entry], source: Source) -> _Entry:
    try:
        return schema.model_validate(source.values)
    except ValidationError as refused:
        first = refused.errors()[0]
        raise PackError(source.file, source.line_of(first["loc"]), *_explain(first)) from None


def _explain(error: ErrorDetails) -> tuple[str, str]:
    """The problem and its mend, in words a pack's author understands."""
    name = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{name} is no known entry", "remove it or correct its spelling"
    if error["type"] == "missing":
        return f"{name} is missing", "add it"
    if error["type"] == "value_error":
        problem, _, mend = str(error["ctx"]["error"]).partition("; ")
        return f"{name}: {problem}", mend or MEND_QUOTE
    return f"{name}: {error['msg']}", "correct the value"


def _check_dates(entry: PackEntry, source: Source) -> None:
    """Standards follow each other without gap or overlap, windows do not overlap, and every window has a standard."""
    for index, (before, after) in enumerate(zip(entry.standards, entry.standards[1:], strict=False), start=1):
        line = source.line_of(["standards", index, "from"])
        if after.first <= before.last:
            raise PackError(source.file, line, f"overlaps the standard until {before.last}", _begin_on(before.last))
        if after.first > before.last + timedelta(days=1):
            raise PackError(source.file, line, f"leaves a gap after {before.last}", _begin_on(before.last))
    # Windows for some people only may run beside those for everybody.
    everybodys = [(index, window) for index, window in enumerate(entry.windows) if window.whom is None]
    for (_, earlier), (index, later) in pairwise(everybodys):
        if later.first <= earlier.last:
            line = source.line_of(["windows", index, "from"])
            raise PackError(source.file, line, f"overlaps the window until {earlier.last}", _begin_on(earlier.last))
    for index, window in enumerate(entry.windows):
        if window.first < entry.standards[0].first or window.last > entry.standards[-1].last:
            line = source.line_of(["windows", index, "from"])
            raise PackError(source.file, line, "no standard holds on every day of this window", "extend a standard")


def _begin_on(last: date) -> str:
    return f"begin on {last + timedelta(days=1)}"
