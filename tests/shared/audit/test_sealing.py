"""Blocks are sealed behind the horizon, by one process at a time, and every row is in exactly one of them."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from services.quota import SERVICE as QUOTA
from shared.audit.repository import TransactionNumbersBehind, begin_sealing, seal_block
from shared.audit.seals import read_unsealed, seal
from shared.database.engine import Database
from shared.messaging.outbox.audited import OUTBOX
from tests.harness.installation import COUNTY, Installation

_ANNOUNCE = """
    INSERT INTO outbox (id, lane, topic, key, aggregate_seq, event, region, actor, service, correlation_id, payload)
    SELECT uuidv7(), 0, 'quota', gen_random_uuid(), 1, 'quota.targets_published.v1', '411521', 'test', 'quota',
           gen_random_uuid(), '{}' FROM generate_series(1, $1)
"""
_BLOCKS = "SELECT block, rows, previous, hash FROM sealed_block WHERE table_name = 'outbox' ORDER BY block"
# In how many blocks each row stands.
_HELD = """
    SELECT o.id, count(b.block) AS blocks FROM outbox AS o LEFT JOIN sealed_block AS b
      ON (o.written_by, o.id) >= (b.first_written_by, b.first_id)
         AND (o.written_by, o.id) <= (b.last_written_by, b.last_id)
    GROUP BY o.id
"""


class SealedOutbox:
    """The outbox of quota, written by hand."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.database = Database(installation.settings.service_url("quota"), pool_size=4)

    async def connected(self) -> asyncpg.Connection:
        """A writer of its own."""
        return await asyncpg.connect(self.installation.settings.owner_url("quota"))

    async def write(self, rows: int = 1) -> None:
        """Announce in a transaction of its own."""
        await self.installation.sql("quota", _ANNOUNCE, rows)

    async def seal(self, most: int = 5_000) -> int:
        """Seal one block."""
        async with self.database.transaction(COUNTY) as session:
            assert await begin_sealing(session)
            now = (await session.execute(text("SELECT now()"))).scalar_one()
            return await seal_block(session, "quota", OUTBOX, now, most)

    async def blocks(self) -> Sequence[Any]:
        """The chain."""
        return await self.installation.sql("quota", _BLOCKS)

    async def each_row_in_one_block(self) -> bool:
        """Whether nothing was left out or taken twice."""
        return {row["blocks"] for row in await self.installation.sql("quota", _HELD)} == {1}


@pytest.fixture
async def outbox(installation: Installation) -> Any:
    """Quota's outbox."""
    stage = SealedOutbox(installation)
    yield stage
    await stage.database.dispose()


async def test_rows_of_many_transactions_are_sealed_once_block_after_block(outbox: SealedOutbox) -> None:
    for rows in (1, 3, 7, 1):
        await outbox.write(rows)
    assert [await outbox.seal(most=5) for _ in range(4)] == [5, 5, 2, 0]
    assert await outbox.each_row_in_one_block()
    blocks = await outbox.blocks()
    assert [block["block"] for block in blocks] == [1, 2, 3]
    assert [bytes(block["previous"]) for block in blocks] == [b"", *(bytes(block["hash"]) for block in blocks[:-1])]


async def test_an_open_transaction_holds_back_what_was_written_after_it_and_nothing_is_skipped(
    outbox: SealedOutbox,
) -> None:
    await outbox.write(2)
    connection = await outbox.connected()
    try:
        async with connection.transaction():
            await connection.execute(_ANNOUNCE, 1)
            await outbox.write(3)  # begun later, committed earlier
            assert await outbox.seal() == 2
            assert await outbox.seal() == 0
    finally:
        await connection.close()
    assert await outbox.seal() == 4
    assert await outbox.each_row_in_one_block()


async def test_two_processes_at_once_make_one_chain(outbox: SealedOutbox) -> None:
    await outbox.write(40)
    others = [Database(outbox.installation.settings.service_url("quota"), pool_size=1) for _ in range(3)]
    try:
        await asyncio.gather(*(seal(each, COUNTY, "quota", (OUTBOX,)) for each in (outbox.database, *others)))
    finally:
        for each in others:
            await each.dispose()
    assert [block["rows"] for block in await outbox.blocks()] == [40]
    assert await outbox.each_row_in_one_block()


async def test_a_block_is_refused_a_second_successor(outbox: SealedOutbox) -> None:
    await outbox.write(2)
    await outbox.seal(most=1)
    await outbox.seal(most=1)
    forked = (
        "INSERT INTO sealed_block SELECT table_name, block + 1, form, first_written_by, first_id, last_written_by,"
        " last_id, rows, content, previous, content, sealed_at FROM sealed_block WHERE block = 2"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await outbox.installation.sql("quota", forked)


@pytest.mark.parametrize("statement", ["UPDATE sealed_block SET rows = 1", "DELETE FROM purged_block"])
async def test_blocks_are_append_only_for_everybody(outbox: SealedOutbox, statement: str) -> None:
    await outbox.write()
    await outbox.seal()
    with pytest.raises(asyncpg.RaiseError, match="stays as it is"):
        await outbox.installation.sql("quota", statement)
    connection = await asyncpg.connect(outbox.installation.settings.service_url("quota"))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_running_service_seals_and_what_it_wrote_last_is_sealed_when_it_stops(outbox: SealedOutbox) -> None:
    await outbox.write(3)
    async with outbox.installation.running(QUOTA, role="work"):
        await outbox.write(2)
    assert sum(block["rows"] for block in await outbox.blocks()) == 5


async def test_the_age_of_what_is_not_sealed_is_measured(outbox: SealedOutbox) -> None:
    async def measured() -> float:
        await read_unsealed(outbox.database, COUNTY, "quota", (OUTBOX,))
        return (
            REGISTRY.get_sample_value("canbao_unsealed_oldest_seconds", {"service": "quota", "table": "outbox"}) or 0.0
        )

    assert await measured() == 0.0
    await outbox.write()
    assert await measured() > 0.0
    await outbox.seal()
    assert await measured() == 0.0


async def test_a_server_that_was_filled_from_a_dump_says_so_instead_of_sealing(outbox: SealedOutbox) -> None:
    await outbox.write()
    await outbox.seal()
    forward = (
        "INSERT INTO sealed_block SELECT table_name, 2, form, last_written_by, last_id, '9000000000'::xid8, last_id,"
        " rows, content, hash, content, sealed_at FROM sealed_block"
    )
    await outbox.installation.sql("quota", forward)
    with pytest.raises(TransactionNumbersBehind, match="operator's guide"):
        await outbox.seal()


async def test_a_digest_is_the_same_in_every_time_zone_and_date_style(outbox: SealedOutbox) -> None:
    connection = await outbox.connected()
    await outbox.write(2)
    try:
        found = set()
        for zone, style in (("UTC", "ISO"), ("Asia/Shanghai", "German")):
            await connection.execute(f"SET TimeZone = '{zone}'; SET DateStyle = '{style}'")
            rows = await connection.fetch(f"SELECT {OUTBOX.digest} AS digest FROM outbox ORDER BY id")
            found.add(tuple(bytes(row["digest"]) for row in rows))
        assert len(found) == 1
    finally:
        await connection.close()
