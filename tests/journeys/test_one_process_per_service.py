"""A county in production's shape: one process per service and role, on Kafka, behind one address."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.composition import BY_NAME
from services.registration.commands import save_client
from shared.settings import Settings
from tests.harness.balancer import balancing
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.ports import free_port
from tests.harness.processes import ROOT, Fleet
from tests.harness.timeouts import stretched
from tools.up.comparison import differences
from verify.examination import examine
from verify.report import ConsistencyReport

WITHIN_S = 300.0
RESIDENTS = "120"
EXAMPLE = ROOT / "deploy" / "counties" / "luoshan-2024" / "example-amounts.yaml"


async def _simulator(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def _prepared(folder: Path) -> dict[str, Any]:
    process = await _simulator("prepare", "--dir", str(folder), "--residents", RESIDENTS)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    described: dict[str, Any] = json.loads(printed)
    return described


@asynccontextmanager
async def _county(settings: Settings, port: int, logs: Path) -> AsyncIterator[None]:
    """Every service's web and work roles as processes of their own, behind one address."""
    fleet = Fleet(settings, logs, whole=["console"])
    owners = {BY_NAME[each.name].prefix.strip("/"): each.base_url for each in fleet if each.role != "work"}
    try:
        fleet.start()
        async with balancing(port, owners):
            await fleet.ready()
            yield
    finally:
        fleet.stop()


async def _season(folder: Path, base_url: str, clients: Path) -> None:
    """Play the season to its end."""
    process = await _simulator(
        "season", "--dir", str(folder), "--base-url", base_url, "--clients", str(clients), "--once"
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), stretched(WITHIN_S))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = [json.loads(line) for line in printed.splitlines() if line.startswith(b"{")]
    assert said[-1]["event"] == "finished", said[-3:]


@pytest.mark.another_season
@pytest.mark.expects_errors
async def test_one_process_per_service_and_role_agrees_with_the_simulators_books(
    kafka_installation: Installation, tmp_path: Path
) -> None:
    folder, port = tmp_path / "simulator", free_port()
    described = await _prepared(folder)
    secrets = {client["name"]: f"secret of {client['name']} in a test" for client in described["clients"]}
    clients = tmp_path / "clients.json"
    clients.write_text(json.dumps(secrets), encoding="utf-8")
    address = f"http://127.0.0.1:{port}"
    peers = {name.removeprefix("CANBAO_").lower(): value for name, value in described["environment"].items()}
    settings = kafka_installation.settings.model_copy(
        update=peers
        | {
            "benefit_year": int(peers["benefit_year"]),
            "public_base_url": address,
            "services_base_url": address,
            "policy_overrides": EXAMPLE,
        }
        | {"console_client_secret": SecretStr("unused here")}
    )
    for client in described["clients"]:
        await save_client(settings, client["name"], secrets[client["name"]], client["scopes"], client["region"])

    async with _county(settings, port, tmp_path):
        await _season(folder, address, clients)
        report = await eventually(lambda: _settled(settings), within_s=60, every_s=0.5, message="nothing is on its way")

    assert report is not None
    assert report.consistent
    books = json.loads((folder / "books.json").read_text(encoding="utf-8"))
    assert differences(report, books) == []
    assert report.overall.paid_fen > 0


async def _settled(settings: Settings) -> ConsistencyReport | None:
    report = await examine(settings)
    return report if report.settled else None
