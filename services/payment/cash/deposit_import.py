"""What a matched statement brings: its cash in the account, its people paid, and its lines on their way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.models import CashBatch, RemittanceLine
from services.payment.bills import service as bills
from services.payment.bills.service import BillPayment
from services.payment.bills.state import Bill
from services.payment.cash.import_decision import decide_import
from services.payment.cash_refunds import repository as cash_refunds
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext
from services.payment.receipts import repository as receipts_repository
from services.payment.receipts.receipt import RecalledReceipt, StoredReceipt, deposit_key
from services.payment.statements.deposits.repository import DepositLine
from shared.contracts.event import Trace
from shared.messaging.outbox.publication import collected

CHANNEL = "VILLAGE_CASH"
_AT_ONCE = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matching:
    """One comparison: the batch, the bank's line that set it off, and when the money was booked."""

    batch: CashBatch
    bank_line: DepositLine
    booked_on: date

    def context(self, receipt: StoredReceipt, *, key: str | None = None) -> PostingContext:
        """Why a receipt's money moves now."""
        return PostingContext(
            key=key or str(receipt.id),
            effective_on=self.booked_on,
            caused_by=self.bank_line.id,
            trace=self.trace(receipt),
            batch_id=self.batch.id,
        )

    def trace(self, receipt: StoredReceipt) -> Trace:
        """The receipt's own chain of causes, begun by the collector who took the cash, continued by the bank's line."""
        return Trace(receipt.actor, receipt.correlation_id, self.bank_line.id)


@dataclass(frozen=True, slots=True)
class Imported:
    """The receipts that paid somebody's contribution, and those that were recalled, with the reasons."""

    paying: tuple[StoredReceipt, ...]
    recalled: Mapping[StoredReceipt, str]


async def book_deposit(session: AsyncSession, matching: Matching, receipts: Sequence[StoredReceipt]) -> None:
    """The cash of these receipts is in the pending account, whatever else the statement gets wrong."""
    fresh = [receipt for receipt in receipts if receipt.deposited_on is None]
    for some in chunks(fresh):
        await post(
            session,
            [postings.deposit_matched(r.dimensions, r.amount_fen, deposit_context(matching, r)) for r in some],
        )
    await receipts_repository.mark_deposited(session, [receipt.id for receipt in fresh], matching.booked_on)


def deposit_context(matching: Matching, receipt: StoredReceipt) -> PostingContext:
    """A correction may take a receipt off the statement again, and another statement list it."""
    return matching.context(receipt, key=deposit_key(receipt.id, matching.batch.id, matching.batch.version))


async def import_receipts(session: AsyncSession, matching: Matching, receipts: Sequence[StoredReceipt]) -> Imported:
    """Let the receipts pay their people's bills, once; a further part of a statement was imported with the first."""
    if matching.batch.is_imported:
        return Imported(
            tuple(receipt for receipt in receipts if receipt.state == "WRITTEN_OFF"),
            {receipt: receipt.recall_reason or "" for receipt in receipts if receipt.state == "RECALLED"},
        )
    live = await bills.lock_live(session, [receipt.enrolment_id for receipt in receipts])
    decided = decide_import(receipts, live)
    async with collected(session):
        for some in chunks(decided.paying):
            await post(
                session, [postings.cash_imported(r.dimensions, r.amount_fen, matching.context(r)) for r, _ in some]
            )
            await bills.pay(session, [_payment(matching, receipt, bill) for receipt, bill in some])
    for failed in chunks(decided.failing):
        await post(
            session, [postings.import_failed(r.dimensions, r.amount_fen, matching.context(r)) for r, _ in failed]
        )
    await receipts_repository.write_off(session, [receipt.id for receipt, _ in decided.paying])
    recalled = [RecalledReceipt(receipt.id, reason.value) for receipt, reason in decided.failing]
    await receipts_repository.recall(session, recalled)
    await cash_refunds.due(session, [receipt for receipt, _ in decided.failing], matching.booked_on)
    return Imported(
        tuple(receipt for receipt, _ in decided.paying),
        {receipt: reason.value for receipt, reason in decided.failing},
    )


def line_of(batch: CashBatch, receipt: StoredReceipt) -> RemittanceLine:
    """A receipt's contribution in a batch."""
    return RemittanceLine(
        batch_id=batch.id,
        enrolment_id=receipt.enrolment_id,
        source_id=receipt.id,
        person_token=receipt.person_token,
        benefit_year=receipt.benefit_year,
        region=receipt.region,
        amount_fen=receipt.amount_fen,
        place="PENDING",
        receipt_no=receipt.receipt_no,
        tax_line_no=None,
        actor=receipt.actor,
        correlation_id=receipt.correlation_id,
    )


def chunks(items: Sequence[T]) -> list[Sequence[T]]:
    """The items, some at a time."""
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def _payment(matching: Matching, receipt: StoredReceipt, bill: Bill) -> BillPayment:
    return BillPayment(
        bill=bill,
        amount_fen=receipt.amount_fen,
        channel=CHANNEL,
        paid_on=receipt.received_on,
        paid_by=receipt.id,
        caused_by=matching.bank_line.id,
        trace=matching.trace(receipt),
    )
