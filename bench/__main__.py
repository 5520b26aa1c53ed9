"""``python -m bench [p1 p2 …] [--repeat N] [--scale X] [--quick] [--out FILE]``: measures, prints, saves one table."""

import argparse
import importlib
import pkgutil
import re
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

import bench
from bench.machine import facts
from bench.plan import Plan
from bench.results import Line
from bench.table import markdown, save

Measure = Callable[[Plan], Awaitable[Sequence[Line]]]
# A subject is a module of this folder named after it: it has a TITLE and measures.
_SUBJECT = re.compile(r"(p\d+)_\w+")
_QUICK = 0.1


def subjects() -> dict[str, str]:
    """The subjects there are, with their modules; raises where two modules have one number: only one would run."""
    found = ((_SUBJECT.fullmatch(module.name), module.name) for module in pkgutil.iter_modules(bench.__path__))
    modules = [(match[1], f"bench.{name}") for match, name in sorted(found, key=lambda each: each[1]) if match]
    if len(dict(modules)) < len(modules):
        raise RuntimeError(f"two modules of one subject: {', '.join(name for _, name in modules)}")
    return dict(modules)


async def run(names: Sequence[str], plan: Plan) -> tuple[list[Line], list[str]]:
    """Measure subject by subject; returns the lines, and the names of those that broke off."""
    lines: list[Line] = []
    failed = []
    for name in names:
        module = importlib.import_module(subjects()[name])
        plan.say(f"{name.upper()} {module.TITLE}")
        began = time.monotonic()
        measure: Measure = module.measure
        try:
            lines += await measure(plan)
        except Exception:
            # The others' numbers are worth having all the same.
            traceback.print_exc()
            failed.append(name)
        plan.say(f"{name.upper()} took {time.monotonic() - began:.0f} s")
    return lines, failed


def main() -> int:
    """The entry of the process; 1 where a subject broke off. A goal that is not met is said, not punished."""
    known = subjects()
    arguments = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    arguments.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(known)}; all by default")
    arguments.add_argument("--repeat", type=int, default=3, help="rounds, each with every reference (3)")
    arguments.add_argument("--scale", type=float, default=1.0, help="how much of the whole work (1)")
    arguments.add_argument("--quick", action="store_true", help="a tenth of the work, one round")
    arguments.add_argument("--out", type=Path, default=Path(".canbao/bench/table"), help="table as .md and .json")
    arguments.add_argument("--old-years", type=int, default=0, help="closed years in the large county of P6 (0)")
    arguments.add_argument("--bill-lines", type=int, default=0, help="lines of one more bill in P5, for its memory (0)")
    asked = arguments.parse_args()
    names = [name.lower() for name in asked.subjects] or list(known)
    if unknown := sorted(set(names) - known.keys()):
        arguments.error(f"没有名为 {' '.join(unknown)} 的测量项 · no such subject; choose {', '.join(known)}")
    sizes = {"old_years": asked.old_years, "bill_lines": asked.bill_lines}
    plan = Plan(1, _QUICK, **sizes) if asked.quick else Plan(asked.repeat, asked.scale, **sizes)
    machine = facts()
    lines, failed = uvloop.run(run(names, plan))
    print(markdown(lines, machine))
    plan.say("saved: " + " ".join(map(str, save(lines, machine, asked.out))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
