"""Attributing a payment or a refund to the day that its channel settled it with; two people decide.

A channel counts a payment of 23:59:59 with the next day, or deducts a refund days after it succeeded. Where it names
its settlements by their sum alone, nothing but a person's look at its console says so.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.attributions.schemas import Attribution
from services.payment.job_names import SETTLEMENTS
from services.payment.payments import repository as payments
from services.payment.payments.repository import TransactionKey
from services.payment.payouts import repository as payouts
from services.payment.refunds.deductions import repository as deductions
from services.payment.refunds.state import RefundState
from shared.approvals.act import Act
from shared.approvals.service import Grounds, propose
from shared.approvals.state import Approval
from shared.contracts.event import Trace
from shared.database.engine import after_commit
from shared.errors import DomainError, ErrorCode, NotFound
from shared.service import ServiceContext


class AlreadySettled(DomainError):
    """A settlement counted the money already: its bank line is reversed first."""

    code = ErrorCode.SETTLEMENT_ALREADY_COUNTED


class SettledByBill(DomainError):
    """The channel's bill says what belongs to which payout."""

    code = ErrorCode.SETTLED_BY_BILL


class SettledBeforePaid(DomainError):
    """A channel settles no money before it has it."""

    code = ErrorCode.DATE_BEFORE_PREVIOUS_STEP


@dataclass(frozen=True, slots=True)
class _Money:
    """What is attributed: a payment's lines, or one refund."""

    region: str
    happened_on: date
    counted: bool
    line_ids: tuple[UUID, ...] = ()
    refund_id: UUID | None = None


async def propose_attribution(
    session: AsyncSession,
    context: ServiceContext[object],
    asked: Attribution,
    grounds: Grounds,
    trace: Trace,
    today: date,
) -> Approval:
    """Put forward which day some money was settled with.

    Raises NotFound, AlreadySettled, SettledBeforePaid, SettledByBill and AnotherWaits.
    """
    await _locked(session, asked)
    subject = ":".join((asked.channel, asked.merchant_id, asked.refund_no or asked.transaction_id))
    return await propose(session, ATTRIBUTE_SETTLEMENT, subject, context.settings.region, asked, grounds, trace, today)


async def attribute(
    session: AsyncSession, context: ServiceContext[object], approval: Approval, body: Attribution
) -> None:
    """Let the money be settled with the day; the days that waited for it, or had too much of it, are counted again."""
    money = await _locked(session, body)
    if money.refund_id is not None:
        await deductions.attribute(session, money.refund_id, body.settlement_day, approval.id)
    else:
        await payments.attribute(session, money.line_ids, body.settlement_day, approval.id)
    after_commit(session, lambda: context.wake(SETTLEMENTS))


async def _locked(session: AsyncSession, asked: Attribution) -> _Money:
    money = await (_refund(session, asked, asked.refund_no) if asked.refund_no else _payment(session, asked))
    if money is None:
        raise NotFound
    if await payouts.is_by_bill(session, asked.channel, asked.merchant_id, asked.settlement_day):
        raise SettledByBill(f"{asked.merchant_id} {asked.settlement_day}")
    if money.counted:
        raise AlreadySettled(asked.refund_no or asked.transaction_id)
    if asked.settlement_day < money.happened_on:
        raise SettledBeforePaid(f"{asked.settlement_day} < {money.happened_on}", pointer="/settlement_day")
    return money


async def _payment(session: AsyncSession, asked: Attribution) -> _Money | None:
    key = TransactionKey(asked.channel, asked.merchant_id, asked.transaction_id)
    lines = await payments.lock_transaction(session, key)
    if not lines:
        return None
    counted = any(line.counted for line in lines)
    return _Money(lines[0].region, lines[0].paid_on, counted, tuple(line.id for line in lines))


async def _refund(session: AsyncSession, asked: Attribution, refund_no: str) -> _Money | None:
    refund = await deductions.lock_for_day(session, asked.channel, asked.merchant_id, refund_no)
    if refund is None or refund.state != RefundState.PAID or refund.refunded_on is None:
        return None
    return _Money(refund.region, refund.refunded_on, refund.counted, refund_id=refund.id)


ATTRIBUTE_SETTLEMENT = Act(
    "attribute_settlement",
    Attribution,
    attribute,
    refusals=(NotFound, AlreadySettled, SettledBeforePaid, SettledByBill),
)
ACTS = (ATTRIBUTE_SETTLEMENT,)
