"""The one table of a run: raw numbers, minimum, median, maximum, goal; on the terminal and in files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.results import Line

_HEAD = ("", "what", "unit", "rounds", "min", "median", "max", "goal", "")
_DECIMALS_BELOW = ((10, 3), (100, 1), (float("inf"), 0))


def markdown(lines: Sequence[Line], facts: Mapping[str, str]) -> str:
    """The table and the facts of the machine, as a document shows them."""
    rows = [_HEAD, *map(_cells, lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([*(f"- {name}: {value}" for name, value in facts.items()), "", shown[0], rule, *shown[1:], ""])


def save(lines: Sequence[Line], facts: Mapping[str, str], stem: Path) -> tuple[Path, Path]:
    """Write the table as markdown and as JSON beside each other; returns both files."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    document, data = stem.with_suffix(".md"), stem.with_suffix(".json")
    document.write_text(markdown(lines, facts), encoding="utf-8")
    content = {"machine": dict(facts), "lines": [asdict(line) | {"met": line.met} for line in lines]}
    data.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return document, data


def _cells(line: Line) -> tuple[str, ...]:
    met = {None: "", True: "met", False: "not met"}[line.met]
    return (
        line.subject,
        line.what,
        line.unit,
        " ".join(map(_number, line.values)),
        _number(min(line.values)),
        _number(line.median),
        _number(max(line.values)),
        line.goal.words if line.goal else "",
        met,
    )


def _number(value: float) -> str:
    decimals = next(decimals for below, decimals in _DECIMALS_BELOW if abs(value) < below)
    return f"{value:,.{decimals}f}"
