"""Writing and summing transfers. There is no update and no delete: a correction is a reversal."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Transfer
from shared.domain.ids import new_id

_COLUMNS = {
    "id": "uuid[]",
    "idempotency_key": "text[]",
    "kind": "text[]",
    "debit": "text[]",
    "credit": "text[]",
    "amount_fen": "bigint[]",
    "enrolment_id": "uuid[]",
    "person_token": "text[]",
    "benefit_year": "integer[]",
    "region": "text[]",
    "batch_id": "uuid[]",
    "effective_on": "date[]",
    "caused_by": "uuid[]",
    "actor": "text[]",
    "correlation_id": "uuid[]",
}
_NAMES = ", ".join(_COLUMNS)
_ARRAYS = ", ".join(f"CAST(:{name} AS {kind})" for name, kind in _COLUMNS.items())

# Two postings of one key at once: the second waits on the unique index, then conflicts; sorted against deadlocks.
_INSERT = text(
    f"""
    INSERT INTO transfer ({_NAMES})
    SELECT {_NAMES} FROM unnest({_ARRAYS}) AS posted ({_NAMES})
    ORDER BY idempotency_key
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING idempotency_key
    """  # noqa: S608 - column names are the constants above
)
_STORED = text(
    """
    SELECT idempotency_key, kind, debit, credit, amount_fen, enrolment_id, person_token, benefit_year, region, batch_id,
           effective_on
    FROM transfer WHERE idempotency_key = ANY(CAST(:keys AS text[])) ORDER BY idempotency_key
    """
)
_BALANCES = text(
    """
    SELECT region, account, sum(amount_fen)::bigint AS balance_fen
    FROM (
        SELECT region, debit AS account, amount_fen FROM transfer
        WHERE CAST(:benefit_year AS integer) IS NULL OR benefit_year = :benefit_year
        UNION ALL
        SELECT region, credit, -amount_fen FROM transfer
        WHERE CAST(:benefit_year AS integer) IS NULL OR benefit_year = :benefit_year
    ) AS side
    GROUP BY region, account ORDER BY region, account
    """
)
# One statement sees one moment. If another worker has moved the horizon past that moment, the stretch is empty and
# the horizon stays where it is.
_ADVANCE = text(
    """
    WITH stretch AS MATERIALIZED (
        SELECT below AS since, greatest(below, pg_snapshot_xmin(pg_current_snapshot())) AS until
        FROM transfer_horizon FOR UPDATE
    ), summed AS (
        INSERT INTO transfer_sum AS s (region, benefit_year, kind, debit, credit, fen, times)
        SELECT t.region, t.benefit_year, t.kind, t.debit, t.credit, sum(t.amount_fen), count(*)
        FROM transfer t JOIN stretch ON t.written_by >= stretch.since AND t.written_by < stretch.until
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (region, benefit_year, kind, debit, credit)
            DO UPDATE SET fen = s.fen + EXCLUDED.fen, times = s.times + EXCLUDED.times
    )
    UPDATE transfer_horizon SET below = stretch.until FROM stretch
    """
)
# To be read in one statement with whatever else belongs to the moment.
SUMMED: Final = """
    SELECT region, benefit_year, kind, debit, credit, fen, times FROM transfer_sum
    UNION ALL
    SELECT region, benefit_year, kind, debit, credit, sum(amount_fen)::bigint, count(*)
    FROM transfer WHERE written_by >= (SELECT below FROM transfer_horizon)
    GROUP BY 1, 2, 3, 4, 5
"""


async def insert(session: AsyncSession, transfers: Sequence[Transfer]) -> set[str]:
    """Insert what is not there yet; returns the keys that are new."""
    rows = [_values(transfer) for transfer in transfers]
    arrays = {name: [row[name] for row in rows] for name in _COLUMNS}
    return set((await session.execute(_INSERT, arrays)).scalars())


async def stored_bodies(session: AsyncSession, keys: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """What stands in the books under these keys, in the form of ``body_of``."""
    rows = await session.execute(_STORED, {"keys": sorted(keys)})
    return {row.idempotency_key: tuple(row[1:]) for row in rows}


async def balances(session: AsyncSession, benefit_year: int | None) -> list[tuple[str, str, int]]:
    """Debits minus credits per (region, account), of one benefit year or of all, in fen."""
    rows = await session.execute(_BALANCES, {"benefit_year": benefit_year})
    return [(row.region, row.account, row.balance_fen) for row in rows]


async def advance_sums(session: AsyncSession) -> None:
    """Sum the transfers that have become final since the last time."""
    await session.execute(_ADVANCE)


def body_of(transfer: Transfer) -> tuple[Any, ...]:
    """What must be equal when a key comes again; who asked and why it came again may differ."""
    row = _values(transfer)
    return tuple(
        row[name]
        for name in (
            "kind", "debit", "credit", "amount_fen", "enrolment_id", "person_token", "benefit_year", "region",
            "batch_id", "effective_on",
        )
    )  # fmt: skip


def _values(transfer: Transfer) -> dict[str, Any]:
    dimensions, context = transfer.dimensions, transfer.context
    return {
        "id": new_id(),
        "idempotency_key": transfer.idempotency_key,
        "kind": transfer.kind.partition(":")[0],
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount_fen": transfer.amount_fen,
        "enrolment_id": dimensions.enrolment_id,
        "person_token": dimensions.person_token,
        "benefit_year": dimensions.benefit_year,
        "region": dimensions.region,
        "batch_id": context.batch_id,
        "effective_on": context.effective_on,
        "caused_by": context.caused_by,
        "actor": context.trace.actor,
        "correlation_id": context.trace.correlation_id,
    }
