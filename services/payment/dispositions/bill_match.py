"""Suspended money pays a bill that two people found: in the books, on the bill and on its way to the treasury.

Where it was suspended under another region or person than the bill's, it is moved there first, so that each region's
books hold what lies in it. What its channel paid out before lies in the pending account, and no batch brings it on: it
goes on in a further part of its settlement, of this one contribution.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import OnlineBatch, RemittanceLine
from services.payment.batches.parts import repository as parts
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep
from services.payment.bills import service as bills
from services.payment.bills.service import BillPayment
from services.payment.bills.state import Bill
from services.payment.dispositions import repository
from services.payment.dispositions.repository import NewDecision
from services.payment.dispositions.state import Case, DecisionKind
from services.payment.ledger import accounts, postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.payments import repository as payments
from services.payment.payouts import repository as payouts
from shared.approvals.state import Approval
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode


class MoneyMoving(DomainError):
    """A settlement of the money is being worked: what it counts is not known to its end."""

    code = ErrorCode.SUSPENSE_MONEY_MOVING


@dataclass(frozen=True, slots=True)
class BillMatch:
    """A suspended sum, the bill that it pays, the day for which, and the batch that counted it if one did."""

    case: Case
    bill: Bill
    line_id: UUID
    applied_on: date
    counted_by: OnlineBatch | None


async def hold_batch(session: AsyncSession, case: Case) -> OnlineBatch | None:
    """The batch that counted the money, held with its payout, as everybody holds them; None where none did.

    Raises MoneyMoving while its payout is being settled.
    """
    if case.counted_by is None:
        return None
    found = await batches.find(session, case.counted_by)
    if isinstance(found, OnlineBatch) and found.payout_id is not None:
        await payouts.lock(session, found.payout_id)
    batch = await batches.lock_online(session, case.counted_by)
    if batch is None or batch.is_being_settled or batch.state is BatchState.REVERSED:
        raise MoneyMoving(f"批次 batch {case.counted_by}")
    return batch


async def match(session: AsyncSession, region: str, approval: Approval, matched: BillMatch) -> None:
    """Let held money pay a locked bill; ``region`` is the installation's, to which settlements belong."""
    day = approval.decided_on or approval.proposed_on
    part = None
    if matched.counted_by is not None:
        part = await _further_part(session, region, approval, matched.counted_by)
    decision = NewDecision(
        id=approval.id,
        suspense_id=matched.case.id,
        kind=DecisionKind.MATCH,
        decided_on=day,
        region=matched.case.region,
        trace=approval.trace,
        bill_id=matched.bill.id,
        applied_on=matched.applied_on,
        batch_id=part.id if part is not None else None,
    )
    await repository.insert(session, decision)
    await payments.credit_line(session, matched.line_id, matched.bill.id, matched.bill.dimensions)
    if part is not None:
        await _put_on_its_way(session, approval, part, matched, day)
    await post(session, _transfers(matched, PostingContext(str(approval.id), day, approval.id, approval.trace)))
    paid = BillPayment(
        bill=matched.bill,
        amount_fen=matched.case.amount_fen,
        channel=matched.case.channel,
        paid_on=matched.applied_on,
        paid_by=matched.line_id,
        caused_by=approval.id,
        trace=approval.trace,
    )
    await bills.pay(session, [paid])


def _transfers(matched: BillMatch, context: PostingContext) -> list[Transfer]:
    case, bill = matched.case, matched.bill
    pays = postings.suspense_matched(bill.dimensions, case.amount_fen, context)
    if (case.region, case.enrolment_id) == (bill.region, bill.enrolment_id):
        return [pays]
    lies_in = accounts.PENDING if case.settled_on is not None else accounts.channel(case.channel)
    return [
        postings.suspense_left(case.dimensions, case.amount_fen, context, lies_in=lies_in),
        postings.suspense_arrived(bill.dimensions, case.amount_fen, context, lies_in=lies_in),
        pays,
    ]


async def _further_part(session: AsyncSession, region: str, approval: Approval, counted_by: OnlineBatch) -> OnlineBatch:
    return await parts.begin_part(
        session,
        counted_by.settlement,
        region,
        approval.trace,
        by_bill=counted_by.by_bill,
        payout_id=counted_by.payout_id,
    )


async def _put_on_its_way(
    session: AsyncSession, approval: Approval, part: OnlineBatch, matched: BillMatch, day: date
) -> None:
    bill, fen = matched.bill, matched.case.amount_fen
    line = RemittanceLine(
        batch_id=part.id,
        enrolment_id=bill.enrolment_id,
        source_id=matched.line_id,
        person_token=bill.person_token,
        benefit_year=bill.benefit_year,
        region=bill.region,
        amount_fen=fen,
        place="PENDING",
        receipt_no=None,
        tax_line_no=None,
        actor=approval.trace.actor,
        correlation_id=approval.correlation_id,
    )
    await batch_lines.add_lines(session, [line])
    move = Transition(
        BatchStep.MATCH,
        part.state,
        BatchState.READY_TO_REMIT,
        new_id(),
        approval.trace,
        effective_on=day,
        facts={"counted_fen": 0, "amount_fen": fen, "line_count": 1},
        note={"suspense": str(matched.case.id)},
    )
    if await batches.take_step(session, part.id, move) is None:
        raise RuntimeError(f"batch {part.id} moved while it was locked")
