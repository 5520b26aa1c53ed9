"""E1: a service's database is put back to a named point under load, and canbao restore makes it whole again."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import SecretStr

from services.composition import BY_NAME, migrate_all
from shared.database.provision import generate_passwords, provision
from shared.installation import migrate_service
from shared.settings import Settings
from tests.faults.archived_server import ArchivedServer, archived_server, socket_dir_of
from tests.faults.conftest import WHOLE, Season
from tests.faults.harmed_county import County, base_urls_of, equipped, opened
from tests.faults.own_servers import own_ground
from tests.harness.cluster import SERVICES, Cluster, scratch_folder
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.installation import Installation, database_settings, on_kafka, settings_for
from tests.harness.payable import SCOPES, payable, person
from tests.harness.processes import ROOT, Fleet
from tests.harness.timeouts import stretched
from tests.harness.wechat_peer import WechatPeer, wechat_peer

pytestmark = pytest.mark.slow_fault

PEOPLE = 420
BEFORE, AFTER, MEANWHILE, REGISTERED_LATE = 40, 300, 10, 30


@dataclass
class Apart:
    """A county of which one service has a server of its own."""

    season: Season
    server: ArchivedServer
    peer: WechatPeer

    def known_to_channel(self, county: County) -> None:
        """The channel answers questions about every order that was paid."""
        for transaction, order in county.channel.paid.items():
            if order.order_no not in self.peer.paid:
                self.peer.orders[order.order_no] = {"amount": {"total": order.amount_fen}}
                self.peer.pay(order.order_no, transaction_id=transaction)


def _links(folder: Path, service: str, apart: ArchivedServer, cluster: Cluster) -> Path:
    """One socket folder for each service, so that one setting leads each to its own server."""
    common = folder / "common"
    common.symlink_to(socket_dir_of(cluster.postgres))
    for name in SERVICES:
        (folder / name).symlink_to(apart.socket_dir if name == service else common)
    return folder


def _apart_settings(folder: Path, cluster: Cluster) -> dict[str, Any]:
    place = f"@/{{database}}?host={quote(str(folder), safe='/')}/{{service}}"
    return {
        "database_url": "postgresql://{service}_app:{password}" + place,
        "owner_database_url": "postgresql://canbao_owner:{password}" + place,
        "auditor_database_url": "postgresql://canbao_auditor:{password}" + place,
        "database_passwords": {role: SecretStr(password) for role, password in cluster.passwords.items()},
    }


@contextmanager
def _ground(service: str, keys: Path) -> Iterator[tuple[Settings, Cluster, ArchivedServer, str]]:
    """Servers and a broker; the service's database lies on the archived one."""
    with ExitStack() as stack:
        cluster, settings, broker = stack.enter_context(own_ground(keys))
        server = stack.enter_context(archived_server())
        asyncio.run(provision(server.postgres.admin_url, SERVICES, cluster.passwords))
        folder = _links(scratch_folder(), service, server, cluster)
        apart = settings.model_copy(update=_apart_settings(folder, cluster))
        asyncio.run(migrate_service(apart, BY_NAME[service]))
        yield apart, cluster, server, broker.bootstrap_servers


@contextmanager
def _one_ground(keys: Path) -> Iterator[tuple[Settings, Cluster, ArchivedServer, str]]:
    """One archived server for all databases, the bus's among them."""
    with archived_server() as server:
        passwords = generate_passwords(SERVICES)
        asyncio.run(provision(server.postgres.admin_url, SERVICES, passwords))
        cluster = Cluster(server.postgres, passwords)
        settings = settings_for(keys, **database_settings(cluster, suffix=""))
        asyncio.run(migrate_all(settings))
        yield settings, cluster, server, ""


@asynccontextmanager
async def _county(service: str, folder: Path) -> AsyncIterator[tuple[Apart, County]]:
    """A county of which one service stands apart, or ``all`` stand on one server."""
    stack = ExitStack()
    ground = _one_ground(folder) if service == "all" else _ground(service, folder)
    settings, cluster, server, broker = await asyncio.to_thread(stack.enter_context, ground)
    async with wechat_peer() as peer:
        apart = await on_kafka(Installation(settings), broker) if broker else Installation(settings)
        installation = equipped(apart, folder).with_settings(wechat_base_url=peer.url)
        fleet = Fleet(installation.settings, folder, whole=WHOLE)
        try:
            orders = await opened(installation, fleet, PEOPLE)
            season = Season(installation, cluster.admin_url, fleet, orders)
            async with season.goes_on() as county:
                yield Apart(season, server, peer), county
        finally:
            await asyncio.to_thread(fleet.stop)
            await asyncio.to_thread(stack.close)


def _canbao(settings: Settings, *arguments: str) -> str:
    """What the command says; it must succeed."""
    command = [sys.executable, "-c", "from tools.cli import main; main()", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=variables(settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_payment_restored_to_earlier_counts_every_payment_once(tmp_path: Path) -> None:
    """E1: 300 payments after the restore point are unknown to the restored database, and the channel knows them."""
    async with _county("payment", tmp_path) as (apart, county):
        await county.channel.pay_and_notify(BEFORE)
        await county.judged()
        await asyncio.to_thread(apart.server.back_up)
        await apart.server.mark("before")
        await county.channel.pay_and_notify(AFTER)
        await county.judged()
        apart.known_to_channel(county)
        await apart.server.lose()
        await asyncio.to_thread(apart.server.restore_to, "before")
        assert await county.one("payment", "SELECT count(*) FROM payment") < BEFORE + AFTER
        work = county.fleet.one("payment", "work")
        await eventually(
            lambda: "canbao restore payment" in work.last_words(), within_s=60, message="work refuses to start"
        )
        # People who pay meanwhile are answered, and nothing is announced of it.
        await eventually(county.fleet.one("payment", "web").is_ready, within_s=60, message="callbacks are taken")
        await county.channel.pay_and_notify(MEANWHILE)
        apart.known_to_channel(county)
        assert not await work.is_ready()

        settings = county.installation.settings
        said = _canbao(settings, "restore", "payment", "--dry-run")
        assert "payment.contribution_paid.v1" in said
        assert await county.one("payment", "SELECT max(epoch) FROM epoch") == 1
        said = _canbao(settings, "restore", "payment", "--because", "drill")
        assert "epoch 2 began" in said
        assert await county.one("payment", "SELECT max(epoch) FROM epoch") == 2
        said = _canbao(settings, "restore", "payment", "--because", "drill")
        assert "still in epoch 2" in said
        await county.fleet.ready()
        await county.judged(within_s=120)


async def test_all_databases_and_the_bus_restored_together_learn_from_the_channel(tmp_path: Path) -> None:
    """E1: nobody is ahead of anybody, and only the channel knows of the payments that were lost."""
    async with _county("all", tmp_path) as (apart, county):
        await county.channel.pay_and_notify(BEFORE)
        await county.judged()
        await asyncio.to_thread(apart.server.back_up)
        await apart.server.mark("before")
        await county.channel.pay_and_notify(AFTER)
        await county.judged()
        apart.known_to_channel(county)
        await apart.server.lose()
        await asyncio.to_thread(apart.server.restore_to, "before")
        await county.fleet.ready()
        settings = county.installation.settings
        said = _canbao(settings, "restore", "payment", "--because", "drill")
        assert "still in epoch 1" in said
        said = _canbao(settings, "restore", "payment", "--because", "drill", "--bus-lost")
        assert "epoch 2 began" in said
        await county.judged(within_s=120)


async def test_registration_restored_to_earlier_has_everybody_under_the_id_that_others_know(tmp_path: Path) -> None:
    """E1: people who were registered and paid in the lost window are registered again, and nobody is counted twice."""
    async with _county("registration", tmp_path) as (apart, county):
        settings, urls = county.installation.settings, base_urls_of(county.fleet)
        await county.channel.pay_and_notify(BEFORE)
        await county.judged()
        await asyncio.to_thread(apart.server.back_up)
        await apart.server.mark("before")
        known = await county.one("registration", "SELECT count(*) FROM enrolment")
        late = await payable(county.installation, urls, REGISTERED_LATE)
        await county.channel.pay_and_notify(BEFORE)
        county.channel.offer_first(late)
        await county.channel.pay_and_notify(REGISTERED_LATE // 2)
        await county.judged()

        await apart.server.lose()
        await asyncio.to_thread(apart.server.restore_to, "before")
        work = county.fleet.one("registration", "work")
        await eventually(
            lambda: "canbao restore registration" in work.last_words(), within_s=60, message="work refuses to start"
        )
        said = _canbao(settings, "restore", "registration", "--because", "drill")
        assert f"{REGISTERED_LATE} to be entered again" in said
        await county.fleet.ready()

        # The clerks enter the list again; then what waits for these people is taken in.
        people = [person(sequence) for sequence in range(known, known + REGISTERED_LATE)]
        headers = county.installation.caller(*SCOPES)
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=stretched(60)) as client:
            answer = await client.post(
                f"{urls['registration']}/registration/v1/enrolments/batch", json={"enrolments": people}
            )
            assert answer.is_success, answer.text
        ids = await county.sql("registration", "SELECT id FROM enrolment")
        assert {one.enrolment_id for one in late} <= {row["id"] for row in ids}

        async def nothing_waits() -> bool:
            _canbao(settings, "replay", "run", "registration", "--all")
            return not await county.one("registration", "SELECT count(*) FROM dead_letter WHERE state = 'WAITING'")

        await eventually(nothing_waits, within_s=90, every_s=1, message="what waited for these people is taken in")
        await county.judged(within_s=120)
        said = _canbao(settings, "restore", "registration", "--because", "drill")
        assert "to be entered again" not in said
