"""Services as processes of their own, as in production, and what may befall a process: SIGKILL, SIGSTOP, SIGTERM."""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Literal

import httpx

from services.composition import WITH_DATABASE
from shared.settings import Settings
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.ports import free_port
from tests.harness.timeouts import stretched

ROOT = Path(__file__).parents[2]
Role = Literal["web", "work", "all"]
_APART: tuple[Role, ...] = ("web", "work")
_BOTH: Role = "all"
_START = "from tools.cli import main; main()"
_STOP_WITHIN_S = 60.0
_READY_WITHIN_S = 120.0


class ServiceProcess:
    """`canbao serve NAME --role ROLE`; started again after its end, it listens on the same port."""

    def __init__(self, name: str, role: Role, environment: Mapping[str, str], log: Path) -> None:
        self.name, self.role = name, role
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.starts = 0
        self._environment, self._log = environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.role}"

    @property
    def alive(self) -> bool:
        """Whether it runs (or stands still)."""
        return self._process is not None and self._process.poll() is None

    @property
    def stands_still(self) -> bool:
        """Whether the kernel has stopped it, as /proc says."""
        status = Path(f"/proc/{self._running().pid}/stat").read_text(encoding="ascii", errors="replace")
        return status.rpartition(")")[2].split()[0] == "T"

    def open_files(self) -> int:
        """How many files and sockets it holds open."""
        return len(list(Path(f"/proc/{self._running().pid}/fd").iterdir()))

    def start(self) -> None:
        """Start it; it answers a few seconds later."""
        assert not self.alive, f"{self} runs already"
        serve = [sys.executable, "-c", _START, "serve", self.name, "--role", self.role, "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                serve,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.starts += 1

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        process = self._running()
        process.kill()
        process.wait()

    def freeze(self) -> None:
        """Let it stand still (SIGSTOP): its connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        self._running().send_signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self._running().send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        return self._running().wait(stretched(_STOP_WITHIN_S))

    async def is_ready(self) -> bool:
        """Whether its own /readyz says so: database, and for background work bus and events too."""
        assert self.alive, f"{self} has ended:\n{self.last_words()}"
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=stretched(5)) as client:
                return (await client.get(f"{self.base_url}/readyz")).is_success
        except httpx.TransportError:
            return False

    def last_words(self) -> str:
        """The end of what it logged."""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self} was never started"
        return self._process


class Fleet:
    """One process per service and role of an installation."""

    def __init__(self, settings: Settings, logs: Path, *, whole: Collection[str] = ()) -> None:
        """Web and background work are apart, except in the services that ``whole`` names."""
        self.settings, self._logs = settings, logs
        apart = ((name, role) for name in WITH_DATABASE if name not in whole for role in _APART)
        both = ((name, _BOTH) for name in whole)
        self._processes = {(name, role): self._process(name, role) for name, role in (*apart, *both)}

    def __iter__(self) -> Iterator[ServiceProcess]:
        return iter(self._processes.values())

    def one(self, name: str, role: Role) -> ServiceProcess:
        """The process of a service in a role."""
        return self._processes[name, role]

    def another(self, name: str, role: Role) -> ServiceProcess:
        """One more process beside it, sharing its work; started, and not the fleet's to stop."""
        return self._process(name, role, number=2)

    def url(self, name: str) -> str:
        """Where a service listens."""
        return next(each.base_url for each in self if each.name == name and each.role != "work")

    def start(self) -> None:
        """Start all."""
        for process in self:
            process.start()

    async def ready(self, within_s: float = _READY_WITHIN_S) -> None:
        """Return when every process says that it is ready."""
        for process in self:
            await eventually(process.is_ready, within_s=within_s, every_s=0.2, message=f"{process} is ready")

    def stop(self) -> None:
        """SIGTERM to all; each must end cleanly, unless an error is on its way already: that one is to be seen."""
        failing = sys.exc_info()[0] is not None
        running = [process for process in self if process.alive]
        try:
            for process in running:
                process.thaw()
                process.ask_to_end()
            codes = {str(process): process.ended() for process in running}
            assert failing or not any(codes.values()), f"not ended cleanly: {codes}"
        finally:
            for process in running:
                if process.alive:
                    process.kill()

    def _process(self, name: str, role: Role, number: int = 1) -> ServiceProcess:
        environment = {**os.environ, **variables(self.settings)}
        return ServiceProcess(name, role, environment, self._logs / f"{name}-{role}-{number}.log")
