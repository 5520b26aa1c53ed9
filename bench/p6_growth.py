"""P6: what an enrolment costs with ten thousand people in the database, and with a million."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from bench.chain import Passed, prove, running_chain
from bench.installation import Installation, installed
from bench.kafka_broker import running_broker
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.results import Line, at_most, line, ratio

TITLE = "Growth: the cost of an enrolment in a small and in a large county"
_SMALL, _LARGE, _ENROLMENTS, _WARM = 10_000, 1_000_000, 2_000, 200
_LIMIT = 1.2


async def measure(plan: Plan) -> Sequence[Line]:
    """Let as many enrolments pass in either county, in turns."""
    count, warm = plan.count(_ENROLMENTS, least=40), plan.count(_WARM, least=10)
    payers = plan.repeat * (count + warm)
    counties = [Population(plan.count(people, least=payers), payers) for people in (_SMALL, _LARGE)]
    passed: list[list[Passed]] = [[] for _ in counties]
    async with running_broker() as kafka, AsyncExitStack() as stack:
        places: list[Installation] = []
        for county in counties:
            name = f"bench-p6-{county.people}"
            plan.say(f"P6 making {county.people:,} people")
            made = await stack.enter_async_context(installed(name, brokers=kafka.bootstrap_servers))
            await fill(made, county)
            places.append(made)
        for number in range(plan.repeat):
            plan.say(f"P6 round {number + 1} of {plan.repeat}")
            for made, county, seen in zip(places, counties, passed, strict=True):
                spent = number * (count + warm)
                async with running_chain(made, county, kafka.pid, warm=warm, next_payer=spent) as chain:
                    seen.append(await chain.passes(count))
        await prove(places[0])
    return [*_lines("elapsed", counties, passed), *_lines("processor", counties, passed)]


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
