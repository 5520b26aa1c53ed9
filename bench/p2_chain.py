"""P2: from the callback to the count over all services, sustained, beside aiokafka alone and the textbook's chain."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.chain import NotCounted, Passed, prove, running_chain
from bench.installation import Installation, installed
from bench.load import CHECKOUT, put_load
from bench.notices import Paid, signed_requests
from bench.plan import Plan
from bench.population.fill import Population, fill
from bench.population.template import villages
from bench.processes import started
from bench.references.textbook import Textbook, textbook_in
from bench.results import Line, at_least, at_most, line, ratio
from tests.harness.kafka_process import running_broker

TITLE = "Enrolments: callback → credited → enrolled → counted"
_ENROLMENTS, _TEXTBOOK, _HALF_LOAD_S, _WARM = 8_000, 400, 8, 300
_TOPICS = ("payments", "enrolments")
_HOPS = 2
_TEXTBOOK_COUNTED = """
    SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))::float8 FROM inbox WHERE consumer = 'textbook-quota'
"""


@dataclass(slots=True)
class _Seen:
    ours: list[Passed] = field(default_factory=list)
    raw: list[dict[str, float]] = field(default_factory=list)
    textbook: list[float] = field(default_factory=list)


async def measure(plan: Plan) -> Sequence[Line]:
    """Measure the chain beside raw aiokafka and the textbook's chain; every round ends in a clean examination."""
    count, few = plan.count(_ENROLMENTS, least=40), plan.count(_TEXTBOOK, least=10)
    half = count  # at most so many at half load
    warm = plan.count(_WARM, least=10)
    people = plan.repeat * (count + warm) + half + warm
    population = Population(people, people)
    seen = _Seen()
    async with running_broker() as kafka, installed("bench-p2", brokers=kafka.bootstrap_servers) as made:
        plan.say(f"P2 making {population.people} people")
        await fill(made, population)
        textbook = await textbook_in(made)
        await _topics(kafka.bootstrap_servers)
        spent = 0
        for number in range(1, plan.repeat + 1):
            plan.say(f"P2 round {number} of {plan.repeat}")
            async with running_chain(made, population, kafka.pid, warm=warm, next_payer=spent) as chain:
                seen.ours.append(await chain.passes(count))
                await prove(made)
                spent = chain.next_payer
            seen.raw.append(await _raw(kafka.bootstrap_servers, _HOPS * count))
            seen.textbook.append(await _textbook_chain(textbook, kafka.bootstrap_servers, f"round{number}", few))
        plan.say("P2 at half load")
        rate = sorted(one.per_s for one in seen.ours)[plan.repeat // 2] / 2
        async with running_chain(made, population, kafka.pid, warm=warm, next_payer=spent) as chain:
            calm = await chain.passes(min(half, max(20, round(_HALF_LOAD_S * rate))), rate=rate)
            await prove(made)
    return _lines(seen, calm)


def _lines(seen: _Seen, calm: Passed) -> list[Line]:
    ours = [one.per_s for one in seen.ours]
    raw = [one["events_per_s"] / _HOPS for one in seen.raw]
    trip_ms = [one["round_trip_p50_ms"] for one in seen.raw]
    hop_ms = 1000 * calm.latency_s(0.5) / _HOPS
    shares = {name: [1000 * one.cpu_s[name] / one.count for one in seen.ours] for name in seen.ours[0].cpu_s}
    return [
        line("P2", "enrolments counted, canbao", "1/s", ours, at_least(650)),
        line("P2", f"(a) aiokafka alone, {_HOPS} events each", "1/s", raw),
        line("P2", "(b) textbook chain", "1/s", seen.textbook),
        ratio("P2", "canbao / (a)", ours, raw),
        ratio("P2", "canbao / (b)", ours, seen.textbook, at_least(10)),
        line("P2", "until every service knew", "s", [one.settled_s for one in seen.ours]),
        line("P2", "latency at half load, p50", "s", [calm.latency_s(0.5)]),
        line("P2", "latency at half load, p99", "s", [calm.latency_s(0.99)], at_most(2)),
        line("P2", "one raw round trip, p50", "ms", trip_ms),
        line("P2", "p50 per hop / raw round trip", "×", [hop_ms / min(trip_ms)], at_most(5)),
        line("P2", "processor per enrolment", "ms", [one.cpu_ms_each for one in seen.ours]),
        *(line("P2", f"processor per enrolment: {name}", "ms", values) for name, values in shares.items()),
        line("P2", "generator's processor", "%", [100 * one.generator_cpu_s / one.took_s for one in seen.ours]),
    ]


async def _topics(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 12, 1) for name in _TOPICS])
    finally:
        await admin.close()


async def _raw(brokers: str, events: int) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.references.raw_kafka", brokers, str(events),
        cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    said: dict[str, float] = json.loads(printed)
    return said


async def _textbook_chain(textbook: Textbook, brokers: str, name: str, count: int) -> float:
    """Enrolments a second through the textbook's four processes, from the first notice to the last count."""
    async with AsyncExitStack() as stack:
        port, _ = await stack.enter_async_context(textbook.handling("--announce"))
        for part in ("relay", "registration", "quota"):
            command = ["-m", "bench.references.textbook_chain", part, textbook.url, brokers]
            log = textbook.made.folder / f"textbook_{part}.log"
            await stack.enter_async_context(started(command, textbook.made.environment, log))
        await _pay(textbook, port, f"{name}w", min(20, count))
        first = await _pay(textbook, port, name, count)
        last: float = await textbook.one(_TEXTBOOK_COUNTED)
    return count / (last - first)


async def _pay(textbook: Textbook, port: int, name: str, count: int) -> float:
    """Let so many pay and wait until all are counted; returns when the first notice was sent."""
    made: Installation = textbook.made
    paid = [Paid(f"{name}-{number:08d}", f"4200{name}{number:015d}") for number in range(count)]
    await textbook.expect(paid, villages(made.settings.region))
    before: int = await textbook.one("SELECT sum(enrolled)::bigint FROM village_counters")
    sent = await put_load(made.folder, port, signed_requests(made.keys, paid), connections=32)
    deadline = time.monotonic() + 120
    while (found := await textbook.one("SELECT sum(enrolled)::bigint FROM village_counters")) < before + count:
        if time.monotonic() > deadline:
            raise NotCounted(f"the textbook counted {found - before} of {count}")
        await asyncio.sleep(0.05)
    if found != before + count:
        raise NotCounted(f"the textbook counted {found - before}, {count} paid")
    return min(sent.sent_at)
