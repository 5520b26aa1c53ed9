"""The whole chain under load: callback → credited → enrolled → counted, one process per service, on real Kafka."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from bench.installation import Installation
from bench.load import put_load
from bench.notices import Paid, signed_requests
from bench.population.fill import Population
from bench.processes import answering, cpu_s, serve_command, started
from bench.results import quantile
from tests.harness.ports import free_port
from verify.examination import examine

SERVICES = ("payment", "registration", "subsidy", "quota")
_WITHIN_S = 180.0
_SETTLES_WITHIN_S = 90.0
_ENROLLED = "SELECT coalesce(sum(enrolled), 0)::bigint FROM village_counter"
# The last thing that quota and subsidy receive of a payer is that the enrolment is paid.
_COUNTED = """
    SELECT aggregate_id AS id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at FROM cursor
    WHERE publisher = 'registration' AND seq = 2 AND aggregate_id = ANY($1::uuid[])
"""


class NotCounted(RuntimeError):
    """Not everybody who paid was counted, or the books do not agree: the measurement is void."""


@dataclass(frozen=True, slots=True)
class Passed:
    """How a number of enrolments passed the chain; times in seconds from when each notice was due."""

    count: int
    took_s: float
    settled_s: float
    latencies_s: Sequence[float]
    cpu_s: Mapping[str, float]
    generator_cpu_s: float

    @property
    def per_s(self) -> float:
        """Enrolments a second, from the first notice sent to the last person counted."""
        return self.count / self.took_s

    @property
    def cpu_ms_each(self) -> float:
        """Processor time of services, PostgreSQL and Kafka per enrolment."""
        return 1000 * sum(self.cpu_s.values()) / self.count

    def latency_s(self, share: float) -> float:
        """The time from notice to count that a share of all kept below."""
        return quantile(self.latencies_s, share)


@dataclass(slots=True)
class Chain:
    """Services that run, and the payers who have not paid yet."""

    made: Installation
    population: Population
    port: int
    roots: Mapping[str, int]
    next_payer: int = 0

    async def passes(self, count: int, *, rate: float | None = None) -> Passed:
        """Let the next payers pay; returns once each is counted and every service knows. Raises NotCounted."""
        payers = [self.population.payer(self.next_payer + place) for place in range(count)]
        self.next_payer += count
        if self.next_payer > self.population.payers:
            raise NotCounted("there are no payers left")
        requests = signed_requests(self.made.keys, payers)
        before = await self.made.one("quota", _ENROLLED)
        spent = {name: cpu_s([root]) for name, root in self.roots.items()}
        sending = asyncio.create_task(put_load(self.made.folder, self.port, requests, connections=64, rate=rate))
        await self._until_counted(before + count, sending)
        used = {name: cpu_s([root]) - spent[name] for name, root in self.roots.items()}
        sent = await sending
        counted, settled = await self._received("quota", payers), await self._received("subsidy", payers)
        first = min(sent.sent_at)
        return Passed(
            count,
            max(counted) - first,
            max(settled) - first,
            [at - due for at, due in zip(counted, sent.sent_at, strict=True)],
            used,
            sent.generator_cpu_s,
        )

    async def _until_counted(self, expected: int, sending: "asyncio.Task[object]") -> None:
        deadline = time.monotonic() + _WITHIN_S
        async with self.made.owner("quota") as connection:
            while (found := await connection.fetchval(_ENROLLED)) < expected:
                if sending.done():
                    sending.result()  # raises what kept it from sending
                if time.monotonic() > deadline:
                    raise NotCounted(f"{found} of {expected} counted")
                await asyncio.sleep(0.05)
        if found != expected:
            raise NotCounted(f"{found} counted, {expected} paid")

    async def _received(self, service: str, payers: Sequence[Paid]) -> list[float]:
        """When each payer's last fact was committed there, in the payers' order."""
        ids = [self.population.enrolment(paid) for paid in payers]
        deadline = time.monotonic() + _WITHIN_S
        while True:
            found: dict[UUID, float] = {row["id"]: row["at"] for row in await self.made.sql(service, _COUNTED, ids)}
            if len(found) == len(ids):
                return [found[one] for one in ids]
            if time.monotonic() > deadline:
                raise NotCounted(f"{service} received {len(found)} of {len(ids)}")
            await asyncio.sleep(0.1)


async def prove(made: Installation) -> None:
    """The auditor finds nothing broken and nothing on its way; raises NotCounted otherwise."""
    deadline = time.monotonic() + _SETTLES_WITHIN_S
    while not (report := await examine(made.settings)).settled:
        if not report.consistent or time.monotonic() > deadline:
            broken = [check.code for check in report.checks if check.verdict != "OK"]
            raise NotCounted(f"{report.breaks} breaks, {report.in_flight} in flight: {', '.join(broken)}")
        await asyncio.sleep(0.5)


@asynccontextmanager
async def running_chain(
    made: Installation, population: Population, broker_pid: int, *, warm: int, next_payer: int = 0
) -> AsyncIterator[Chain]:
    """One process per service until the block ends, warmed by the first payers."""
    async with AsyncExitStack() as stack:
        roots = {"postgres": made.server_pid, "kafka": broker_pid}
        ports, processes, log = {}, {}, made.folder / "services.log"
        for name in SERVICES:
            ports[name] = free_port()
            command = serve_command(name, "all", ports[name])
            processes[name] = await stack.enter_async_context(started(command, made.environment, log))
            roots[name] = processes[name].pid
        for name, process in processes.items():
            await answering(process, f"http://127.0.0.1:{ports[name]}/healthz", log)
        chain = Chain(made, population, ports["payment"], roots, next_payer)
        if warm:
            await chain.passes(warm)
        yield chain
