"""What a measurement ran on, as far as it explains the numbers."""

import os
import platform
from pathlib import Path


def facts() -> dict[str, str]:
    """Processors, memory, kernel, Python and the load that was there before."""
    return {
        "processors": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "durability": "fsync, synchronous_commit and full_page_writes on; anything else is refused",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def _processor() -> str:
    for row in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if row.startswith("model name"):
            return row.partition(":")[2].strip()
    return platform.machine()
