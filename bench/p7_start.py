"""P7: how soon `canbao up` is ready where it has run before, and how much memory all of it takes."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.plan import Plan
from bench.processes import NotReady, answering, cpu_s, last_words, pss_mb, started, tree
from bench.results import Line, at_most, line
from tests.harness.ports import free_port

TITLE = "The embedded system: start and memory"
_RESIDENTS, _LEAST = 5_000, 100
_SAMPLE_EVERY_S = 0.5
_SEASON_WITHIN_S = 400.0


async def measure(plan: Plan) -> Sequence[Line]:
    """Play a season while weighing the whole tree of processes, then start again and again."""
    residents = plan.count(_RESIDENTS, least=_LEAST)
    folder = Path(tempfile.mkdtemp(prefix="canbao-bench-"))
    try:
        plan.say(f"P7 playing a season of {residents:,} residents")
        peak_mb = await _season(folder, residents)
        starts = [await _start(folder, plan, number) for number in range(1, plan.repeat + 1)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [
        line("P7", "warm start until every part is ready", "s", [took_s for took_s, _, _ in starts], at_most(10)),
        line("P7", "processor per start", "ms", [processor_ms for _, _, processor_ms in starts]),
        line("P7", f"memory (PSS), most while {residents:,} residents play", "MB", [peak_mb], at_most(700)),
        line("P7", "memory (PSS) once ready", "MB", [weight_mb for _, weight_mb, _ in starts]),
    ]


async def _season(folder: Path, residents: int) -> float:
    """Play a season to its proven end; returns the most memory that was seen, in MB."""
    log, peak_mb = folder / "season.log", 0.0
    command = _up(folder, free_port(), "--once", "--residents", str(residents))
    async with started(command, _environment(), log) as process, asyncio.timeout(_SEASON_WITHIN_S):
        while process.returncode is None:
            peak_mb = max(peak_mb, await asyncio.to_thread(_weight_mb, process.pid))
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _SAMPLE_EVERY_S)
    if process.returncode != 0:
        raise NotReady(f"the season ended with {process.returncode}: {last_words(log)}")
    return peak_mb


async def _start(folder: Path, plan: Plan, number: int) -> tuple[float, float, float]:
    """Start on the folder of a season; returns seconds until ready, then MB and processor milliseconds of all."""
    plan.say(f"P7 start {number} of {plan.repeat}")
    log, port = folder / "start.log", free_port()
    began = time.monotonic()
    async with started(_up(folder, port), _environment(), log) as process:
        await answering(process, f"http://127.0.0.1:{port}/readyz", log)
        took_s = time.monotonic() - began
        return took_s, _weight_mb(process.pid), 1000 * cpu_s([process.pid])


def _weight_mb(root: int) -> float:
    return pss_mb(tree(root))


def _up(folder: Path, port: int, *options: str) -> list[str]:
    entry = "from tools.cli import main; main()"
    return ["-c", entry, "up", "--data", str(folder / "data"), "--port", str(port), *options]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CANBAO_")}
