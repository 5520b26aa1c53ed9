"""P11: `canbao verify` over a county whose season is over: every premium in the treasury, no event purged yet.

The people are written by SQL: all of them paid by one channel on one of 60 days, with the channel's bills record by
record, a batch for each day, and five events of payment's for each person. The examination runs in a process of its
own; what it carries must not grow with the county, so a tenth of it is measured beside it.
"""

import asyncio
import json
import sys
from collections.abc import Sequence

from bench.installation import installed
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.processes import cpu_s
from bench.results import Line, at_most, line

TITLE = "the audit of a whole county"
PEOPLE = 642_656
_DAYS = 60
_LONGEST_S, _MOST_MB = 240, 400
_SLOWEST = 5
_LATER = "UPDATE business_date SET business_date = '2024-01-20'"


async def measure(plan: Plan) -> Sequence[Line]:
    """A tenth of the county, then all of it."""
    whole = plan.count(PEOPLE, least=1_000)
    small, large = [await _rounds(plan, people) for people in (max(whole // 10, 1_000), whole)]
    checks = sorted(large[0].keys() - {"all", "processor", "MB"}, key=lambda name: -large[0][name])
    return [
        line("P11", f"verify, {whole:,} people", "s", [each["all"] for each in large], at_most(_LONGEST_S)),
        line("P11", "processor time of it and of PostgreSQL", "s", [each["processor"] for each in large]),
        line("P11", f"highest memory, {whole:,} people", "MB", [each["MB"] for each in large], at_most(_MOST_MB)),
        line("P11", "highest memory, a tenth of them", "MB", [each["MB"] for each in small]),
        *(line("P11", f"of it {check}", "s", [each[check] for each in large]) for check in checks[:_SLOWEST]),
    ]


async def _rounds(plan: Plan, people: int) -> list[dict[str, float]]:
    async with installed("bench-p11") as made:
        plan.say(f"P11 making {people:,} people")
        await made.sql("payment", _LATER)
        await fill(made, Population(people, 1, days=_DAYS, settled=True))
        return [await _audited(plan, made.server_pid, dict(made.environment)) for _ in range(plan.repeat)]


async def _audited(plan: Plan, server_pid: int, environment: dict[str, str]) -> dict[str, float]:
    before = cpu_s([server_pid])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.audit", env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the audit broke off")
    found: dict[str, float] = json.loads(said)
    found["processor"] += cpu_s([server_pid]) - before
    plan.say("  " + ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
    return found
