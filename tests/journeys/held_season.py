"""A season that ``canbao up`` holds at a day, and a reader who types a document's commands beside it."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.cluster import scratch_folder
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched
from tests.journeys.up_process import going
from tools.up.refusal import Exit

# README and the guides hold the season at this day.
HELD_AT = "2023-10-20"
_WITHIN_S = 180.0


@dataclass(frozen=True)
class HeldSeason:
    """Where the running county keeps its data, and where it listens."""

    data: Path
    port: int

    def typed(self, commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Type commands in a folder: with the reader's address and environment, and all else as it stands."""
        here = commands.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}").replace(".canbao/", f"{self.data}/")
        for program in ("canbao", "python"):
            here = here.replace(f".venv/bin/{program}", str(Path(sys.executable).with_name(program)))
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=stretched(_WITHIN_S),
            check=False,
        )


@contextmanager
def holding() -> Iterator[HeldSeason]:
    """Start the season and hold it; at the end SIGTERM stops it in order."""
    folder = scratch_folder()
    data, port = folder / "data", free_port()
    try:
        with going(data, port, folder / "log", "--until", HELD_AT, "--residents", "100") as started:
            started.wait_for(f"held at {HELD_AT}")
            yield HeldSeason(data, port)
            assert started.end(signal.SIGTERM) == Exit.FINE
    finally:
        shutil.rmtree(folder, ignore_errors=True)
