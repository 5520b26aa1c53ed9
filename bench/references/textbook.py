"""The textbook's database, beside the services' in the same server, and its processes."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from bench.installation import Installation
from bench.notices import Paid
from bench.processes import answering, started
from bench.references.textbook_models import Base
from shared.database.older_names import database_at
from tests.harness.ports import free_port

_ROLE = "textbook"


@dataclass(frozen=True, slots=True)
class Textbook:
    """Where its tables are, as its own role logs in."""

    made: Installation
    url: str

    async def sql(self, query: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        """Look into (or fill) its tables."""
        connection = await asyncpg.connect(self.url.replace("+asyncpg", ""), timeout=30)
        try:
            rows: Sequence[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows
        finally:
            await connection.close()

    async def one(self, query: str, *arguments: Any) -> Any:
        """The one value of a query."""
        return (await self.sql(query, *arguments))[0][0]

    async def expect(self, payers: Sequence[Paid], village_of: Sequence[str]) -> list[UUID]:
        """Have an order and an enrolment for each payer; returns the enrolments' ids, in the payers' order."""
        numbers = [paid.order_no for paid in payers]
        villages = [village_of[place % len(village_of)] for place in range(len(payers))]
        rows = await self.sql(
            "INSERT INTO orders (id, order_no, enrolment_id, village, amount_fen, state)"
            " SELECT uuidv7(), new.order_no, uuidv7(), new.village, new.amount_fen, 'AWAITING'"
            " FROM unnest($1::text[], $2::text[], $3::bigint[]) AS new (order_no, village, amount_fen)"
            " RETURNING enrolment_id",
            numbers,
            villages,
            [paid.amount_fen for paid in payers],
        )
        ids = [row["enrolment_id"] for row in rows]
        await self.sql(
            "INSERT INTO enrolments (id, village, state)"
            " SELECT enrolment_id, village, 'PENDING_PAYMENT' FROM orders WHERE order_no = ANY($1::text[])",
            numbers,
        )
        await self.sql(
            "INSERT INTO village_counters (village, enrolled) SELECT DISTINCT village, 0 FROM orders"
            " ON CONFLICT DO NOTHING"
        )
        return ids

    @asynccontextmanager
    async def handling(self, *options: str) -> AsyncIterator[tuple[int, int]]:
        """Its handler as a process; gives its port and its process."""
        port, log = free_port(), self.made.folder / "textbook_handler.log"
        command = ["-m", "bench.references.textbook_handler", str(port), self.url, *options]
        async with started(command, self.made.environment, log) as process:
            await answering(process, f"http://127.0.0.1:{port}/healthz", log)
            yield port, process.pid


async def textbook_in(made: Installation) -> Textbook:
    """Make its role, database and tables in an installation's server."""
    password = secrets.token_hex(16)
    admin = await asyncpg.connect(made.postgres.admin_url, timeout=30)
    try:
        await admin.execute(f"CREATE ROLE {_ROLE} LOGIN PASSWORD '{password}'")
        await admin.execute(f"CREATE DATABASE {_ROLE} OWNER {_ROLE}")
    finally:
        await admin.close()
    place = urlsplit(database_at(made.postgres.admin_url, _ROLE)).query
    url = f"postgresql+asyncpg://{_ROLE}:{password}@/{_ROLE}?{place}"
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
    finally:
        await engine.dispose()
    return Textbook(made, url)
