"""V: the lines of a bill that was read are sealed by one digest, which the auditor makes again of what stands there."""

import hashlib
import importlib

import asyncpg
import pytest

from services.payment.channel_bills.contents import repository
from services.payment.channels.bills import BillKind
from shared.database.engine import Database
from tests.harness.installation import COUNTY, Installation

AT_ONCE = 5_000
_BILL = """
    WITH merchant AS (
        INSERT INTO billed_merchant (channel, merchant_id, first_day, region, actor, correlation_id)
        VALUES ('WECHAT', 'M', '2023-10-08', $1, 'test', uuidv7()) RETURNING *
    )
    INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, state, content_hash, content_bytes, read_at,
                              read_on, asked_at, asked_on, region, actor, correlation_id)
    SELECT uuidv7(), channel, merchant_id, 'TRADE', first_day, 'READ', 'a hash', 1, now(), first_day + 1, now(),
           first_day + 1, region, actor, correlation_id
    FROM merchant RETURNING id
"""
_LINES = """
    INSERT INTO bill_trade_line (bill_id, line_no, kind, order_no, transaction_id, outcome, amount_fen, due_fen,
                                 happened_at, region)
    SELECT $1, n, 'PAYMENT', concat('O', n), concat('T', n), 'SUCCESS', 38000, 38000, '2023-10-08 12:00+08', $2
    FROM generate_series(1, $3::integer) AS n
"""
_ROWS = """
    SELECT line_no, record_send(ROW(line_no, kind, order_no, transaction_id, refund_no, channel_refund_id,
                                    outcome, amount_fen, due_fen, happened_at, region)) AS row
    FROM bill_trade_line ORDER BY line_no
"""
_STORED = "SELECT encode(lines_digest, 'hex') AS digest, line_count, content_hash FROM read_bill"
_STANDS = "SELECT digest FROM proof.bill_digest"


@pytest.mark.parametrize("count", [1, AT_ONCE - 1, AT_ONCE, 2 * AT_ONCE + 1])
async def test_it_is_made_of_all_lines_as_they_are_stored(installation: Installation, count: int) -> None:
    """As anybody may make it again: the hash of the hashes of 5,000 lines at a time, by their numbers."""
    (bill,) = await installation.sql("payment", _BILL, COUNTY)
    await installation.sql("payment", _LINES, bill["id"], COUNTY, count)
    database = Database(installation.settings.service_url("payment"), pool_size=1)
    try:
        async with database.transaction(COUNTY) as session:
            await repository.conclude(session, bill["id"], BillKind.TRADE, count, "{}")
    finally:
        await database.dispose()
    pieces: dict[int, bytes] = {}
    for line in await installation.sql("payment", _ROWS):
        pieces[line["line_no"] // AT_ONCE] = pieces.get(line["line_no"] // AT_ONCE, b"") + line["row"]
    expected = hashlib.sha256(b"".join(hashlib.sha256(piece).digest() for piece in pieces.values())).hexdigest()
    (stored,) = await installation.sql("payment", _STORED)
    assert tuple(stored) == (expected, count, "a hash")
    (stands,) = await installation.sql("payment", _STANDS)
    assert stands["digest"] == expected


async def test_bills_that_were_read_before_have_the_same_one(installation: Installation) -> None:
    """What the migration makes of lines that were stored before it is what is made of them now."""
    (bill,) = await installation.sql("payment", _BILL, COUNTY)
    await installation.sql("payment", _LINES, bill["id"], COUNTY, AT_ONCE + 1)
    await installation.sql("payment", "UPDATE channel_bill SET line_count = $1", AT_ONCE + 1)
    for statement in importlib.import_module("services.payment.migrations.0032_sealed_inputs").read_before():
        await installation.sql("payment", statement)
    (made,) = await installation.sql("payment", _STORED)
    (stands,) = await installation.sql("payment", _STANDS)
    assert (made["digest"], made["line_count"]) == (stands["digest"], AT_ONCE + 1)


async def test_what_was_read_the_service_cannot_change(installation: Installation) -> None:
    connection = await asyncpg.connect(installation.settings.service_url("payment"))
    try:
        for statement in ("UPDATE read_bill SET state = 'EMPTY'", "DELETE FROM read_bill", "TRUNCATE read_bill"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
