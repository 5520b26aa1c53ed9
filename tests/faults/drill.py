"""What a drill stands on: servers that archive, one for each service or one for all, and neighbours that know more."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from services.composition import BY_NAME, migrate_all
from shared.database.provision import generate_passwords, provision
from shared.installation import migrate_service
from shared.settings import Settings
from tests.faults.archived_server import ArchivedServer, archived_server
from tests.faults.conftest import WHOLE, Season
from tests.faults.harmed_county import County, base_urls_of, equipped, opened
from tests.harness.cluster import SERVICES, Cluster, scratch_folder
from tests.harness.environment import variables
from tests.harness.eventually import eventually
from tests.harness.installation import Installation, database_settings, on_kafka, settings_for
from tests.harness.kafka_broker import KafkaBroker
from tests.harness.processes import ROOT, Fleet
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.wechat_peer import WechatPeer, wechat_peer

# Before the restore point, and in the window that is lost. Notices go out so many at a time.
BEFORE, AFTER, AT_ONCE = 40, 2_000, 200
PEOPLE = BEFORE + AFTER + 60
TAKEN_IN_WITHIN_S = 180.0
WHOLE_AGAIN_WITHIN_S = 180.0
ALL = "all"


@dataclass
class Ground:
    """The servers, by service or one for ``all``, and where each service finds its own."""

    settings: Settings
    passwords: Mapping[str, str]
    servers: Mapping[str, ArchivedServer]
    links: Path
    broker: str = ""

    def lead_to(self, service: str, socket_dir: Path) -> None:
        """From now on the service finds another server at its address."""
        following = self.links / f"{service}.next"
        following.symlink_to(socket_dir)
        following.replace(self.links / service)


@dataclass
class Drill:
    """A county, the servers under it, the channel that knows every payment, and the tax bureau."""

    county: County
    ground: Ground
    wechat: WechatPeer
    tax: TaxPeer

    @property
    def urls(self) -> Mapping[str, str]:
        """Where each service listens."""
        return base_urls_of(self.county.fleet)

    async def paid(self, count: int) -> None:
        """So many people pay, the channel notifies of all, and everybody takes it in."""
        for first in range(0, count, AT_ONCE):
            await self.county.channel.pay_and_notify(min(AT_ONCE, count - first))
        await self.county.judged(within_s=TAKEN_IN_WITHIN_S)

    async def point_named(self, server: str) -> None:
        """Base backup and a named restore point: nothing that comes later is restored."""
        await asyncio.to_thread(self.ground.servers[server].back_up)
        await self.ground.servers[server].mark("before")

    async def lost_and_restored(self, server: str) -> None:
        """The server is lost with its disk, and put back to the named point. The channel answers for what it took."""
        if server in ("payment", ALL):
            self.county.cash = {}  # until somebody types it again
        self.known_to_channel()
        await self.ground.servers[server].lose()
        await asyncio.to_thread(self.ground.servers[server].restore_to, "before")

    def known_to_channel(self) -> None:
        """The channel answers questions about every order that was paid."""
        for transaction, order in self.county.channel.paid.items():
            if order.order_no not in self.wechat.paid:
                self.wechat.orders[order.order_no] = {"amount": {"total": order.amount_fen}}
                self.wechat.pay(order.order_no, transaction_id=transaction)

    async def refuses_to_work(self, service: str) -> None:
        """The service's background work says which command it waits for."""
        process = next(each for each in self.county.fleet if each.name == service and each.role != "web")
        await eventually(
            lambda: f"canbao restore {service}" in process.last_words(), within_s=60, message="work refuses to start"
        )

    async def canbao(self, *arguments: str, ends_with: int = 0) -> str:
        """What the command says; it must succeed, or end with another code that is expected."""
        return await asyncio.to_thread(self._canbao, ends_with, *arguments)

    def _canbao(self, ends_with: int, *arguments: str) -> str:
        command = [sys.executable, "-c", "from tools.cli import main; main()", *arguments]
        environment = variables(self.county.installation.settings)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == ends_with, done.stdout + done.stderr
        return done.stdout

    async def restored(self, service: str, *arguments: str) -> str:
        """What ``canbao restore`` says; afterwards everybody works."""
        said = await self.canbao("restore", service, "--because", "drill", *arguments)
        await self.county.fleet.ready()
        return said

    async def credited(self, count: int) -> None:
        """Payment has learned from the channel of so many payments."""

        async def all_of_them() -> bool:
            booked = await self.county.one("payment", "SELECT count(*) FROM payment")
            assert booked == count, f"{booked} of {count}"
            return True

        await eventually(all_of_them, within_s=WHOLE_AGAIN_WITHIN_S, every_s=0.5, message="the channel was asked")

    async def taken_up(self, service: str) -> None:
        """What the service lost and others announced again to it is in its database: until then others are ahead."""

        async def nothing_is_lost() -> bool:
            lost = await self.county.one(service, "SELECT count(*) FROM lost_event WHERE settled_at IS NULL")
            assert lost == 0, f"{lost} lost events"
            return True

        await eventually(nothing_is_lost, within_s=TAKEN_IN_WITHIN_S, every_s=0.5, message="others announced it again")

    async def whole_again(self) -> None:
        """Nothing is lost, nothing counted twice, by the channel's books and by the proof of consistency."""
        await self.county.judged(within_s=WHOLE_AGAIN_WITHIN_S)


@contextmanager
def _one_for_each(keys: Path) -> Iterator[Ground]:
    """A broker, and an archiving server for each service."""
    with ExitStack() as stack:
        broker = KafkaBroker()
        stack.callback(broker.stop)
        broker.start()
        servers = {name: stack.enter_context(archived_server()) for name in SERVICES}
        passwords = generate_passwords(SERVICES)
        links = scratch_folder()
        stack.callback(shutil.rmtree, links, ignore_errors=True)
        links.chmod(0o711)
        place = f"@/{{database}}?host={quote(str(links), safe='/')}/{{service}}"
        settings = settings_for(
            keys,
            database_url="postgresql://{service}_app:{password}" + place,
            owner_database_url="postgresql://canbao_owner:{password}" + place,
            auditor_database_url="postgresql://canbao_auditor:{password}" + place,
            database_passwords={role: SecretStr(password) for role, password in passwords.items()},
        )
        for name, server in servers.items():
            (links / name).symlink_to(server.socket_dir)
            asyncio.run(provision(server.postgres.admin_url, SERVICES, passwords))
            asyncio.run(migrate_service(settings, BY_NAME[name]))
        yield Ground(settings, passwords, servers, links, broker.bootstrap_servers)


@contextmanager
def _one_for_all(keys: Path) -> Iterator[Ground]:
    """One archiving server for all databases, the bus's among them."""
    with archived_server() as server:
        passwords = generate_passwords(SERVICES)
        asyncio.run(provision(server.postgres.admin_url, SERVICES, passwords))
        settings = settings_for(keys, **database_settings(Cluster(server.postgres, passwords), suffix=""))
        asyncio.run(migrate_all(settings))
        yield Ground(settings, passwords, {ALL: server}, keys)


@asynccontextmanager
async def drill(folder: Path, *, apart: bool = True) -> AsyncIterator[Drill]:
    """A county at work for one drill: each service on a server of its own, or all and the bus on one."""
    stack = ExitStack()
    ground = await asyncio.to_thread(stack.enter_context, _one_for_each(folder) if apart else _one_for_all(folder))
    async with wechat_peer() as wechat, tax_peer() as tax:
        peers: dict[str, Any] = {
            "wechat_base_url": wechat.url,
            "wechat_questions_per_second": 100,  # a whole window of orders is asked about
            "tax_base_url": tax.url,
            "tax_token": SecretStr(TOKEN),
        }
        bare = Installation(ground.settings)
        installation = equipped(await on_kafka(bare, ground.broker) if apart else bare, folder).with_settings(**peers)
        fleet = Fleet(installation.settings, folder, whole=WHOLE)
        try:
            orders = await opened(installation, fleet, PEOPLE, within_s=240)
            first = next(iter(ground.servers.values()))
            async with Season(installation, first.postgres.admin_url, fleet, orders).goes_on() as county:
                yield Drill(county, ground, wechat, tax)
        finally:
            await asyncio.to_thread(fleet.stop)
            await asyncio.to_thread(stack.close)
