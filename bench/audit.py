"""``python -m bench.audit``: one examination in a process of its own.

Prints one JSON object: seconds in all and by check, seconds of the processor that the process
used itself, and its highest memory in MB. Raises where anything is
broken or on its way: then nothing was measured.
"""

import json
import resource
import time
from pathlib import Path

import uvloop

from shared.settings import Settings
from verify.checks import CHECKS
from verify.checks.seals import heads
from verify.figures import county_figures
from verify.snapshot import open_databases
from verify.towns import townships

_KB_A_MB = 1024


async def examined(settings: Settings) -> dict[str, float]:
    """Ask what ``canbao verify`` asks, in its order."""
    began = time.perf_counter()
    found: dict[str, float] = {}
    async with open_databases(settings) as databases:
        await townships(databases, settings.benefit_year, settings.region_name)
        found["townships"] = time.perf_counter() - began
        for check in CHECKS:
            asked = time.perf_counter()
            result = await check.result(databases)
            found[check.code] = time.perf_counter() - asked
            if result.verdict != "OK":
                raise RuntimeError(f"{check.code}: {result.rows or result.waiting}")
        asked = time.perf_counter()
        await heads(databases)
        await county_figures(databases, settings.benefit_year)
        found["figures"] = time.perf_counter() - asked
    found["all"] = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    return found | {"processor": used.ru_utime + used.ru_stime, "MB": _most_mb()}


def _most_mb() -> float:
    """The highest memory since this program began; what `getrusage` says begins with the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(row.split()[1] for row in status.splitlines() if row.startswith("VmHWM:"))) / _KB_A_MB


if __name__ == "__main__":
    print(json.dumps(uvloop.run(examined(Settings()))))
