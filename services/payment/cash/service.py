"""Recording what villages bring: receipts, their 《缴费情况表》, and the deposit slip."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches import steps
from services.payment.batches.models import Batch, CashBatch
from services.payment.batches.state import BatchState, BatchStep
from services.payment.bills import repository as bills
from services.payment.bills.repository import BillablePerson
from services.payment.cash import repository
from services.payment.cash.repository import StoredSlip
from services.payment.cash.schemas import CollectionStatementIn, ReceiptIn, StatementSlipIn
from services.payment.cash.three_way_match import StatementLine
from services.payment.chronology import MoneyDay, MoneyPath, contradiction, entered_late
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer
from services.payment.receipts import repository as receipts_repository
from services.payment.receipts.receipt import Entry, NewReceipt, StoredReceipt
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.domain.region import InvalidRegion, is_village, parse_region
from shared.errors import DomainError, ErrorCode, NotFound

_AT_ONCE = 500


class UnknownVillage(DomainError):
    """Cash is collected by villages and communities only."""

    code = ErrorCode.UNKNOWN_VILLAGE


class BillNotFoundInVillage(DomainError):
    """A receipt needs a person of the village who was billed."""

    code = ErrorCode.BILL_NOT_FOUND_IN_VILLAGE


class ReceiptNumberTaken(DomainError):
    """A receipt is a controlled document: its number stands for one receipt for ever."""

    code = ErrorCode.RECEIPT_NUMBER_TAKEN


class ReceiptEnteredLate(DomainError):
    """A receipt of long ago could undercut a payment window that is closed: one person alone does not enter it."""

    code = ErrorCode.RECEIPT_ENTERED_LATE


class StatementNumberTaken(DomainError):
    """The number stands for another statement."""

    code = ErrorCode.STATEMENT_NUMBER_TAKEN


class SlipNumberTaken(DomainError):
    """The number stands for another deposit."""

    code = ErrorCode.SLIP_NUMBER_TAKEN


class DatesOutOfOrder(DomainError):
    """Nobody pays cash in before it was received."""

    code = ErrorCode.DATES_OUT_OF_ORDER


class SecondSlip(DomainError):
    """One statement, one deposit, one slip."""

    code = ErrorCode.SECOND_SLIP


class StatementNoLongerOpen(DomainError):
    """The three were compared already."""

    code = ErrorCode.STATEMENT_NO_LONGER_OPEN


async def record_receipts(
    session: AsyncSession, trace: Trace, village: str, receipts: Sequence[ReceiptIn], entry: Entry
) -> list[NewReceipt]:
    """Record receipts and book their cash (village_cash ← unapplied); returns those that are new.

    Raises UnknownVillage, BillNotFoundInVillage, ReceiptNumberTaken or ReceiptEnteredLate; then none is recorded.
    """
    must_be_village(village)
    brought = _deduplicated(receipts)
    stored_before = await receipts_repository.by_number(session, list(brought))
    fresh = [receipt for receipt in brought.values() if receipt.receipt_no not in stored_before]
    if entry.late_approval is None:
        _refuse_late(fresh, entry)
    people = await bills.people_of(session, village, [receipt.enrolment_id for receipt in fresh])
    wanted = [_new_receipt(receipt, people) for receipt in fresh]
    new = await receipts_repository.insert(session, village, wanted, entry, trace) if wanted else set()
    known = await receipts_repository.by_number(session, [number for number in brought if number not in new])
    for number in sorted(brought.keys() - new):
        stored = known.get(number)  # not visible: it belongs to another region, and the number is taken all the same
        mine = brought[number]
        if stored is None or stored.region != village or not _same(mine, stored):
            raise ReceiptNumberTaken(f"收据 receipt {number}")
    recorded = [receipt for receipt in wanted if receipt.receipt_no in new]
    for start in range(0, len(recorded), _AT_ONCE):
        some = recorded[start : start + _AT_ONCE]
        await post(session, [_taken(receipt, village, trace) for receipt in some])
    return recorded


async def submit_statement(session: AsyncSession, trace: Trace, body: CollectionStatementIn) -> Batch:
    """Take a village's 《缴费情况表》: it begins a batch. The same statement again gives the same batch.

    Raises UnknownVillage or StatementNumberTaken.
    """
    must_be_village(body.village)
    batch_id = new_id()
    lines = [StatementLine(line.receipt_no, line.enrolment_id, line.amount_fen) for line in body.lines]
    opened = await batches.open_cash(
        session,
        batch_id,
        village=body.village,
        statement_no=body.statement_no,
        benefit_year=body.benefit_year,
        declared_fen=body.total_fen,
        trace=trace,
    )
    if not opened:
        return await _as_stated_before(session, body, lines)
    await repository.insert_lines(session, batch_id, 1, body.village, lines, trace)
    batch, _ = await steps.take(session, trace, batch_id, BatchStep.SUBMIT, facts={"declared_fen": body.total_fen})
    return batch


async def record_slip(session: AsyncSession, trace: Trace, body: StatementSlipIn) -> Batch:
    """Record the slip of a statement's cash; it posts nothing until the bank's line agrees.

    Raises NotFound, SlipNumberTaken, SecondSlip, StatementNoLongerOpen or DatesOutOfOrder.
    """
    batch = await _awaiting_part(session, body.statement_no)
    stored = await repository.slip(session, body.slip_no)
    if stored == StoredSlip(batch.id, body.amount_fen, body.deposited_on):
        return batch
    if stored is not None:
        raise SlipNumberTaken
    if batch.state not in (BatchState.SUBMITTED, BatchState.SHORT):
        raise StatementNoLongerOpen(f"批次状态 batch {batch.state.value}")
    # What a collector still owes may come in several deposits.
    if batch.state is BatchState.SUBMITTED and await repository.slips(session, batch.id):
        raise SecondSlip
    listed = [line.receipt_no for line in await repository.lines(session, batch.id, batch.version)]
    await refuse_early_deposit(session, listed, body.deposited_on)
    new = await repository.insert_slip(
        session, batch.id, batch.region, body.slip_no, body.amount_fen, body.deposited_on, trace
    )
    if not new:
        raise SlipNumberTaken
    return batch


async def _awaiting_part(session: AsyncSession, statement_no: str) -> CashBatch:
    """The last part of a statement, held until the transaction ends: what waits for money is no earlier one."""
    first = await batches.id_of_statement(session, statement_no)
    batch = await batches.lock_cash(session, first) if first else None
    if batch is None:
        raise NotFound(f"缴费情况表 statement {statement_no}")
    standing = await batches.standing_parts(session, batch)
    last = await batches.lock_cash(session, standing[-1]) if standing else None
    return last or batch


async def refuse_early_deposit(session: AsyncSession, receipt_nos: Sequence[str], deposited_on: date) -> None:
    """Raise DatesOutOfOrder where one of the receipts says that its cash was received after that day.

    A receipt that is entered later is compared with the slip when the bank's line comes.
    """
    for receipt in (await receipts_repository.by_number(session, receipt_nos)).values():
        days = {MoneyDay.RECEIVED: receipt.received_on, MoneyDay.DEPOSITED: deposited_on}
        found = contradiction(MoneyPath.VILLAGE_CASH, days)
        if found is not None:
            raise DatesOutOfOrder(f"收据 receipt {receipt.receipt_no}: {found}")


def must_be_village(code: str) -> None:
    """Raise UnknownVillage where the code is none of a village or community."""
    try:
        if is_village(parse_region(code)):
            return
    except InvalidRegion:
        pass
    raise UnknownVillage(pointer="/village")


def is_late(receipt: ReceiptIn, entry: Entry) -> bool:
    """Whether it takes two people to enter the receipt on that day."""
    return entered_late(receipt.received_on, entry.on, entry.limit_days)


def _refuse_late(receipts: Sequence[ReceiptIn], entry: Entry) -> None:
    for receipt in receipts:
        if is_late(receipt, entry):
            days = f"{entry.on} − {receipt.received_on} > {entry.limit_days}"
            raise ReceiptEnteredLate(f"收据 receipt {receipt.receipt_no}: {days} 天 days")


def _deduplicated(receipts: Sequence[ReceiptIn]) -> dict[str, ReceiptIn]:
    brought: dict[str, ReceiptIn] = {}
    for receipt in receipts:
        if brought.setdefault(receipt.receipt_no, receipt) != receipt:
            raise ReceiptNumberTaken(f"收据 {receipt.receipt_no} 重复出现 · the receipt stands here twice")
    return brought


def _new_receipt(receipt: ReceiptIn, people: Mapping[UUID, BillablePerson]) -> NewReceipt:
    person = people.get(receipt.enrolment_id)
    if person is None:
        raise BillNotFoundInVillage(f"收据 receipt {receipt.receipt_no}: 参保 enrolment {receipt.enrolment_id}")
    return NewReceipt(
        id=new_id(),
        receipt_no=receipt.receipt_no,
        enrolment_id=receipt.enrolment_id,
        person_token=person.person_token,
        benefit_year=person.benefit_year,
        amount_fen=receipt.amount_fen,
        received_on=receipt.received_on,
    )


def _same(brought: ReceiptIn, stored: StoredReceipt) -> bool:
    return (brought.enrolment_id, brought.amount_fen, brought.received_on) == (
        stored.enrolment_id,
        stored.amount_fen,
        stored.received_on,
    )


def _taken(receipt: NewReceipt, village: str, trace: Trace) -> Transfer:
    dimensions = Dimensions(village, receipt.enrolment_id, receipt.person_token, receipt.benefit_year)
    context = PostingContext(key=str(receipt.id), effective_on=receipt.received_on, caused_by=receipt.id, trace=trace)
    return postings.receipt_taken(dimensions, receipt.amount_fen, context)


async def _as_stated_before(session: AsyncSession, body: CollectionStatementIn, lines: list[StatementLine]) -> Batch:
    batch_id = await batches.id_of_statement(session, body.statement_no)
    batch = await batches.find(session, batch_id) if batch_id else None
    if not isinstance(batch, CashBatch) or (batch.region, batch.benefit_year) != (body.village, body.benefit_year):
        raise StatementNumberTaken
    if await repository.lines(session, batch.id, 1) != lines:
        raise StatementNumberTaken
    return batch
