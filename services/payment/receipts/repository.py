"""Reading, locking and writing cash receipts. No other package writes this table."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.receipts.receipt import Entry, NewReceipt, RecalledReceipt, StoredReceipt
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows, update_rows
from shared.database.row import fetch_all, select_into
from shared.domain.document_number import canonical_number, named

MAX_UNLISTED = 500

_NEW = ColumnMap[NewReceipt](
    {
        "id": "uuid",
        "receipt_no": "text",
        "enrolment_id": "uuid",
        "person_token": "text",
        "benefit_year": "integer",
        "amount_fen": "bigint",
        "received_on": "date",
    }
)
_RECALLED = ColumnMap[RecalledReceipt]({"id": "uuid", "recall_reason": "text"})
_INSERT = insert_rows(
    "cash_receipt",
    _NEW,
    given={
        "region": "text",
        "entered_on": "date",
        "entry_days": "integer",
        "late_approval": "uuid",
        "actor": "text",
        "correlation_id": "uuid",
    },
    order_by="n.receipt_no",
    then="ON CONFLICT DO NOTHING RETURNING receipt_no",
)
# Of stored numbers that look alike the one that keeps the form comes first.
_NUMBERED = """
    SELECT {fields} FROM cash_receipt WHERE receipt_form = ANY(CAST(:numbers AS text[]))
    ORDER BY receipt_form, cardinality(look_alike), receipt_no
"""
_BY_NUMBER = select_into(StoredReceipt, _NUMBERED)
_LOCK_BY_NUMBER = select_into(StoredReceipt, f"{_NUMBERED} FOR UPDATE")
_UNLISTED = select_into(
    StoredReceipt,
    """
    SELECT {fields} FROM cash_receipt
    WHERE region = :village AND benefit_year = :benefit_year AND state = 'USED' AND batch_id IS NULL
    ORDER BY receipt_no LIMIT :limit
    """,
)
_LIST = select_into(
    StoredReceipt,
    """
    SELECT {fields} FROM cash_receipt
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:village AS text) IS NULL OR region = :village)
      AND receipt_no > :after
    ORDER BY receipt_no LIMIT :limit
    """,
)
_CLAIM = text(
    """
    UPDATE cash_receipt SET batch_id = :batch_id
    WHERE id = ANY(CAST(:ids AS uuid[])) AND batch_id IS NULL AND state = 'USED'
    """
)
_RELEASE = text(
    "UPDATE cash_receipt SET batch_id = NULL, deposited_on = NULL WHERE batch_id = :batch_id AND state = 'USED'"
)
_DEPOSITED = text(
    "UPDATE cash_receipt SET deposited_on = :day WHERE id = ANY(CAST(:ids AS uuid[])) AND deposited_on IS NULL"
)
_LOCK_DEPOSITED = select_into(
    StoredReceipt,
    """
    SELECT {fields} FROM cash_receipt
    WHERE batch_id = :batch_id AND state = 'USED' AND deposited_on IS NOT NULL ORDER BY receipt_no FOR UPDATE
    """,
)
_RENUMBER = text(
    """
    UPDATE cash_receipt SET receipt_no = :number, look_alike = '{}'
    WHERE id = :id AND NOT EXISTS (SELECT FROM cash_receipt WHERE receipt_form = :number AND id <> :id)
    RETURNING id
    """
)
_OF_BATCH = select_into(
    StoredReceipt,
    """
    SELECT {fields} FROM cash_receipt WHERE batch_id = ANY(CAST(:batch_ids AS uuid[]))
    ORDER BY received_on, receipt_no FOR UPDATE
    """,
)
_MOVE = text(
    """
    UPDATE cash_receipt SET batch_id = :batch_id, deposited_on = NULL
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state <> 'USED'
    """
)
_WRITE_OFF = text("UPDATE cash_receipt SET state = 'WRITTEN_OFF' WHERE id = ANY(CAST(:ids AS uuid[]))")
_RECALL = update_rows("cash_receipt", _RECALLED, key="id", sets={"state": "'RECALLED'"})


async def insert(
    session: AsyncSession, village: str, receipts: Sequence[NewReceipt], entry: Entry, trace: Trace
) -> set[str]:
    """Record receipts; returns the numbers that are new."""
    same = {
        "region": village,
        "entered_on": entry.on,
        "entry_days": entry.limit_days,
        "late_approval": entry.late_approval,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return set((await session.execute(_INSERT, _NEW.arrays(receipts) | same)).scalars())


async def by_number(session: AsyncSession, numbers: Sequence[str], *, lock: bool = False) -> dict[str, StoredReceipt]:
    """Receipts by the numbers that name them; held until the transaction ends if asked."""
    statement = _LOCK_BY_NUMBER if lock else _BY_NUMBER
    alike = sorted({canonical_number(number) for number in numbers})
    found = await fetch_all(session, statement, StoredReceipt, {"numbers": alike})
    return named(numbers, found, lambda receipt: receipt.receipt_no)


async def unlisted(session: AsyncSession, village: str, benefit_year: int) -> list[StoredReceipt]:
    """The village's receipts that no statement holds, the first of them."""
    values = {"village": village, "benefit_year": benefit_year, "limit": MAX_UNLISTED}
    return await fetch_all(session, _UNLISTED, StoredReceipt, values)


async def listed(
    session: AsyncSession, *, state: str | None, village: str | None, after: str, limit: int
) -> list[StoredReceipt]:
    """A page of receipts by number."""
    values = {"state": state, "village": village, "after": after, "limit": limit}
    return await fetch_all(session, _LIST, StoredReceipt, values)


async def claim(session: AsyncSession, batch_id: UUID, ids: Sequence[UUID]) -> None:
    """Hold free receipts for a batch; they are locked already."""
    await session.execute(_CLAIM, {"batch_id": batch_id, "ids": list(ids)})


async def renumber(session: AsyncSession, receipt_id: UUID, number: str) -> bool:
    """Give a receipt whose number looks like another's one of its own; False where that is taken, too."""
    answer = await session.execute(_RENUMBER, {"id": receipt_id, "number": number})
    return answer.scalar_one_or_none() is not None


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Let go of receipts and of their deposit, so that a batch's corrected version or another may list them."""
    await session.execute(_RELEASE, {"batch_id": batch_id})


async def mark_deposited(session: AsyncSession, ids: Sequence[UUID], day: date) -> None:
    """Note that the receipts' cash is in the pending account."""
    await session.execute(_DEPOSITED, {"ids": list(ids), "day": day})


async def lock_deposited(session: AsyncSession, batch_id: UUID) -> list[StoredReceipt]:
    """The receipts whose cash was matched with a held batch's slips, held until the transaction ends."""
    return await fetch_all(session, _LOCK_DEPOSITED, StoredReceipt, {"batch_id": batch_id})


async def lock_of_batches(session: AsyncSession, batch_ids: Sequence[UUID]) -> list[StoredReceipt]:
    """The receipts of some batches in the order in which the cash was taken, held until the transaction ends."""
    return await fetch_all(session, _OF_BATCH, StoredReceipt, {"batch_ids": list(batch_ids)})


async def move(session: AsyncSession, ids: Sequence[UUID], batch_id: UUID) -> None:
    """Let imported receipts go on in another part of their statement; their cash is not in the account yet."""
    await session.execute(_MOVE, {"ids": list(ids), "batch_id": batch_id})


async def write_off(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """核销: the receipts' lines were imported."""
    if ids:
        await session.execute(_WRITE_OFF, {"ids": list(ids)})


async def recall(session: AsyncSession, recalled: Sequence[RecalledReceipt]) -> None:
    """Take receipts back whose lines failed import."""
    if recalled:
        await session.execute(_RECALL, _RECALLED.arrays(recalled))
