"""A real Apache Kafka broker (KRaft) as one local process, for measurements and tests, with the faults tests need."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.harness.timeouts import stretched

_CHECKOUT = Path(__file__).parents[2]
_JARS = _CHECKOUT / ".canbao" / "kafka" / "libs"
_TEMPLATE = _CHECKOUT / "deploy" / "kafka" / "server.properties"
_UP_WITHIN_S = 60.0


class BrokerFailed(RuntimeError):
    """The broker cannot be started or does not answer; the message names the remedy or the end of its log."""


class KafkaBroker:
    """One broker on free ports with a data folder of its own, which a restart finds again."""

    def __init__(self) -> None:
        self.port, self._controller_port = _free_ports(2)
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        self._home = Path(tempfile.mkdtemp(prefix="canbao-kafka-"))
        self.log_file = self._home / "broker.log"
        self._properties = self._home / "server.properties"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Format the data folder at the first start, then run and return when the broker answers."""
        if not self._properties.exists():
            self._write_configuration()
            format_storage = ["kafka.tools.StorageTool", "format", "--standalone", "--cluster-id"]
            outcome = subprocess.run(
                [*self._java("256m"), *format_storage, "Y2FuYmFvLXRlc3QtY2x1cw", "--config", str(self._properties)],
                capture_output=True,
                text=True,
                check=False,
            )
            if outcome.returncode != 0:
                raise BrokerFailed(f"the broker's storage cannot be formatted:\n{outcome.stdout}{outcome.stderr}")
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java("512m"), "kafka.Kafka", str(self._properties)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.await_answer()

    def await_answer(self, within_s: float = _UP_WITHIN_S) -> None:
        """Return when the broker answers a metadata request; raise with the end of its log when it does not."""
        began = time.monotonic()
        while time.monotonic() < began + stretched(within_s):
            if self._process is None or self._process.poll() is not None:
                break
            if _listens(self.port) and answers(self.bootstrap_servers):
                return
            time.sleep(0.1)
        raise BrokerFailed("the broker does not answer; the end of its log:\n" + self._last_words())

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen broker go on (SIGCONT)."""
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it (SIGKILL); `restart` finds the same data."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    def restart(self) -> None:
        """Kill it if it runs and start it again on the same data and ports."""
        if self._process is not None:
            self.kill()
        self.start()

    def stop(self) -> None:
        """End it and remove its data."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(stretched(15))
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process to measure or to harm."""
        return self._running().pid

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BrokerFailed("the broker is not running")
        return self._process

    def _java(self, heap: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise BrokerFailed("no java for the broker: sh deploy/system-packages")
        if not (_JARS / ".complete").exists():
            raise BrokerFailed("the broker's jars are missing: make kafka")
        options = [f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Djava.io.tmpdir={self._home}"]
        return [java, *options, f"-Dlog4j2.configurationFile={self._logging()}", "-cp", f"{_JARS}/*"]

    def _logging(self) -> Path:
        path = self._home / "log4j2.properties"
        path.write_text(
            "rootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\nappender.out.type=Console\nappender.out.name=out\n"
            "appender.out.layout.type=PatternLayout\nappender.out.layout.pattern=%d %p %c{1} %m%n\n",
            encoding="ascii",
        )
        return path

    def _write_configuration(self) -> None:
        text = _TEMPLATE.read_text(encoding="ascii")
        places = {"port": self.port, "controller_port": self._controller_port, "data": self._home / "data"}
        for name, value in places.items():
            text = text.replace(f"{{{name}}}", str(value))
        self._properties.write_text(text, encoding="ascii")

    def _last_words(self) -> str:
        if not self.log_file.exists():
            return "(empty)"
        return "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])


@asynccontextmanager
async def running_broker() -> AsyncIterator[KafkaBroker]:
    """A broker of one's own until the block ends."""
    broker = KafkaBroker()
    try:
        await asyncio.to_thread(broker.start)
        yield broker
    finally:
        await asyncio.to_thread(broker.stop)


def answers(bootstrap_servers: str) -> bool:
    """Whether a broker answers a metadata request within three seconds; may be asked from inside a running loop."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(lambda: asyncio.run(_answers(bootstrap_servers))).result()


async def _answers(bootstrap_servers: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=3000)
    try:
        await admin.start()
        await admin.list_topics()
        # The first group that ever asks makes the broker create its offsets topic; that group should not be a test's.
        await admin.find_coordinator("canbao-warm-up")
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await admin.close()
    return True


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
