"""``python -m bench.compare BEFORE AFTER p1 p2 … [--rounds 7] [--quick]``: two checkouts, in turns.

Each checkout measures with its own interpreter (``.venv``) and its own ``bench``. Compared are the lines in processor
milliseconds, whose ``what`` begins with "processor per": elapsed time says more about the machine. A round measures
both, the second first in every other one, and the ratio is before over after, so that 1 is the same and less is worse.
The median of the ratios must reach 0.95. A line with a colon is one process's share of another line: it is shown, not
judged.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

NOT_WORSE = 0.95
_UNIT, _PREFIX, _DETAIL = "ms", "processor per", ": "


class NotMeasured(RuntimeError):
    """A checkout's benchmark ended without the lines that are compared."""


def processor_lines(table: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Processor milliseconds per unit by subject and line, of a table that ``bench.table.save`` wrote."""
    return {
        (line["subject"], line["what"]): median(line["values"])
        for line in table["lines"]
        if line["unit"] == _UNIT and line["what"].startswith(_PREFIX)
    }


def measured(checkout: Path, subjects: Sequence[str], *, quick: bool) -> dict[tuple[str, str], float]:
    """One round of a checkout's own benchmark; raises NotMeasured."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory(prefix="canbao-compare-") as folder:
        out = Path(folder) / "table"
        command: list[str | Path] = [checkout / ".venv/bin/python", "-m", "bench", *subjects, "--out", out]
        command += ["--quick"] if quick else ["--repeat", "1"]
        subprocess.run(command, cwd=checkout, env=environment, stdout=subprocess.DEVNULL, check=False)
        if not (data := out.with_suffix(".json")).exists():
            raise NotMeasured(f"{checkout}: no table")
        found = processor_lines(json.loads(data.read_text(encoding="utf-8")))
    if not found:
        raise NotMeasured(f"{checkout}: no line in {_UNIT} begins with {_PREFIX!r}")
    return found


def report(ratios: Mapping[tuple[str, str], Sequence[float]]) -> tuple[str, bool]:
    """The table of ratios, and whether each median is not worse."""
    whole = {key: values for key, values in ratios.items() if _DETAIL not in key[1]}
    rows = ["| | before / after, median | rounds | |", "| --- | --- | --- | --- |"]
    for (subject, what), values in sorted(ratios.items()):
        middle = median(values)
        verdict = "" if (subject, what) not in whole else "not worse" if middle >= NOT_WORSE else "worse"
        rows.append(f"| {subject} {what} | {middle:.2f} | {' '.join(f'{one:.2f}' for one in values)} | {verdict} |")
    return "\n".join(rows), all(median(values) >= NOT_WORSE for values in whole.values())


def main() -> int:
    """The entry of the process; 1 where a subject is worse."""
    arguments = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    arguments.add_argument("before", type=Path)
    arguments.add_argument("after", type=Path)
    arguments.add_argument("subjects", nargs="+", metavar="SUBJECT")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--quick", action="store_true", help="a tenth of the work in each round")
    asked = arguments.parse_args()
    checkouts = [asked.before.resolve(), asked.after.resolve()]
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(asked.rounds):
        print(f"round {number + 1} of {asked.rounds}", file=sys.stderr, flush=True)
        order = checkouts if number % 2 == 0 else checkouts[::-1]
        seen = {checkout: measured(checkout, asked.subjects, quick=asked.quick) for checkout in order}
        before, after = (seen[checkout] for checkout in checkouts)
        for key in before.keys() & after.keys():
            ratios[key].append(before[key] / after[key])
    table, not_worse = report(ratios)
    print(table)
    return 0 if not_worse else 1


if __name__ == "__main__":
    sys.exit(main())
