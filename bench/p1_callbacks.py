"""P1: signed callbacks into the payment service, verified, opened, deduplicated and durable before the answer."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.installation import Installation, installed
from bench.load import put_load
from bench.notices import Paid, signed_requests
from bench.plan import Plan
from bench.population.template import villages
from bench.processes import answering, cpu_s, serve_command, started
from bench.references.pgbench import durable_writes
from bench.references.textbook import Textbook, textbook_in
from bench.results import Line, at_least, at_most, line, ratio
from tests.harness.ports import free_port

TITLE = "Callbacks: verified and durable before the answer"
CONNECTIONS = 32
_NOTICES, _TEXTBOOK_NOTICES, _PGBENCH_S = 10_000, 1_500, 3
_WARM = 300


class Miscounted(RuntimeError):
    """What is durable is not what was answered."""


@dataclass(slots=True)
class _Rates:
    ours: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    textbook: list[float] = field(default_factory=list)
    pgbench: list[float] = field(default_factory=list)
    generator: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Bout:
    """One installation with everything that is compared on it running."""

    made: Installation
    textbook: Textbook
    ours: int
    empty: int
    handler: int
    roots: Sequence[int]
    plan: Plan
    rates: _Rates = field(default_factory=_Rates)

    async def round(self, name: str) -> None:
        """Ours and each reference, one after the other."""
        count, few = self.plan.count(_NOTICES, least=50), self.plan.count(_TEXTBOOK_NOTICES, least=20)
        paid = _payments(name, count)
        requests = signed_requests(self.made.keys, paid)
        await self.textbook.expect(paid[:few], villages(self.made.settings.region))
        spent = cpu_s(self.roots)
        taken = await put_load(self.made.folder, self.ours, requests, connections=CONNECTIONS)
        self.rates.processor_ms.append(1000 * (cpu_s(self.roots) - spent) / count)
        await self._stored(name, count)
        self.rates.ours.append(taken.per_s)
        self.rates.generator.append(100 * taken.generator_cpu_s / taken.took_s)
        read = await put_load(self.made.folder, self.empty, requests, connections=CONNECTIONS)
        self.rates.empty.append(read.per_s)
        handled = await put_load(self.made.folder, self.handler, requests[:few], connections=CONNECTIONS)
        await self._credited(name, few)
        self.rates.textbook.append(handled.per_s)
        seconds = self.plan.count(_PGBENCH_S)
        written, per_s = await durable_writes(self.made, clients=self.made.settings.pool_web, seconds=seconds)
        found = await self.made.one("payment", "SELECT count(*) FROM raw_notice WHERE order_no = 'pgbench'")
        if found != written:
            raise Miscounted(f"pgbench: {written} said, {found} found")
        await self.made.sql("payment", "DELETE FROM raw_notice WHERE order_no = 'pgbench'")
        self.rates.pgbench.append(per_s)

    async def half_load(self) -> tuple[float, float]:
        """Latency at half of what was reached, sent when due and not when answered; p50 and p99 in milliseconds."""
        rate = sorted(self.rates.ours)[len(self.rates.ours) // 2] / 2
        count = min(self.plan.count(_NOTICES, least=50), round(5 * rate))
        requests = signed_requests(self.made.keys, _payments("half", count))
        taken = await put_load(self.made.folder, self.ours, requests, connections=2 * CONNECTIONS, rate=rate)
        await self._stored("half", count)
        return taken.latency_ms(0.5), taken.latency_ms(0.99)

    async def warm(self) -> None:
        """Let everybody connect and compile before the clock starts."""
        paid = _payments("warm", self.plan.count(_WARM, least=10))
        requests = signed_requests(self.made.keys, paid)
        await self.textbook.expect(paid, villages(self.made.settings.region))
        for port in (self.ours, self.empty, self.handler):
            await put_load(self.made.folder, port, requests, connections=CONNECTIONS)

    async def _stored(self, name: str, expected: int) -> None:
        found = await self.made.one("payment", "SELECT count(*) FROM raw_notice WHERE order_no LIKE $1", f"{name}-%")
        if found != expected:
            raise Miscounted(f"{name}: {expected} answered, {found} durable")

    async def _credited(self, name: str, expected: int) -> None:
        found = await self.textbook.one(
            "SELECT count(*) FROM payments JOIN orders ON orders.id = order_id JOIN ledger_entries"
            " ON payment_id = payments.id WHERE order_no LIKE $1 AND state = 'CONFIRMED'",
            f"{name}-%",
        )
        if found != expected:
            raise Miscounted(f"textbook {name}: {expected} answered, {found} credited")


async def measure(plan: Plan) -> Sequence[Line]:
    """Measure ours beside an empty endpoint, a textbook handler and pgbench."""
    async with installed("bench-p1") as made, AsyncExitStack() as stack:
        textbook = await textbook_in(made)
        log = made.folder / "p1.log"
        ours, empty = free_port(), free_port()
        roots = [made.server_pid]
        for command, port in (
            (serve_command("payment", "web", ours), ours),
            (["-m", "bench.references.empty_endpoint", str(empty)], empty),
        ):
            process = await stack.enter_async_context(started(command, made.environment, log))
            await answering(process, f"http://127.0.0.1:{port}/healthz", log)
            if port == ours:
                roots.append(process.pid)
        handler, _ = await stack.enter_async_context(textbook.handling())
        bout = _Bout(made, textbook, ours, empty, handler, roots, plan)
        await bout.warm()
        for number in range(1, plan.repeat + 1):
            plan.say(f"P1 round {number} of {plan.repeat}")
            await bout.round(f"round{number}")
        plan.say("P1 at half load")
        p50, p99 = await bout.half_load()
    return _lines(bout.rates, made.settings.pool_web, p50, p99)


def _lines(rates: _Rates, clients: int, p50: float, p99: float) -> list[Line]:
    return [
        line("P1", "callbacks, canbao", "1/s", rates.ours),
        line("P1", "(a) empty FastAPI endpoint", "1/s", rates.empty),
        line("P1", f"(b) pgbench, one row a transaction, {clients} clients", "1/s", rates.pgbench),
        line("P1", "(c) textbook handler, one ORM transaction a request", "1/s", rates.textbook),
        ratio("P1", "canbao / (a)", rates.ours, rates.empty, at_least(0.6)),
        ratio("P1", "canbao / (b)", rates.ours, rates.pgbench),
        ratio("P1", "canbao / (c)", rates.ours, rates.textbook, at_least(10)),
        line("P1", "latency at half load, p50", "ms", [p50]),
        line("P1", "latency at half load, p99", "ms", [p99], at_most(50)),
        line("P1", "processor per callback, service and PostgreSQL", "ms", rates.processor_ms),
        line("P1", "generator's processor", "%", rates.generator),
    ]


def _payments(name: str, count: int) -> list[Paid]:
    return [Paid(f"{name}-{number:08d}", f"4200{name}{number:015d}") for number in range(count)]
