"""Writing and summing transfers. There is no update and no delete: a correction is a reversal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions, Transfer
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into
from shared.domain.ids import new_id


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account holds in one region: debits minus credits, in fen."""

    region: str
    account: str
    balance_fen: int


@dataclass(frozen=True, slots=True)
class TransferBody:
    """What must be equal when a key comes again; who asked and why it came again may differ."""

    idempotency_key: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    batch_id: UUID | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class BookedTransfer(TransferBody):
    """A transfer as it stands in the books, to be booked back."""

    caused_by: UUID
    actor: str
    correlation_id: UUID

    @property
    def key(self) -> str:
        """The fact that it was booked for."""
        return self.idempotency_key.removeprefix(f"{self.kind}:")

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


def _kind(transfer: Transfer) -> str:
    return transfer.kind.partition(":")[0]


_TRANSFERS = ColumnMap[Transfer](
    {
        "id": ("uuid", lambda _: new_id()),
        "idempotency_key": "text",
        "kind": ("text", _kind),
        "debit": "text",
        "credit": "text",
        "amount_fen": "bigint",
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "person_token": ("text", "dimensions.person_token"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "region": ("text", "dimensions.region"),
        "batch_id": ("uuid", "context.batch_id"),
        "effective_on": ("date", "context.effective_on"),
        "caused_by": ("uuid", "context.caused_by"),
        "actor": ("text", "context.trace.actor"),
        "correlation_id": ("uuid", "context.trace.correlation_id"),
    }
)

# Two postings of one key at once: the second waits on the unique index, then conflicts; sorted against deadlocks.
_INSERT = insert_rows(
    "transfer",
    _TRANSFERS,
    order_by="n.idempotency_key",
    then="ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key",
)
_STORED = select_into(
    TransferBody,
    "SELECT {fields} FROM transfer WHERE idempotency_key = ANY(CAST(:keys AS text[])) ORDER BY idempotency_key",
)
_BOOKED = select_into(
    BookedTransfer,
    "SELECT {fields} FROM transfer WHERE idempotency_key = ANY(CAST(:keys AS text[])) ORDER BY idempotency_key",
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
_BALANCES = text(
    f"""
    WITH summed AS (
        SELECT region, debit, credit, sum(fen) AS fen FROM ({SUMMED}) AS each
        WHERE CAST(:benefit_year AS integer) IS NULL OR benefit_year = :benefit_year
        GROUP BY region, debit, credit
    )
    SELECT region, account, sum(fen)::bigint AS balance_fen
    FROM (
        SELECT region, debit AS account, fen FROM summed
        UNION ALL
        SELECT region, credit, -fen FROM summed
    ) AS side
    GROUP BY region, account ORDER BY region, account
    """  # noqa: S608 - a constant
)


async def insert(session: AsyncSession, transfers: Sequence[Transfer]) -> set[str]:
    """Insert what is not there yet; returns the keys that are new."""
    return set((await session.execute(_INSERT, _TRANSFERS.arrays(transfers))).scalars())


async def stored_bodies(session: AsyncSession, keys: Sequence[str]) -> dict[str, TransferBody]:
    """What stands in the books under these keys, in the form of ``body_of``."""
    bodies = await fetch_all(session, _STORED, TransferBody, {"keys": sorted(keys)})
    return {body.idempotency_key: body for body in bodies}


async def booked(session: AsyncSession, keys: Sequence[str]) -> list[BookedTransfer]:
    """The transfers that were booked under some of these keys."""
    return await fetch_all(session, _BOOKED, BookedTransfer, {"keys": sorted(keys)})


async def balances(session: AsyncSession, benefit_year: int | None) -> list[Balance]:
    """The balance of every account per region, of one benefit year or of all."""
    return await fetch_all(session, _BALANCES, Balance, {"benefit_year": benefit_year})


async def advance_sums(session: AsyncSession) -> None:
    """Sum the transfers that have become final since the last time."""
    await session.execute(_ADVANCE)


def body_of(transfer: Transfer) -> TransferBody:
    """The body that a transfer has once it is stored."""
    dimensions, context = transfer.dimensions, transfer.context
    return TransferBody(
        idempotency_key=transfer.idempotency_key,
        kind=_kind(transfer),
        debit=transfer.debit,
        credit=transfer.credit,
        amount_fen=transfer.amount_fen,
        enrolment_id=dimensions.enrolment_id,
        person_token=dimensions.person_token,
        benefit_year=dimensions.benefit_year,
        region=dimensions.region,
        batch_id=context.batch_id,
        effective_on=context.effective_on,
    )
