"""Named queries on cash that goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash_refunds.state import CashRefund, CashRefundState, RecordedStep, Signature
from services.payment.ledger.transfer import Dimensions
from services.payment.receipts.receipt import StoredReceipt
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all


@dataclass(frozen=True, slots=True)
class ListedCashRefund:
    """Cash that goes back, its line of the village's statement, and who took which step when."""

    receipt_no: str
    village: str
    enrolment_id: UUID
    benefit_year: int
    amount_fen: int
    reason: str
    received_on: date
    statement_no: str
    line_no: int
    state: str
    recalled_on: date
    approved_on: date | None
    approved_by: str | None
    fetched_on: date | None
    fetched_by: str | None
    returned_on: date | None
    returned_by: str | None
    signed_by: str | None


def _refund_of(
    receipt_id: UUID,
    receipt_no: str,
    batch_id: UUID,
    region: str,
    enrolment_id: UUID,
    person_token: str,
    benefit_year: int,
    amount_fen: int,
    recall_reason: str,
    deposited_on: date | None,
    state: str,
    recalled_on: date,
    approved_on: date | None,
    fetched_on: date | None,
    returned_on: date | None,
    signed_by: str | None,
    actor: str,
    correlation_id: UUID,
) -> CashRefund:
    return CashRefund(
        receipt_id=receipt_id,
        receipt_no=receipt_no,
        batch_id=batch_id,
        dimensions=Dimensions(region, enrolment_id, person_token, benefit_year),
        amount_fen=amount_fen,
        reason=recall_reason,
        state=CashRefundState(state),
        days=(recalled_on, approved_on, fetched_on, returned_on),
        deposited_on=deposited_on,
        signed_by=Signature(signed_by) if signed_by else None,
        trace=Trace(actor, correlation_id),
    )


_RECALLED = ColumnMap[StoredReceipt](
    {"receipt_id": ("uuid", "id"), "region": "text", "actor": "text", "correlation_id": "uuid"}
)
_DUE = insert_rows(
    "cash_refund",
    _RECALLED,
    given={"recalled_on": "date"},
    order_by="n.receipt_id",
    then="ON CONFLICT (receipt_id) DO NOTHING",
)
_LOCK = text(
    """
    SELECT b.receipt_id, r.receipt_no, r.batch_id, r.region, r.enrolment_id, r.person_token, r.benefit_year,
           r.amount_fen, r.recall_reason, r.deposited_on, b.state, b.recalled_on, b.approved_on, b.fetched_on,
           b.returned_on, b.signed_by, b.actor, b.correlation_id
    FROM cash_refund b JOIN cash_receipt r ON r.id = b.receipt_id
    WHERE r.receipt_form = ANY(CAST(:numbers AS text[])) AND r.look_alike = '{}'
      AND r.region = :village
    ORDER BY b.receipt_id FOR UPDATE OF b, r
    """
)
_LOCK_OF_BATCHES = text(
    """
    SELECT CASE WHEN b.fetched_on IS NOT NULL THEN r.receipt_no END
    FROM cash_refund b JOIN cash_receipt r ON r.id = b.receipt_id
    WHERE r.batch_id = ANY(CAST(:batch_ids AS uuid[]))
    ORDER BY b.receipt_id FOR UPDATE OF b, r
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
    JOIN collection_line l ON l.batch_id = t.id AND l.version = t.version
     AND canonical_number(l.receipt_no) = canonical_number(coalesce(
             (SELECT a.number FROM document_look_alike a WHERE a.kind = 'RECEIPT' AND a.document_id = r.id::text),
             r.receipt_no))
    WHERE (CAST(:state AS text) IS NULL OR b.state = :state) AND (CAST(:village AS text) IS NULL OR r.region = :village)
      AND (CAST(:numbers AS text[]) IS NULL
           OR (r.receipt_form = ANY(CAST(:numbers AS text[])) AND r.look_alike = '{}'))
      AND r.receipt_no > :after
    ORDER BY r.receipt_no LIMIT :limit
    """
)


async def due(session: AsyncSession, receipts: Sequence[StoredReceipt], day: date) -> None:
    """Note that the cash of recalled receipts has to go back."""
    await session.execute(_DUE, _RECALLED.arrays(receipts) | {"recalled_on": day})


async def lock(session: AsyncSession, village: str, numbers: Sequence[str]) -> list[CashRefund]:
    """What goes back of these receipts of a village, held until the transaction ends."""
    return await fetch_all(session, _LOCK, _refund_of, {"village": village, "numbers": list(numbers)})


async def lock_fetched(session: AsyncSession, batch_ids: Sequence[UUID]) -> list[str]:
    """Receipts of some batches whose cash left the account again; what goes back of them is held."""
    fetched = (await session.execute(_LOCK_OF_BATCHES, {"batch_ids": list(batch_ids)})).scalars()
    return [receipt_no for receipt_no in fetched if receipt_no is not None]


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
) -> list[ListedCashRefund]:
    """A page by receipt number, each with its line of the village's statement."""
    values = {"state": state, "village": village, "numbers": numbers and list(numbers), "after": after, "limit": limit}
    return await fetch_all(session, _LIST, ListedCashRefund, values)
