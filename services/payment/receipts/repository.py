"""Reading, locking and writing cash receipts. No other package writes this table."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.receipts.receipt import NewReceipt, StoredReceipt
from shared.contracts.event import Trace

MAX_UNLISTED = 500

_INSERT_RECEIPTS = text(
    """
    INSERT INTO cash_receipt (id, receipt_no, region, enrolment_id, person_token, benefit_year, amount_fen, received_on,
                              actor, correlation_id)
    SELECT n.id, n.receipt_no, :village, n.enrolment_id, n.person_token, n.benefit_year, n.amount_fen, n.received_on,
           :actor, :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:receipt_nos AS text[]), CAST(:enrolment_ids AS uuid[]),
                CAST(:person_tokens AS text[]), CAST(:benefit_years AS integer[]), CAST(:amounts AS bigint[]),
                CAST(:days AS date[]))
         AS n (id, receipt_no, enrolment_id, person_token, benefit_year, amount_fen, received_on)
    ORDER BY n.receipt_no
    ON CONFLICT (receipt_no) DO NOTHING
    RETURNING receipt_no
    """
)
_RECEIPT = """id, receipt_no, region, enrolment_id, person_token, benefit_year, amount_fen, received_on, state,
              recall_reason, batch_id, deposited_on, actor, correlation_id"""
_BY_NUMBER = text(
    f"SELECT {_RECEIPT} FROM cash_receipt WHERE receipt_no = ANY(CAST(:numbers AS text[])) ORDER BY receipt_no"  # noqa: S608
)
_LOCK_BY_NUMBER = text(f"{_BY_NUMBER.text} FOR UPDATE")
_UNLISTED = text(
    f"""
    SELECT {_RECEIPT} FROM cash_receipt
    WHERE region = :village AND benefit_year = :benefit_year AND state = 'USED' AND batch_id IS NULL
    ORDER BY receipt_no LIMIT :limit
    """  # noqa: S608 - own column names
)
_LIST = text(
    f"""
    SELECT {_RECEIPT} FROM cash_receipt
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:village AS text) IS NULL OR region = :village)
      AND receipt_no > :after
    ORDER BY receipt_no LIMIT :limit
    """  # noqa: S608 - own column names
)
_CLAIM = text(
    """
    UPDATE cash_receipt SET batch_id = :batch_id
    WHERE receipt_no = ANY(CAST(:numbers AS text[])) AND batch_id IS NULL AND state = 'USED'
    """
)
_RELEASE = text(
    "UPDATE cash_receipt SET batch_id = NULL, deposited_on = NULL WHERE batch_id = :batch_id AND state = 'USED'"
)
_DEPOSITED = text(
    "UPDATE cash_receipt SET deposited_on = :day WHERE id = ANY(CAST(:ids AS uuid[])) AND deposited_on IS NULL"
)
_LOCK_DEPOSITED = text(
    f"""
    SELECT {_RECEIPT} FROM cash_receipt
    WHERE batch_id = :batch_id AND state = 'USED' AND deposited_on IS NOT NULL ORDER BY receipt_no FOR UPDATE
    """  # noqa: S608 - own column names
)
_WRITE_OFF = text("UPDATE cash_receipt SET state = 'WRITTEN_OFF' WHERE id = ANY(CAST(:ids AS uuid[]))")
_RECALL = text(
    """
    UPDATE cash_receipt r SET state = 'RECALLED', recall_reason = n.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS n (id, reason) WHERE r.id = n.id
    """
)


async def insert(session: AsyncSession, village: str, receipts: Sequence[NewReceipt], trace: Trace) -> set[str]:
    """Record receipts; returns the numbers that are new."""
    values = {
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
        "ids": [receipt.id for receipt in receipts],
        "receipt_nos": [receipt.receipt_no for receipt in receipts],
        "enrolment_ids": [receipt.enrolment_id for receipt in receipts],
        "person_tokens": [receipt.person_token for receipt in receipts],
        "benefit_years": [receipt.benefit_year for receipt in receipts],
        "amounts": [receipt.amount_fen for receipt in receipts],
        "days": [receipt.received_on for receipt in receipts],
    }
    return set((await session.execute(_INSERT_RECEIPTS, values)).scalars())


async def by_number(session: AsyncSession, numbers: Sequence[str], *, lock: bool = False) -> dict[str, StoredReceipt]:
    """Receipts by number, sorted; held until the transaction ends if asked."""
    rows = await session.execute(_LOCK_BY_NUMBER if lock else _BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {row.receipt_no: StoredReceipt(*row) for row in rows}


async def unlisted(session: AsyncSession, village: str, benefit_year: int) -> list[StoredReceipt]:
    """The village's receipts that no statement holds, the first of them."""
    values = {"village": village, "benefit_year": benefit_year, "limit": MAX_UNLISTED}
    return [StoredReceipt(*row) for row in await session.execute(_UNLISTED, values)]


async def listed(
    session: AsyncSession, *, state: str | None, village: str | None, after: str, limit: int
) -> list[StoredReceipt]:
    """A page of receipts by number."""
    values = {"state": state, "village": village, "after": after, "limit": limit}
    return [StoredReceipt(*row) for row in await session.execute(_LIST, values)]


async def claim(session: AsyncSession, batch_id: UUID, numbers: Sequence[str]) -> None:
    """Hold free receipts for a batch; they are locked already."""
    await session.execute(_CLAIM, {"batch_id": batch_id, "numbers": list(numbers)})


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Let go of receipts and of their deposit, so that a batch's corrected version or another may list them."""
    await session.execute(_RELEASE, {"batch_id": batch_id})


async def mark_deposited(session: AsyncSession, ids: Sequence[UUID], day: date) -> None:
    """Note that the receipts' cash is in the pending account."""
    await session.execute(_DEPOSITED, {"ids": list(ids), "day": day})


async def lock_deposited(session: AsyncSession, batch_id: UUID) -> list[StoredReceipt]:
    """The receipts whose cash was matched with a held batch's slips, held until the transaction ends."""
    return [StoredReceipt(*row) for row in await session.execute(_LOCK_DEPOSITED, {"batch_id": batch_id})]


async def write_off(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """核销: the receipts' lines were imported."""
    if ids:
        await session.execute(_WRITE_OFF, {"ids": list(ids)})


async def recall(session: AsyncSession, reasons: dict[UUID, str]) -> None:
    """Take receipts back whose lines failed import."""
    if reasons:
        await session.execute(_RECALL, {"ids": list(reasons), "reasons": list(reasons.values())})
