"""A county under harm: its processes, its channel, and the judgement that nothing was lost or counted twice."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient

from services.composition import WITH_DATABASE
from shared.database.older_names import database_at
from shared.messaging.bus.factory import open_bus
from tests.faults.lock_trigger import Wire, wire
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.payable import TODAY, Payable, payable
from tests.harness.processes import Fleet
from tests.harness.wechat_channel import Channel
from tests.harness.wechat_peer import merchant
from verify.examination import examine
from verify.report import ConsistencyReport

HEALED_WITHIN_S = 60.0


@dataclass
class County:
    """One process per service and role on Kafka, and the channel that notifies it of payments."""

    installation: Installation
    admin_url: str
    fleet: Fleet
    channel: Channel
    cash: dict[UUID, int] = field(default_factory=dict)  # what people brought to their village, by enrolment

    async def sql(self, database: str, query: str, *arguments: Any) -> Sequence[Any]:
        """Look into a database."""
        return await self.installation.sql(database, query, *arguments)

    async def one(self, database: str, query: str, *arguments: Any) -> Any:
        """The one value of a query."""
        return (await self.sql(database, query, *arguments))[0][0]

    def wire(
        self, database: str, table: str, event: str, *, when: str = "", at_commit: bool = False
    ) -> AbstractAsyncContextManager[Wire]:
        """A wire for every session that touches a table."""
        return wire(self._admin(database), table, event, when=when, at_commit=at_commit)

    async def seen_by_admin(self, database: str, query: str) -> Sequence[Any]:
        """What only a superuser sees: who waits in a database, and for what."""
        connection = await asyncpg.connect(self._admin(database))
        try:
            rows: Sequence[Any] = await connection.fetch(query)
            return rows
        finally:
            await connection.close()

    def _admin(self, database: str) -> str:
        name = urlsplit(self.installation.settings.owner_url(database)).path.removeprefix("/")
        return database_at(self.admin_url, name)

    async def stored(self, transaction: str) -> list[str]:
        """The states of a transaction's raw notices."""
        rows = await self.sql("payment", "SELECT state FROM raw_notice WHERE transaction_id = $1", transaction)
        return [row["state"] for row in rows]

    async def credited(self, transactions: Sequence[str]) -> int:
        """How many of these transactions are booked."""
        query = "SELECT count(*) FROM payment WHERE transaction_id = ANY($1)"
        return int(await self.one("payment", query, list(transactions)))

    async def unpublished(self, service: str) -> int:
        """How many announced events a service's relays have not marked."""
        return int(await self.one(service, "SELECT count(*) FROM outbox WHERE published_at IS NULL"))

    async def published(self, service: str) -> int:
        """How many events a service's relays have marked as sent."""
        return int(await self.one(service, "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"))

    async def on_the_bus(self, service: str) -> int:
        """How many records lie in a service's topic, as the broker says."""
        async with open_bus(self.installation.settings, "test") as bus:
            return sum((await bus.ends([service])).values())

    async def advised(self, service: str) -> int:
        """How far a service's group stands on the broker, over all partitions."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.installation.settings.kafka_bootstrap_servers)
        try:
            await admin.start()
            group = f"{self.installation.settings.installation}.{service}"
            return sum(each.offset for each in (await admin.list_consumer_group_offsets(group)).values())
        finally:
            await admin.close()

    async def taken_in(self, service: str) -> int:
        """How far a service stands by its own database, over all partitions."""
        return int(await self.one(service, "SELECT sum(next_offset) FROM consumer_offset"))

    async def top_up(self, at_least: int) -> None:
        """Have enough people left who can pay."""
        if self.channel.unpaid < at_least:
            self.channel.offer(await payable(self.installation, base_urls_of(self.fleet), at_least))

    async def judged(self, within_s: float = HEALED_WITHIN_S, *, but_for: str = "") -> ConsistencyReport:
        """Judge the county by the channel's books and by the proof of consistency, within a minute of the fault.

        Every payment is credited once, its person enrolled once and counted once; no break, at any time (``but_for``
        names a check that people's entries are to satisfy yet); nothing on its way any more.
        """
        assert self.channel.answered == set(self.channel.paid), "the channel was never answered for some payments"
        deadline = time.monotonic() + within_s
        await eventually(self._books_agree, within_s=within_s, every_s=0.25, message="the books agree")

        async def settled_or_broken() -> ConsistencyReport:
            report = await examine(self.installation.settings)
            known = [check for check in report.checks if check.code == but_for]
            assert report.settled or report.breaks > sum(check.breaks for check in known) or not report.in_flight, [
                (check.code, check.waiting[:3]) for check in report.checks if check.in_flight
            ]
            return report

        left_s = max(1.0, deadline - time.monotonic())  # a busy machine may have used up more than the minute
        report = await eventually(settled_or_broken, within_s=left_s, every_s=0.5, message="verify: settled")
        broken = [(check.code, check.rows) for check in report.checks if check.breaks and check.code != but_for]
        assert not broken, broken
        assert report.overall.paid_fen == self.channel.paid_fen + sum(self.cash.values())
        assert report.overall.enrolled == len(self.channel.paid) + len(self.cash)
        return report

    async def progress(self) -> tuple[int, int, int]:
        """How many payments are booked, people enrolled, and people counted."""
        booked = await self.one("payment", "SELECT count(*) FROM payment")
        enrolled = await self.one("registration", "SELECT count(*) FROM enrolment WHERE paid_basis IS NOT NULL")
        return booked, enrolled, await self.one("quota", "SELECT coalesce(sum(enrolled), 0)::int FROM village_counter")

    async def _books_agree(self) -> bool:
        expected = (len(self.channel.paid), *(len(self.channel.paid) + len(self.cash),) * 2)
        booked_enrolled_counted = await self.progress()
        assert booked_enrolled_counted == expected, f"{booked_enrolled_counted} of {expected}"
        booked = await self.sql("payment", "SELECT transaction_id, order_no, amount_fen FROM payment")
        in_its_books = {(tx, one.order_no, one.amount_fen) for tx, one in self.channel.paid.items()}
        assert {tuple(row) for row in booked} == in_its_books
        paid = await self.sql("registration", "SELECT id, paid_fen FROM enrolment WHERE paid_basis IS NOT NULL")
        enrolled: dict[UUID, int] = {row["id"]: row["paid_fen"] for row in paid}
        assert enrolled == {one.enrolment_id: one.amount_fen for one in self.channel.paid.values()} | self.cash
        return True


def equipped(installation: Installation, folder: Path) -> Installation:
    """The installation with a merchant of the channel and the amounts that the document leaves open."""
    amounts = Path(__file__).parents[2] / "deploy/counties/luoshan-2024/example-amounts.yaml"
    return installation.with_settings(wechat_merchants=(merchant(folder),), policy_overrides=amounts)


async def opened(installation: Installation, fleet: Fleet, people: int, *, within_s: float = 120) -> list[Payable]:
    """Open the season: the day, the processes, people, and an order for each."""
    await installation.set_business_date(TODAY, *WITH_DATABASE)
    fleet.start()
    await fleet.ready()
    return await payable(installation, base_urls_of(fleet), people, within_s=within_s)


def base_urls_of(fleet: Fleet) -> dict[str, str]:
    """Where each service listens."""
    return {name: fleet.url(name) for name in WITH_DATABASE}


@asynccontextmanager
async def collecting(
    installation: Installation, admin_url: str, fleet: Fleet, orders: Sequence[Payable]
) -> AsyncIterator[County]:
    """The county with its channel for the length of a block."""
    async with Channel(fleet.url("payment"), orders) as channel:
        yield County(installation, admin_url, fleet, channel)
