"""Putting load on an endpoint: the generator started, listened to, and its answers counted."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.generator import write_requests
from bench.results import quantile

CHECKOUT = Path(__file__).parents[1]


class Misanswered(RuntimeError):
    """Not every request was answered as it should be: a fast wrong answer counts nothing."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How an endpoint answered: every request, or the measurement is void."""

    count: int
    took_s: float
    generator_cpu_s: float
    latencies_s: Sequence[float]
    sent_at: Sequence[float]

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return self.count / self.took_s

    def latency_ms(self, share: float) -> float:
        """The latency that a share of all requests kept below, in milliseconds."""
        return 1000 * quantile(self.latencies_s, share)


async def put_load(
    folder: Path, port: int, requests: Sequence[bytes], *, connections: int = 32, rate: float | None = None
) -> Answers:
    """Send requests and expect a 204 for each; raises Misanswered otherwise."""
    file, answers = folder / "requests", folder / "answers"
    write_requests(file, requests)
    command = ["-m", "bench.generator", str(file), str(answers), str(port), "--connections", str(connections)]
    command += ["--rate", str(rate)] if rate is not None else []
    process = await asyncio.create_subprocess_exec(sys.executable, *command, cwd=CHECKOUT)
    if (code := await process.wait()) != 0:
        raise Misanswered(f"the generator ended with {code}")
    said = json.loads(answers.read_bytes())
    _all_taken(said["statuses"], len(requests))
    return Answers(len(requests), said["took_s"], said["cpu_s"], said["latencies_s"], said["sent_at"])


def _all_taken(statuses: Mapping[str, int], expected: int) -> None:
    if statuses != {"204": expected}:
        raise Misanswered(f"of {expected} requests: {statuses}")
