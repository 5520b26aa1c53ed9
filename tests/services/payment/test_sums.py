"""The books' sums: stored below a horizon, added up above it, the same whenever somebody looks."""

import asyncio
from typing import Any

import asyncpg

from services.payment.ledger.balances import advance
from tests.harness.assessments import DUE_FEN
from tests.harness.blocks import seal_all
from tests.services.payment.running_payment import RunningPayment

RECOMPUTED = """
    SELECT region, kind, debit, credit, sum(amount_fen)::bigint AS fen, count(*) AS times
    FROM transfer GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
STORED = "SELECT region, kind, debit, credit, fen, times FROM transfer_sum ORDER BY 1, 2, 3, 4"
SEALED_NOTICES = "SELECT rows FROM sealed_block WHERE table_name = 'raw_notice' ORDER BY block"
COPY = """
    INSERT INTO transfer (id, idempotency_key, kind, debit, credit, amount_fen, benefit_year, region, effective_on,
                          caused_by, actor, correlation_id)
    SELECT gen_random_uuid(), 'slow', kind, debit, credit, amount_fen, benefit_year, region, effective_on, caused_by,
           actor, correlation_id FROM transfer LIMIT 1
"""


async def taken_fen(payment: RunningPayment) -> int:
    """What the summary says was taken."""
    summary: dict[str, Any] = await payment.get("summary?benefit_year=2024")
    return sum(town["taken_fen"] for town in summary["towns"])


async def test_the_summary_is_the_same_before_and_after_the_horizon_moves(payment: RunningPayment) -> None:
    one, two = await payment.bill(2)
    await payment.paid(await payment.order(one))
    assert await taken_fen(payment) == DUE_FEN
    await advance(payment.running)
    assert await taken_fen(payment) == DUE_FEN
    await payment.paid(await payment.order(two))
    assert await taken_fen(payment) == 2 * DUE_FEN
    await advance(payment.running)
    await advance(payment.running)
    assert await taken_fen(payment) == 2 * DUE_FEN
    assert await payment.sql(STORED) == await payment.sql(RECOMPUTED)


async def test_a_transfer_that_is_still_being_written_is_neither_lost_nor_counted_twice(
    payment: RunningPayment,
) -> None:
    one, two = await payment.bill(2)
    await payment.paid(await payment.order(one))
    connection = await asyncpg.connect(payment.installation.settings.owner_url("payment"))
    try:
        async with connection.transaction():
            await connection.execute(COPY)
            await payment.paid(await payment.order(two))  # a later transaction, committed earlier
            await advance(payment.running)
            assert await taken_fen(payment) == 2 * DUE_FEN
    finally:
        await connection.close()
    assert await taken_fen(payment) == 3 * DUE_FEN
    await asyncio.gather(*(advance(payment.running) for _ in range(4)))
    assert await taken_fen(payment) == 3 * DUE_FEN
    assert await payment.sql(STORED) == await payment.sql(RECOMPUTED)


async def test_notices_are_counted_by_sealed_blocks_and_what_came_since(payment: RunningPayment) -> None:
    """F: the summary counted every notice ever taken."""

    async def received() -> int:
        found: int = (await payment.get("summary?benefit_year=2024"))["callbacks"]["received"]
        return found

    for expected, bill in enumerate(await payment.bill(3), start=1):
        assert await received() == expected - 1
        await payment.paid(await payment.order(bill))
        assert await received() == expected
        if expected < 3:
            await seal_all(payment.installation, ("payment",))
    assert [row["rows"] for row in await payment.sql(SEALED_NOTICES)] == [1, 1]
