"""``canbao up`` as a process of its own, as people start it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.harness.timeouts import stretched

WITHIN_S = 240.0
ROOT = Path(__file__).parents[2]


def command(data: Path, port: int, *arguments: str) -> list[str]:
    """The command line of ``canbao up``."""
    return [
        sys.executable,
        "-c",
        "from tools.cli import main; main()",
        "up",
        "--data",
        str(data),
        "--port",
        str(port),
        *arguments,
    ]


def up(data: Path, port: int, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end; fails with what it printed where it does not end."""
    ended = subprocess.Popen(
        command(data, port, *arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        out, errors = ended.communicate(timeout=stretched(WITHIN_S))
    except subprocess.TimeoutExpired:
        ended.kill()
        out, errors = ended.communicate()
        raise AssertionError(f"it did not end within {WITHIN_S} s and more:\n{out[-4000:]}\n{errors[-4000:]}") from None
    return subprocess.CompletedProcess(ended.args, ended.returncode, out, errors)


class Going:
    """A running ``canbao up`` and what it has printed."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    def printed(self) -> str:
        """Everything so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> None:
        """Until a line matches; fails with the output where it ends before that."""
        began = time.monotonic()
        while not re.search(pattern, self.printed()):
            assert self.process.poll() is None, self.printed()
            assert time.monotonic() < began + stretched(WITHIN_S), self.printed()
            time.sleep(0.05)

    def end(self, how: signal.Signals) -> int:
        """Send the signal and wait for the exit code."""
        self.process.send_signal(how)
        return self.process.wait(stretched(WITHIN_S))


@contextmanager
def going(data: Path, port: int, log: Path, *arguments: str) -> Iterator[Going]:
    """Start it and have it gone at the end, whatever happens."""
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command(data, port, *arguments), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield Going(process, log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(stretched(WITHIN_S))


def processes_naming(folder: Path) -> list[int]:
    """Living processes whose command line names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in line:
                found.append(int(entry.name))
    return found
