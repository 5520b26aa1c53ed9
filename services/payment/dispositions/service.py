"""Deciding about suspended money: two people, with a reason and the paper that shows it.

Nothing in suspense is changed or deleted: a decision is a row of its own, in the transaction of its approval. The
change of the item's state decides a race between two approvals, a refund and a payment of the same bill.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import repository as bills
from services.payment.bills.state import Bill
from services.payment.dispositions import bill_match, repository
from services.payment.dispositions.bill_match import BillMatch, MoneyMoving
from services.payment.dispositions.repository import NewDecision
from services.payment.dispositions.schemas import SuspenseCarryOver, SuspenseDecision, SuspenseMatch
from services.payment.dispositions.state import (
    Case,
    DecisionKind,
    applied_on,
    refusal_of,
    refusal_of_year,
)
from services.payment.job_names import REFUNDS
from services.payment.refunds import repository as refund_rows
from services.payment.refunds import service as refunds
from services.payment.refunds.service import SuspenseNotHeld
from services.payment.refunds.state import NewRefund
from services.payment.suspense import repository as suspense
from services.payment.suspense.offices import SuspenseOffice
from services.payment.suspense.reasons import SuspenseReason
from services.payment.suspense.state import SuspenseState
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext

_OFFERED = 20  # bills of one person: one for each year


class BillNotPayable(DomainError):
    """The money does not pay this bill: another amount is due, another time, or nothing any more."""

    code = ErrorCode.SUSPENSE_BILL_NOT_PAYABLE


class NoCarryOver(DomainError):
    """Only money of a known person is carried over, and only to a later benefit year."""

    code = ErrorCode.SUSPENSE_NO_CARRY_OVER


class NeedsTreasuryRefund(DomainError):
    """The money never passed through a channel of ours: it goes back through the treasury, once its enrolment ends."""

    code = ErrorCode.SUSPENSE_NEEDS_TREASURY_REFUND


async def propose_match(
    session: AsyncSession,
    region: str,
    suspense_id: UUID,
    enrolment_id: UUID,
    grounds: Grounds,
    trace: Trace,
    today: date,
) -> Approval:
    """Put it forward that a suspended sum pays somebody's bill.

    Raises NotFound, SuspenseNotHeld, NeedsTreasuryRefund, BillNotPayable and AnotherWaits.
    """
    case = await _held(session, suspense_id)
    bill = await _bill(session, enrolment_id)
    _refuse_bill(case, bill, today)
    body = SuspenseMatch(
        **_seen(case),
        enrolment_id=enrolment_id,
        bill_id=bill.id,
        benefit_year=bill.benefit_year,
        applied_on=applied_on(case, bill),
    )
    return await propose(session, MATCH_SUSPENSE, str(case.id), region, body, grounds, trace, today)


async def propose_refund(
    session: AsyncSession, suspense_id: UUID, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put it forward that a suspended sum goes back. Raises NotFound, SuspenseNotHeld and AnotherWaits."""
    case = await _held(session, suspense_id)
    body = SuspenseDecision(**_seen(case))
    return await propose(session, REFUND_SUSPENSE, str(case.id), case.region, body, grounds, trace, today)


async def propose_carry_over(
    session: AsyncSession, suspense_id: UUID, benefit_year: int, grounds: Grounds, trace: Trace, today: date
) -> Approval:
    """Put it forward that a suspended sum waits for its person's bill of a later benefit year.

    Raises NotFound, SuspenseNotHeld, NeedsTreasuryRefund, NoCarryOver and AnotherWaits.
    """
    case = await _held(session, suspense_id)
    _refuse_year(case, benefit_year)
    body = SuspenseCarryOver(**_seen(case), benefit_year=benefit_year)
    return await propose(session, CARRY_OVER_SUSPENSE, str(case.id), case.region, body, grounds, trace, today)


async def offered(session: AsyncSession, suspense_id: UUID, today: date) -> list[tuple[Bill, date]]:
    """The open bills of its person that a suspended sum pays, and the day for which; raises NotFound."""
    case = await repository.find(session, suspense_id)
    if case is None:
        raise NotFound
    if case.person_token is None or case.state != SuspenseState.HELD:
        return []
    found = await bills.of_person(session, case.person_token, limit=_OFFERED)
    return [(bill, applied_on(case, bill)) for bill in found if refusal_of(case, bill, today) is None]


async def assign(
    session: AsyncSession, suspense_id: UUID, office: SuspenseOffice, because: str, today: date, trace: Trace
) -> None:
    """Give a case to another office. Raises NotFound and SuspenseNotHeld."""
    if await repository.assign(session, suspense_id, office, because, today, trace):
        return
    if await repository.find(session, suspense_id) is None:
        raise NotFound
    raise SuspenseNotHeld


async def match(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: SuspenseMatch
) -> None:
    """Let the sum pay the bill that was proposed."""
    batch = await bill_match.hold_batch(session, await _held(session, body.suspense_id))
    bill = await _bill(session, body.enrolment_id)
    case = await _hold(session, body.suspense_id, SuspenseState.MATCHED)
    _refuse_bill(case, bill, approval.decided_on or approval.proposed_on)
    if (bill.id, applied_on(case, bill)) != (body.bill_id, body.applied_on):
        raise BillNotPayable(f"缴费单已变 bill {body.bill_id} → {bill.id}")
    if case.line_id is None or case.counted_by != (batch.id if batch is not None else None):
        raise MoneyMoving(f"批次 batch {case.counted_by}")
    matched = BillMatch(case, bill, case.line_id, body.applied_on, batch)
    await bill_match.match(session, context.settings.region, approval, matched)


async def refund(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: SuspenseDecision
) -> None:
    """Send the sum back by its channel, under the refund that is put forward already where there is one."""
    case = await _held(session, body.suspense_id)
    day = approval.decided_on or approval.proposed_on
    asked = Trace(approval.proposed_by, approval.correlation_id, approval.id)
    refund_id = await refunds.request_one(session, NewRefund(case.id, day, asked))
    await refunds.approve(session, refund_id, day, approval.trace, by_decision=True)
    await _write(session, case, DecisionKind.REFUND, approval)
    after_commit(session, lambda: context.wake(REFUNDS))


async def carry_over(
    session: AsyncSession, _: ServiceContext[object], approval: Approval, body: SuspenseCarryOver
) -> None:
    """Let the sum wait for its person's bill of the year; a refund that was put forward by itself is withdrawn."""
    case = await _hold(session, body.suspense_id, SuspenseState.HELD)
    _refuse_year(case, body.benefit_year)
    await _write(session, case, DecisionKind.CARRY_OVER, approval, benefit_year=body.benefit_year)


async def _write(
    session: AsyncSession, case: Case, kind: DecisionKind, approval: Approval, *, benefit_year: int | None = None
) -> None:
    day = approval.decided_on or approval.proposed_on
    decision = NewDecision(
        id=approval.id,
        suspense_id=case.id,
        kind=kind,
        decided_on=day,
        region=case.region,
        trace=approval.trace,
        benefit_year=benefit_year,
    )
    await repository.insert(session, decision)


async def _held(session: AsyncSession, suspense_id: UUID) -> Case:
    case = await repository.find(session, suspense_id)
    if case is None:
        raise NotFound
    if case.state != SuspenseState.HELD:
        raise SuspenseNotHeld(case.state)
    if case.reason == SuspenseReason.NEEDS_TREASURY_REFUND:
        raise NeedsTreasuryRefund
    return case


async def _hold(session: AsyncSession, suspense_id: UUID, into: SuspenseState) -> Case:
    """Take the sum out of what others may decide about, and read it once it is held: its line, its refund, itself.

    The change of its state decides: of two approvals, and of an approval and a refund, one finds it HELD.
    """
    case = await _held(session, suspense_id)
    if case.line_id is not None:
        await repository.hold_line(session, case.line_id)
    await refund_rows.withdraw(session, suspense_id)
    if not await suspense.transition(session, [suspense_id], into, from_state=SuspenseState.HELD):
        raise SuspenseNotHeld
    held = await repository.find(session, suspense_id)
    if held is None:
        raise NotFound
    return held


async def _bill(session: AsyncSession, enrolment_id: UUID) -> Bill:
    bill = (await bills.lock_live(session, [enrolment_id])).get(enrolment_id)
    if bill is None:
        raise BillNotPayable(f"参保 enrolment {enrolment_id}: 没有缴费单 · no bill", pointer="/enrolment_id")
    return bill


def _refuse_bill(case: Case, bill: Bill, today: date) -> None:
    refusal = refusal_of(case, bill, today)
    if refusal is not None:
        raise BillNotPayable(refusal, pointer="/enrolment_id")


def _refuse_year(case: Case, benefit_year: int) -> None:
    refusal = refusal_of_year(case, benefit_year)
    if refusal is not None:
        raise NoCarryOver(refusal, pointer="/benefit_year")


def _seen(case: Case) -> dict[str, object]:
    return {
        "suspense_id": case.id,
        "channel": case.channel,
        "transaction_id": case.transaction_id,
        "suspended_for": case.reason,
        "amount_fen": case.amount_fen,
    }


_ANY = (NotFound, SuspenseNotHeld, NeedsTreasuryRefund)
MATCH_SUSPENSE = Act("match_suspense", SuspenseMatch, match, refusals=(*_ANY, BillNotPayable, MoneyMoving))
REFUND_SUSPENSE = Act("refund_suspense", SuspenseDecision, refund, refusals=_ANY)
CARRY_OVER_SUSPENSE = Act("carry_over_suspense", SuspenseCarryOver, carry_over, refusals=(*_ANY, NoCarryOver))
ACTS = (MATCH_SUSPENSE, REFUND_SUSPENSE, CARRY_OVER_SUSPENSE)
