"""Processes of a measurement: started, awaited, weighed (processor time and memory of whole trees), stopped."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from bench.load import CHECKOUT

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_READY_WITHIN_S = 60.0
_ENDS_WITHIN_S = 30.0


class NotReady(RuntimeError):
    """A process that is to be measured did not come up."""


@asynccontextmanager
async def started(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python process until the block ends, then asked to stop (SIGTERM); its output goes to a file."""
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=CHECKOUT, env=dict(environment), stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _ENDS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def serve_command(name: str, role: str, port: int) -> list[str]:
    """``canbao serve``, as its own process."""
    entry = "from tools.cli import main; main()"
    return ["-c", entry, "serve", name, "--role", role, "--port", str(port)]


async def answering(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    """Return when an address answers; raises NotReady with the end of the process's log."""
    deadline = time.monotonic() + _READY_WITHIN_S
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        while process.returncode is None and time.monotonic() < deadline:
            try:
                if (await client.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise NotReady(f"{url} does not answer: {last_words(log)}")


def last_words(log: Path) -> str:
    """The end of what a process had to say."""
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


def tree(root: int) -> set[int]:
    """A process and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            stat = _stat(int(entry.name))
            if stat is not None:
                parents[int(entry.name)] = int(stat[1])
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_s(roots: Iterable[int]) -> float:
    """Processor seconds that these trees have used until now, ended and awaited children included."""
    spent = 0
    for pid in set().union(*map(tree, roots)):
        stat = _stat(pid)
        if stat is not None:
            spent += sum(int(ticks) for ticks in stat[11:15])
    return spent / _TICKS_PER_S


def pss_mb(pids: Iterable[int]) -> float:
    """Resident memory in MB, pages that several share counted in proportion."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except (OSError, ProcessLookupError):
            continue  # it has just ended
        total += sum(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:"))
    return total / 1024


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat that follow the name: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (OSError, ProcessLookupError):
        return None
