"""Named queries on cash that goes back."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash_refunds.state import CashRefund, CashRefundState, RecordedStep, Signature
from services.payment.ledger.transfer import Dimensions
from services.payment.receipts.receipt import StoredReceipt
from shared.contracts.event import Trace

_DUE = text(
    """
    INSERT INTO cash_refund (receipt_id, region, recalled_on, actor, correlation_id)
    SELECT id, region, :day, actor, correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:actors AS text[]), CAST(:correlations AS uuid[]))
         AS recalled (id, region, actor, correlation_id)
    ORDER BY id ON CONFLICT (receipt_id) DO NOTHING
    """
)
_LOCK = text(
    """
    SELECT b.receipt_id, r.receipt_no, r.batch_id, r.region, r.enrolment_id, r.person_token, r.benefit_year,
           r.amount_fen, r.recall_reason, b.state, b.recalled_on, b.approved_on, b.fetched_on, b.returned_on,
           b.signed_by, b.actor, b.correlation_id
    FROM cash_refund b JOIN cash_receipt r ON r.id = b.receipt_id
    WHERE r.receipt_no = ANY(CAST(:numbers AS text[])) AND r.region = :village
    ORDER BY b.receipt_id FOR UPDATE OF b
    """
)
_TAKE = {
    CashRefundState.APPROVED: text(
        "UPDATE cash_refund SET approved_on = :day, approved_by = :who WHERE receipt_id = ANY(CAST(:ids AS uuid[]))"
    ),
    CashRefundState.FETCHED: text(
        "UPDATE cash_refund SET fetched_on = :day, fetched_by = :who WHERE receipt_id = ANY(CAST(:ids AS uuid[]))"
    ),
    CashRefundState.RETURNED: text(
        """
        UPDATE cash_refund SET returned_on = :day, returned_by = :who, signed_by = :signed_by
        WHERE receipt_id = ANY(CAST(:ids AS uuid[]))
        """
    ),
}
# The line is the one of the statement's version under which the import failed.
_LIST = text(
    """
    SELECT r.receipt_no, r.region AS village, r.enrolment_id, r.benefit_year, r.amount_fen, r.recall_reason AS reason,
           r.received_on, t.statement_no, l.ordinal AS line_no, b.state, b.recalled_on, b.approved_on, b.approved_by,
           b.fetched_on, b.fetched_by, b.returned_on, b.returned_by, b.signed_by
    FROM cash_refund b JOIN cash_receipt r ON r.id = b.receipt_id JOIN remittance_batch t ON t.id = r.batch_id
    JOIN collection_line l ON l.batch_id = t.id AND l.version = t.version AND l.receipt_no = r.receipt_no
    WHERE (CAST(:state AS text) IS NULL OR b.state = :state) AND (CAST(:village AS text) IS NULL OR r.region = :village)
      AND (CAST(:numbers AS text[]) IS NULL OR r.receipt_no = ANY(CAST(:numbers AS text[])))
      AND r.receipt_no > :after
    ORDER BY r.receipt_no LIMIT :limit
    """
)


async def due(session: AsyncSession, receipts: Sequence[StoredReceipt], day: date) -> None:
    """Note that the cash of recalled receipts has to go back."""
    values = {
        "day": day,
        "ids": [receipt.id for receipt in receipts],
        "regions": [receipt.region for receipt in receipts],
        "actors": [receipt.actor for receipt in receipts],
        "correlations": [receipt.correlation_id for receipt in receipts],
    }
    await session.execute(_DUE, values)


async def lock(session: AsyncSession, village: str, numbers: Sequence[str]) -> list[CashRefund]:
    """What goes back of these receipts of a village, held until the transaction ends."""
    rows = await session.execute(_LOCK, {"village": village, "numbers": list(numbers)})
    return [_refund(row) for row in rows]


async def take(session: AsyncSession, ids: Sequence[UUID], step: RecordedStep) -> None:
    """Write down a step of locked refunds."""
    values = {"ids": list(ids), "day": step.on, "who": step.by}
    if step.into is CashRefundState.RETURNED:
        values["signed_by"] = step.signed_by
    await session.execute(_TAKE[step.into], values)


async def listed(
    session: AsyncSession,
    *,
    state: CashRefundState | None = None,
    village: str | None = None,
    numbers: Sequence[str] | None = None,
    after: str = "",
    limit: int,
) -> Sequence[Row[Any]]:
    """A page by receipt number, each with its line of the village's statement."""
    values = {"state": state, "village": village, "numbers": numbers and list(numbers), "after": after, "limit": limit}
    return (await session.execute(_LIST, values)).all()


def _refund(row: Row[Any]) -> CashRefund:
    return CashRefund(
        receipt_id=row.receipt_id,
        receipt_no=row.receipt_no,
        batch_id=row.batch_id,
        dimensions=Dimensions(row.region, row.enrolment_id, row.person_token, row.benefit_year),
        amount_fen=row.amount_fen,
        reason=row.recall_reason,
        state=CashRefundState(row.state),
        days=(row.recalled_on, row.approved_on, row.fetched_on, row.returned_on),
        signed_by=Signature(row.signed_by) if row.signed_by else None,
        trace=Trace(row.actor, row.correlation_id),
    )
