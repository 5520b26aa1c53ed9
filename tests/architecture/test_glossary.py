"""Every module and class that the glossary names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (?P<chinese>[^|]+) \| (?P<english>[^|]+) \| `(?P<path>[^`]+)`(?: `(?P<name>\w+)`)? \|$")
ROWS = [
    match.groupdict()
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if (match := _ROW.match(line))
]


def test_every_line_of_a_table_is_a_term() -> None:
    lines = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    tables = [line for line in lines if line.startswith("| ") and not line.startswith(("| ---", "| 中文"))]
    assert len(ROWS) == len(tables) >= 60


@pytest.mark.parametrize("row", ROWS, ids=[row["chinese"] for row in ROWS])
def test_what_a_term_names_exists(row: dict[str, str]) -> None:
    path = ROOT / row["path"]
    assert path.exists(), f"docs/glossary.md: {row['path']} has moved; correct the path"
    if row["name"]:
        assert f"\nclass {row['name']}" in path.read_text(encoding="utf-8"), f"{row['path']} has no {row['name']}"


@pytest.mark.parametrize("document", ["README.md", "ARCHITECTURE.md"])
def test_the_glossary_is_linked(document: str) -> None:
    assert "docs/glossary.md" in (ROOT / document).read_text(encoding="utf-8")
