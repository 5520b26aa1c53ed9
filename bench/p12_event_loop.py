"""P12: how long the event loop of each process was held up by its own work, while people pay and somebody looks.

The processes measure it themselves, every five milliseconds, and say it on their metrics port. It is measured by what
the loop took of the processor: another process that runs does not lengthen it. A stretch may have begun up to a look's
time before that look was due, which is added.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.chain import Chain
from bench.installation import Installation, installed
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.processes import answering, serve_command, started
from bench.results import Line, at_most, line
from shared.observability.metrics import LOOK_EVERY_S
from tests.harness.kafka_process import running_broker
from tests.harness.ports import free_port

TITLE = "the longest stretch of each process's event loop"
_PROCESSES = (("payment", "web"), ("payment", "work"), ("registration", "all"), ("subsidy", "all"), ("quota", "all"))
_PEOPLE, _PAYERS, _WARM = 50_000, 4_000, 500
_HELD = "canbao_loop_held_seconds_bucket"
_CALLBACKS_MS, _OTHERS_MS = 20, 50

Looks = Mapping[float, float]  # how many looks took at most so many seconds


async def measure(plan: Plan) -> Sequence[Line]:
    """Let people pay in every round, and read what each process saw of itself meanwhile."""
    payers, warm = plan.count(_PAYERS, least=40), plan.count(_WARM, least=20)
    population = Population(max(plan.count(_PEOPLE), plan.repeat * payers + warm), plan.repeat * payers + warm)
    longest: dict[str, list[float]] = {f"{name} {role}": [] for name, role in _PROCESSES}
    async with (
        running_broker() as kafka,
        installed("bench-p12", brokers=kafka.bootstrap_servers) as made,
        AsyncExitStack() as stack,
    ):
        await fill(made, population)
        metrics, chain = await _running(made, stack, population, kafka.pid)
        await chain.passes(warm)
        for number in range(1, plan.repeat + 1):
            plan.say(f"P12 round {number} of {plan.repeat}")
            before = await _looks(metrics)
            await chain.passes(payers)
            after = await _looks(metrics)
            for name, looks in after.items():
                longest[name].append(1000 * (_longest(before[name], looks) + LOOK_EVERY_S))
    return [
        line("P12", f"{name}: no stretch longer than", "ms", values, at_most(_goal(name)))
        for name, values in longest.items()
    ]


def _goal(name: str) -> int:
    return _CALLBACKS_MS if name == "payment web" else _OTHERS_MS


async def _running(
    made: Installation, stack: AsyncExitStack, population: Population, broker_pid: int
) -> tuple[Mapping[str, int], Chain]:
    ports, metrics, log = {}, {}, made.folder / "services.log"
    roots = {"postgres": made.server_pid, "kafka": broker_pid}
    for name, role in _PROCESSES:
        process = f"{name} {role}"
        ports[process], metrics[process] = free_port(), free_port()
        environment = {**made.environment, "CANBAO_METRICS_PORT": str(metrics[process])}
        running = await stack.enter_async_context(started(serve_command(name, role, ports[process]), environment, log))
        await answering(running, f"http://127.0.0.1:{metrics[process]}/metrics", log)
        roots[process] = running.pid
    return metrics, Chain(made, population, ports["payment web"], roots)


async def _looks(metrics: Mapping[str, int]) -> Mapping[str, Looks]:
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = await asyncio.gather(*(http.get(f"http://127.0.0.1:{port}/metrics") for port in metrics.values()))
    return {name: _counted(answer.text) for name, answer in zip(metrics, answers, strict=True)}


def _counted(text: str) -> Looks:
    return {
        float(sample.labels["le"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == _HELD
    }


def _longest(before: Looks, after: Looks) -> float:
    """The bound below which every look between the two stayed; that of the widest where one was longer still."""
    new = {bound: after[bound] - before[bound] for bound in sorted(after)}
    every = max(new.values())
    reached = next(bound for bound, looks in new.items() if looks == every)
    widest = sorted(new)[-2]
    return min(reached, 2 * widest)
