"""The containers' wiring without containers: each compose service as a local process under its own variables.

Hosts are replaced by a PostgreSQL and a Kafka of this machine; commands, variables and secrets are the file's own. So a
missing secret, a variable that nobody reads or a role that may not enter its database shows here.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.composition import WITH_DATABASE
from shared.database.embedded import EmbeddedPostgres
from shared.database.older_names import database_at
from tests.harness.balancer import balancing
from tests.harness.cluster import scratch_folder
from tests.harness.compose import FILE, compose, environment_of, ours, secret_files
from tests.harness.eventually import eventually
from tests.harness.kafka_broker import KafkaBroker, NamedBroker
from tests.harness.ports import free_port
from tests.harness.registers import a_file, a_row
from tests.harness.timeouts import stretched
from tools.provisioning.secrets import lay_out

ROOT = FILE.parent


@pytest.fixture
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, empty as a fresh volume: its roles get passwords of their own."""
    folder = scratch_folder()
    try:
        with EmbeddedPostgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Here:
    """This machine in the place of the containers' network."""

    described: dict[str, Any]
    hosts: dict[str, str]
    folder: Path

    def environment(self, name: str) -> dict[str, str]:
        """A service's variables, with our hosts and a folder of the secrets that it is handed."""
        service = self.described["services"][name]
        handed = self.folder / "run" / name
        handed.mkdir(parents=True)
        for target, source in secret_files(self.described, service).items():
            shutil.copy(source, handed / target)
        values = environment_of(service) | {"CANBAO_METRICS_HOST": "127.0.0.1", "CANBAO_METRICS_PORT": "0"}
        return {
            **{variable: text for variable, text in os.environ.items() if not variable.startswith("CANBAO_")},
            **{variable: self._local(text, handed) for variable, text in values.items()},
        }

    def command(self, name: str, *more: str, instead: Sequence[str] = ()) -> list[str]:
        """What the container runs, with our interpreter; ``instead`` is what `docker compose run` is given."""
        handed = self.folder / "run" / name
        command = instead or self.described["services"][name]["command"]
        return [
            sys.executable, "-c", "from tools.cli import main; main()",
            *(self._local(word, handed) for word in command), *more,
        ]  # fmt: skip

    def _local(self, text: str, handed: Path) -> str:
        for host, place in self.hosts.items():
            text = text.replace(host, place)
        if text.startswith("postgresql://"):  # the server's socket, for every role
            login, _, rest = text.partition("@postgres:5432")
            text = f"{login}@{rest}?{self.hosts['socket']}" if rest else text
        return text.replace("/run/secrets", str(handed))


async def _once(here: Here, name: str) -> str:
    """Run a one-shot job to its end."""
    return await _run(here.command(name), here.environment(name))


async def _run(command: list[str], environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), stretched(120))
    assert process.returncode == 0, said.decode()
    return said.decode()


@asynccontextmanager
async def _serving(here: Here, name: str) -> AsyncIterator[str]:
    """One serving container's process; gives its address."""
    port, environment = free_port(), here.environment(name)
    process = await asyncio.create_subprocess_exec(
        *here.command(name, "--host", "127.0.0.1", "--port", str(port)), cwd=ROOT, env=environment
    )
    try:
        yield f"http://127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), stretched(60)) == 0, f"{name} did not end cleanly"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _is_ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.expects_errors
async def test_every_container_would_come_up_from_empty_volumes(
    postgres: EmbeddedPostgres, kafka: KafkaBroker | NamedBroker, tmp_path: Path
) -> None:
    lay_out(tmp_path / "secrets")
    port = free_port()
    described = compose(CANBAO_SECRETS_FOLDER=str(tmp_path / "secrets"), CANBAO_INSTALLATION=f"t-{uuid4().hex[:12]}")
    admin = urlsplit(postgres.admin_url)
    hosts = {
        "kafka:9092": kafka.bootstrap_servers,
        "http://gateway:8000": f"http://127.0.0.1:{port}",
        "postgresql://postgres:{password}@": f"postgresql://{admin.netloc.rstrip('@')}@",
        "socket": admin.query,
    }
    here = Here(described, hosts, tmp_path)
    for job in ("provision", "migrate", "clients"):
        await _once(here, job)
    assert "ready" in await _once(Here(described, hosts, tmp_path / "again"), "provision")

    serving = [name for name, each in ours(described).items() if each["command"][0] == "serve"]
    async with AsyncExitStack() as stack, httpx.AsyncClient(trust_env=False) as http:
        addresses = {name: await stack.enter_async_context(_serving(here, name)) for name in serving}
        owners = {name.removesuffix("-web"): place for name, place in addresses.items() if name.endswith("-web")}
        owners[""] = owners.pop("console")
        await stack.enter_async_context(balancing(port, owners))
        for name, address in addresses.items():
            await eventually(
                lambda address=address: _is_ready(http, address),  # type: ignore[misc]
                within_s=120,
                every_s=0.5,
                message=f"{name} is ready",
            )
        # The console asks the others through the gateway, as the client that the job registered.
        secret = (tmp_path / "secrets" / "console" / "canbao_console_client_secret").read_text(encoding="utf-8")
        form = {"grant_type": "client_credentials", "client_id": "console", "client_secret": secret}
        gateway = f"http://127.0.0.1:{port}"
        assert (
            await http.post(f"{gateway}/registration/v1/token", data=form, timeout=stretched(20))
        ).status_code == 200
        assert "罗山县" in (await http.get(f"{gateway}/", timeout=stretched(20))).text
        await _once(here, "verify")
        await _operators_commands(here, postgres, tmp_path)


async def _operators_commands(here: Here, postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """First use O7: doctor, replay and import beside the services, with the tools' own variables and secrets."""
    environment = here.environment("tools")
    doctor = await _run(here.command("tools", instead=["doctor", "--json", "--port", str(free_port())]), environment)
    found = json.loads(doctor[doctor.index("{") :])["findings"]
    assert [each for each in found if each["level"] == "broken"] == []
    entered = {each["subject"] for each in found if each["code"] == "DATABASE"}
    assert entered == set(WITH_DATABASE)
    for service in WITH_DATABASE:
        said = await _run(here.command("tools", instead=["replay", "list", service]), environment)
        assert "0 封死信" in said
    registration = await asyncpg.connect(database_at(postgres.admin_url, "canbao_registration"))
    try:
        await registration.execute("INSERT INTO region_directory VALUES ('411521101', '411521101')")
        file = a_file(tmp_path, [a_row()])
        await _run(here.command("tools", instead=["import", "people", str(file)]), environment | {"LOGNAME": "zhang"})
        assert await registration.fetchval("SELECT actor FROM enrolment") == "operator:zhang"
    finally:
        await registration.close()
