"""P6: what an enrolment costs with ten thousand people in the database, and with a million.

Both counties have the memory and the checkpoints of `docker-compose.yml`, and are measured as they run in a season: a
page is logged whole when it is first written after a checkpoint, and a large county has many pages, so it is warmed by
more payers than the small one before as many are counted.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import yaml

from bench.chain import Passed, prove, running_chain
from bench.installation import Installation, installed
from bench.load import CHECKOUT
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.results import Line, at_most, line, ratio
from tests.harness.kafka_process import running_broker

TITLE = "Growth: the cost of an enrolment in a small and in a large county"
_LIMIT = 1.2


@dataclass(frozen=True, slots=True)
class _County:
    """So many people a year, how many of them pay before those who are measured, and how many years are closed."""

    people: int
    warm: int
    old_years: int = 0


_COUNTIES = (_County(10_000, 300), _County(1_000_000, 8_000))
_ENROLMENTS = 2_500


async def measure(plan: Plan) -> Sequence[Line]:
    """Let enrolments pass in either county, in turns."""
    count = plan.count(_ENROLMENTS, least=40)
    counties = [
        _County(plan.count(one.people), plan.count(one.warm, least=10), years)
        for one, years in zip(_COUNTIES, (0, plan.old_years), strict=True)
    ]
    passed: list[list[Passed]] = [[] for _ in counties]
    async with running_broker() as kafka, AsyncExitStack() as stack:
        places: list[tuple[Installation, Population]] = []
        for county in counties:
            payers = plan.repeat * (county.warm + count)
            people = max(county.people, payers)
            population = Population(people, payers, before=people * county.old_years)
            plan.say(f"P6 making {people:,} people, and {population.before:,} of years before")
            name = f"bench-p6-{population.people}"
            made = await stack.enter_async_context(
                installed(name, brokers=kafka.bootstrap_servers, parameters=deployed_parameters())
            )
            await fill(made, population)
            places.append((made, population))
        for number in range(plan.repeat):
            plan.say(f"P6 round {number + 1} of {plan.repeat}")
            for county, (made, population), seen in zip(counties, places, passed, strict=True):
                spent = number * (county.warm + count)
                async with running_chain(made, population, kafka.pid, warm=county.warm, next_payer=spent) as chain:
                    seen.append(await chain.passes(count))
        for made, _ in places:
            await prove(made)
    populations = [population for _, population in places]
    return [*_lines("elapsed", populations, passed), *_lines("processor", populations, passed)]


def deployed_parameters() -> Mapping[str, str]:
    """The parameters of PostgreSQL in `docker-compose.yml`."""
    described = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
    _, *settings = described["services"]["postgres"]["command"]
    return dict(one.removeprefix("-c").split("=", 1) for one in settings)


def _lines(what: str, counties: Sequence[Population], passed: Sequence[Sequence[Passed]]) -> list[Line]:
    costs = [[1000 / one.per_s if what == "elapsed" else one.cpu_ms_each for one in seen] for seen in passed]
    small, large = costs
    return [
        *(
            line("P6", f"{what} per enrolment, {county.people:,} people", "ms", cost)
            for county, cost in zip(counties, costs, strict=True)
        ),
        ratio("P6", f"{what}, large / small", large, small, at_most(_LIMIT)),
    ]
