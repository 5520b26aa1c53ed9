"""Issuing bills from assessments, and marking them paid."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository
from services.payment.bills.display import DisplayedBill, display
from services.payment.bills.models import PaidTerms, ReviewedBill, SupersededBill
from services.payment.bills.refusals import why_without_bill
from services.payment.bills.repository import PersonYear
from services.payment.bills.state import Bill, BillState, DueRow, Superseded, consequence_of
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from shared.contracts.event import Event, Received, Trace
from shared.contracts.payment import BillIssued, BillSuperseded, ContributionPaid, ContributionReversed
from shared.contracts.registration import EnrolmentTerminated
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow
from shared.domain.ids import new_id
from shared.errors import NotFound
from shared.messaging.outbox.publication import publish


class BillNotOpen(RuntimeError):
    """A bill was to be paid that is not open, or another amount than is due: its lock was not held when deciding."""


@dataclass(frozen=True, slots=True)
class BillPayment:
    """Money that pays one bill, whatever channel it came through.

    ``paid_on`` is the payment's business date, ``paid_by`` the payment line or cash receipt, ``trace`` names its cause.
    """

    bill: Bill
    amount_fen: int
    channel: str
    paid_on: date
    paid_by: UUID
    caused_by: UUID
    trace: Trace


@dataclass(frozen=True, slots=True)
class BillReversal:
    """Money that had paid one bill and was taken back by the institution that had collected it, on ``reversed_on``."""

    bill_id: UUID
    amount_fen: int
    channel: str
    reversed_on: date
    caused_by: UUID
    trace: Trace


async def lock_live(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, Bill]:
    """Lock the bills in force of these enrolments, sorted; by enrolment. The lock decides a race."""
    return await repository.lock_live(session, enrolment_ids)


async def show(session: AsyncSession, enrolment_id: UUID, today: date, now: datetime) -> DisplayedBill:
    """The newest bill of an enrolment as it stands today; raises why there is none."""
    bill = await repository.latest(session, enrolment_id)
    if bill is not None:
        return display(bill, today)
    refusal = await why_without_bill(session, enrolment_id, now)
    if refusal is not None:
        raise refusal
    if await repository.ended(session, [enrolment_id]):
        raise NotFound("该参保已终止，没有缴费单 · the enrolment has ended, without a bill")
    raise NotFound("该参保没有缴费单 · no bill for this enrolment")


async def pay(session: AsyncSession, payments: Sequence[BillPayment]) -> None:
    """Mark locked open bills PAID under the row of their payment's day, book the aid they earn, announce each.

    The money's own transfer (premium) is the caller's. Raises BillNotOpen where the caller's decision does not hold.
    """
    if not payments:
        return
    terms = [_terms(payment) for payment in payments]
    frozen = [
        PaidTerms(one.bill.id, due.number, due.row.due_fen, due.row.aided_fen, one.paid_on, one.channel, one.paid_by)
        for one, due in zip(payments, terms, strict=True)
    ]
    if await repository.freeze(session, frozen) != len(payments):
        raise BillNotOpen("缴费单已缴清或已被替代 · a bill was paid or superseded meanwhile")
    paid = list(zip(payments, terms, strict=True))
    aid = [move for one, due in paid for move in _aid(one.bill, due.row, one.paid_on, one.caused_by, one.trace)]
    await post(session, aid)
    await publish(session, [(_paid(one, due.row), one.trace) for one, due in paid])


async def bills_of_people(
    session: AsyncSession, people: Collection[PersonYear]
) -> tuple[dict[PersonYear, Bill], set[PersonYear]]:
    """The bills in force of these people, locked, and which of those without one wait for a price.

    Where an earlier enrolment of a person ended, the bill that is open is theirs.
    """
    locked = await repository.lock_live(session, await repository.enrolments_of(session, people))
    found: dict[PersonYear, Bill] = {}
    for bill in sorted(locked.values(), key=lambda one: (one.state is BillState.OPEN, one.id)):
        found[PersonYear(bill.person_token, bill.benefit_year)] = bill
    missing = [one for one in people if one not in found]
    return found, await repository.unpriced_people(session, missing) if missing else set()


async def take_back(session: AsyncSession, reversals: Sequence[BillReversal]) -> None:
    """Open paid bills again whose payment was taken back: withdraw the aid that they earned, announce each.

    The money's own transfer is the caller's. Raises BillNotOpen where a bill was not paid.
    """
    if not reversals:
        return
    locked = await repository.lock(session, [one.bill_id for one in reversals])
    if await repository.reopen(session, list(locked)) != len(reversals):
        raise BillNotOpen("缴费单并未缴清 · a bill is not paid whose payment is taken back")
    known = [(one, locked[one.bill_id]) for one in reversals]
    await post(session, [move for one, bill in known for move in _aid_withdrawn(one, bill)])
    await publish(session, [(_reversed(one, bill), one.trace) for one, bill in known])


async def assess(session: AsyncSession, events: Sequence[Received[ContributionAssessed]]) -> None:
    """Issue, renew, supersede or mark for review as newly assessed; where nothing is due, the aid is booked at once.

    An enrolment that has ended gets no bill, whichever of the two events came first.
    """
    ended = await repository.ended(session, [received.event.enrolment_id for received in events])
    live = await repository.lock_live(session, [received.event.enrolment_id for received in events])
    superseded: list[SupersededBill] = []
    reviews: list[ReviewedBill] = []
    new: list[Bill] = []
    renewed: list[Bill] = []
    aid: list[Transfer] = []
    announced: list[tuple[Event, Trace]] = []
    billed_or_ended = live.keys() | ended
    unpriced = [each.event for each in events if each.event.outcome != "PRICED"]
    unpriced = [each for each in unpriced if each.enrolment_id not in billed_or_ended]
    await repository.note_unpriced(session, unpriced)
    for received in events:
        assessed, trace = received.event, received.then()
        if assessed.enrolment_id in ended:
            continue
        current = live.get(assessed.enrolment_id)
        what = consequence_of(assessed, current)
        if current is not None and what.supersede is not None:
            superseded.append(SupersededBill(current.id, what.supersede))
            announced.append((_superseded(current), trace))
        if current is not None and what.needs_review:
            reviews.append(ReviewedBill(current.id, what.review))
        if current is not None and what.renew:
            renewed.append(replace(current, version=assessed.version, rows=assessed.schedule))
            announced.append((_issued(renewed[-1], assessed.assessed_on), trace))
        if what.issue is not None:
            bill = _new_bill(assessed, what.issue, trace)
            new.append(bill)
            if what.issue is BillState.OPEN:
                announced.append((_issued(bill, assessed.assessed_on), trace))
            else:
                row = bill.display_row(assessed.assessed_on)
                aid += _aid(bill, row, assessed.assessed_on, received.id, trace)
    await repository.supersede(session, superseded)
    await repository.mark_for_review(session, reviews)
    await repository.renew(session, renewed)
    await repository.insert(session, new)
    await post(session, aid)
    await publish(session, announced)


async def terminate(session: AsyncSession, events: Sequence[Received[EnrolmentTerminated]]) -> None:
    """Withdraw the unpaid bills of ended enrolments; a payment already on its way will find no bill."""
    await repository.end(session, [received.event for received in events])
    live = await repository.lock_live(session, [received.event.enrolment_id for received in events])
    ended = [(live[one.event.enrolment_id], one.then()) for one in events if one.event.enrolment_id in live]
    unpaid = [(bill, trace) for bill, trace in ended if bill.state is BillState.OPEN]
    await repository.supersede(session, [SupersededBill(bill.id, Superseded.TERMINATED) for bill, _ in unpaid])
    await publish(session, [(_superseded(bill), trace) for bill, trace in unpaid])


def _terms(payment: BillPayment) -> DueRow:
    due = payment.bill.row_in_force(payment.paid_on)
    if due is None or due.row.due_fen != payment.amount_fen or payment.bill.state is not BillState.OPEN:
        raise BillNotOpen(f"缴费单 {payment.bill.id} 不接受该款项 · the bill does not take this payment")
    return due


def _aid(bill: Bill, row: ScheduleRow, day: date, caused_by: UUID, trace: Trace) -> list[Transfer]:
    context = PostingContext(key=bill.aid_key, effective_on=day, caused_by=caused_by, trace=trace)
    return [
        postings.aid_earned(bill.dimensions, share.amount_fen, context, funder=share.funder)
        for share in row.shares
        if share.amount_fen > 0
    ]


def _aid_withdrawn(reversal: BillReversal, bill: Bill) -> list[Transfer]:
    if bill.schedule_row_no is None:
        raise BillNotOpen(f"缴费单 {bill.id} 并未缴清 · the bill is not paid")
    context = PostingContext(
        key=bill.aid_key, effective_on=reversal.reversed_on, caused_by=reversal.caused_by, trace=reversal.trace
    )
    return [
        postings.aid_withdrawn(bill.dimensions, share.amount_fen, context, funder=share.funder)
        for share in bill.rows[bill.schedule_row_no].shares
        if share.amount_fen > 0
    ]


def _reversed(reversal: BillReversal, bill: Bill) -> ContributionReversed:
    return ContributionReversed(
        region=bill.region,
        benefit_year=bill.benefit_year,
        enrolment_id=bill.enrolment_id,
        person_token=bill.person_token,
        bill_id=bill.id,
        bill_version=bill.version,
        amount_fen=reversal.amount_fen,
        channel=reversal.channel,
        reversed_on=reversal.reversed_on,
    )


def _new_bill(assessed: ContributionAssessed, state: BillState, trace: Trace) -> Bill:
    if assessed.benefit_year is None:
        raise ValueError("an assessment without benefit year cannot become a bill")
    bill = Bill(
        id=new_id(),
        enrolment_id=assessed.enrolment_id,
        person_token=assessed.person_token,
        benefit_year=assessed.benefit_year,
        region=assessed.region,
        version=assessed.version,
        state=state,
        rows=assessed.schedule,
        trace=trace,
    )
    if state is not BillState.NOTHING_DUE:
        return bill
    # Where nothing is due, the row of that day is the one that settled it.
    return replace(bill, schedule_row_no=bill.rows.index(bill.display_row(assessed.assessed_on)))


def _issued(bill: Bill, day: date) -> BillIssued:
    return BillIssued(
        region=bill.region,
        benefit_year=bill.benefit_year,
        enrolment_id=bill.enrolment_id,
        bill_id=bill.id,
        version=bill.version,
        due_fen=bill.display_row(day).due_fen,
    )


def _superseded(bill: Bill) -> BillSuperseded:
    return BillSuperseded(
        region=bill.region,
        benefit_year=bill.benefit_year,
        enrolment_id=bill.enrolment_id,
        bill_id=bill.id,
        version=bill.version,
    )


def _paid(payment: BillPayment, row: ScheduleRow) -> ContributionPaid:
    bill = payment.bill
    return ContributionPaid(
        region=bill.region,
        benefit_year=bill.benefit_year,
        enrolment_id=bill.enrolment_id,
        person_token=bill.person_token,
        bill_id=bill.id,
        bill_version=bill.version,
        due_fen=row.due_fen,
        amount_fen=payment.amount_fen,
        aided_fen=row.aided_fen,
        channel=payment.channel,
        paid_on=payment.paid_on,
        wait=row.wait,
        benefit=row.benefit,
    )
