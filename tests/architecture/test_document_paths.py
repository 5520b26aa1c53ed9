"""Files, folders, tests and functions that the decisions and ARCHITECTURE.md name exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AREAS = "bench|deploy|docs|services|shared|simulator|tests|tools|verify"
DECISIONS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
_PATH = re.compile(rf"(?<![\w/-])(?:{AREAS})/[\w./-]*\w")
# `function(argument)`, also as a method of something.
_FUNCTION = re.compile(r"`(?:\w+\.)*(\w+)\([^`]*`")
# Of pydantic and of the operating system.
_OTHERS_FUNCTIONS = {"Field", "access"}
_TEST = re.compile(r"\btest_\w+\b(?!\.py|/)")
# `folder/module.py`, `module.py` or `folder/`, where it may be given from a folder named before, with `::name` or `*`.
_CELL_PATH = re.compile(r"`([\w./*-]+(?:\.\w+|/\*?))(?:::(\w+))?`")
# Named as what a second channel would add; named here, so that the row is corrected once it is there.
PLANNED = {"channels/alipay/"}
_NO_FILE = re.compile(r"datetime\.now|date\.today")


def held_by(decision: Path) -> str:
    _, found, rest = decision.read_text(encoding="utf-8").partition("**Held by**")
    assert found, f"{decision.name} names no test that holds it"
    return rest


@cache
def defined_tests() -> frozenset[str]:
    """Every test function and test module, by name."""
    modules = list((ROOT / "tests").rglob("test_*.py"))
    functions = (re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8")) for path in modules)
    return frozenset({path.stem for path in modules}.union(*functions))


@cache
def defined_names() -> frozenset[str]:
    """Every function and class of the repository, by name."""
    modules = [path for area in AREAS.split("|") for path in (ROOT / area).rglob("*.py")]
    found = (
        re.findall(r"^\s*(?:async )?(?:def|class) (\w+)", path.read_text("utf-8"), re.MULTILINE) for path in modules
    )
    return frozenset().union(*found)


@cache
def repository_paths() -> tuple[str, ...]:
    """Each file and folder of the areas, with a slash before and a folder's after it."""
    found = (path for area in AREAS.split("|") for path in (ROOT / area).rglob("*"))
    return tuple(f"/{path.relative_to(ROOT).as_posix()}{'/' if path.is_dir() else ''}" for path in found)


def paths_in_tables(markdown: str) -> Iterator[tuple[str, str]]:
    """Paths in the rows of tables, each with the name in that file that it leads to, if one is given."""
    for line in markdown.splitlines():
        if line.startswith("|"):
            yield from (found for found in _CELL_PATH.findall(line) if not _NO_FILE.fullmatch(found[0]))


def leads_to(path: str, name: str) -> bool:
    """Whether the path, whole or as the end of one, exists and defines the name."""
    if "*" in path:
        return any(True for _ in ROOT.glob(path.rstrip("/")))
    ends = [each for each in repository_paths() if each.endswith("/" + path)]
    ends += [f"/{path}"] if (ROOT / path).exists() else []
    return any(not name or f"def {name}(" in (ROOT / each[1:]).read_text(encoding="utf-8") for each in ends)


@pytest.mark.parametrize("decision", DECISIONS, ids=[path.stem for path in DECISIONS])
def test_what_holds_a_decision_exists(decision: Path) -> None:
    text = held_by(decision)
    assert [path for path in _PATH.findall(text) if not (ROOT / path).exists()] == []
    assert sorted(set(_TEST.findall(text)) - defined_tests()) == []


@pytest.mark.parametrize("document", [*DECISIONS, ROOT / "ARCHITECTURE.md"], ids=lambda path: path.stem)
def test_a_function_that_a_document_names_exists(document: Path) -> None:
    named = set(_FUNCTION.findall(document.read_text(encoding="utf-8")))
    assert sorted(named - defined_names() - _OTHERS_FUNCTIONS) == []


def test_what_the_tables_of_architecture_name_exists() -> None:
    found = list(paths_in_tables((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")))
    assert len(found) > 100, "the tables' paths are no longer recognised"
    assert {path for path, name in found if not leads_to(path, name)} == PLANNED


def test_a_path_that_moved_and_a_name_that_is_gone_are_seen() -> None:
    row = "| who | `shared/web/gone.py`, `web/page.py::gone`, `services/*/__init__.py`, `web/page.py::of`, `bus/` |"
    assert [each for each in paths_in_tables(row) if not leads_to(*each)] == [
        ("shared/web/gone.py", ""),
        ("web/page.py", "gone"),
    ]
    assert _FUNCTION.findall("`patient(seconds)`, `clock.now()`, `access(2)`, `Field(title=…)`, `a name (said)`") == [
        "patient",
        "now",
        "access",
        "Field",
    ]
    assert "patient" not in defined_names()
    assert _PATH.findall("held by tests/gone/test_x.py, `tests/harness`.") == [
        "tests/gone/test_x.py",
        "tests/harness",
    ]


def test_the_list_of_decisions_has_a_row_for_each() -> None:
    rows = re.findall(r"^\| ([\d–, ]+) \|", (ROOT / "docs/adr/README.md").read_text(encoding="utf-8"), re.MULTILINE)
    spans = [part.strip().partition("–") for row in rows for part in row.split(",")]
    listed = {number for first, _, last in spans for number in range(int(first), int(last or first) + 1)}
    numbers = {int(path.name[:4]) for path in DECISIONS}
    assert sorted(numbers - listed) == []
    assert sorted(number for number in listed - numbers if number >= 110) == []
