"""Writing and summing transfers. There is no update and no delete: a correction is a reversal."""

from collections.abc import Sequence
from typing import Any

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

# Two postings of one key at once: the second waits on the unique index, then conflicts; sorted, so nobody deadlocks.
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
    line, occasion = transfer.line, transfer.occasion
    return {
        "id": new_id(),
        "idempotency_key": transfer.idempotency_key,
        "kind": transfer.kind.partition(":")[0],
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount_fen": transfer.amount_fen,
        "enrolment_id": line.enrolment_id,
        "person_token": line.person_token,
        "benefit_year": line.benefit_year,
        "region": line.region,
        "batch_id": occasion.batch_id,
        "effective_on": occasion.effective_on,
        "caused_by": occasion.caused_by,
        "actor": occasion.trace.actor,
        "correlation_id": occasion.trace.correlation_id,
    }
