"""Refunds that a channel deducted from a payout, and the day that each belongs to."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.payments.counted.repository import COVERED, CountedMoney, CoveredRange, SettledDay
from shared.database.row import fetch_all, fetch_one, fetch_pages, select_into


@dataclass(frozen=True, slots=True)
class DeductedRefund(CountedMoney):
    """A refund that a channel deducted from a payout, with the payment's line that it gave back."""

    payment_line_id: UUID
    whole: bool
    with_its_payment: bool


# Given back out of the payout that would have brought it: then the pending account never saw the money.
_DEDUCTION = {
    "id": "r.id",
    "payment_line_id": "l.id",
    "enrolment_id": "l.enrolment_id",
    "person_token": "l.person_token",
    "benefit_year": "l.benefit_year",
    "region": "l.region",
    "amount_fen": "r.amount_fen",
    "reopened": "coalesce(r.reopened, 0)",
    "whole": "r.amount_fen = l.amount_fen",
    "with_its_payment": "l.counted_by IS NOT DISTINCT FROM r.deducted_by AND l.settled_on IS NULL",
    "actor": "r.actor",
    "correlation_id": "r.correlation_id",
}


@dataclass(frozen=True, slots=True)
class RefundOfDay:
    """A refund, and whether a payout deducted it already."""

    id: UUID
    region: str
    state: str
    refunded_on: date | None
    counted: bool


# A refund is deducted once, from the payout of its own day or of the day that two people attributed it to.
_DEDUCT_DAY = select_into(
    DeductedRefund,
    """
    WITH due AS MATERIALIZED (
        SELECT id FROM refund
        WHERE channel = :channel AND merchant_id = :merchant_id AND state = 'PAID' AND deducted_by IS NULL
          AND coalesce(attributed_to, refunded_on) = :day
    ), deducted AS (
        UPDATE refund r SET deducted_by = :batch_id FROM due
        WHERE r.id = due.id AND r.deducted_by IS NULL RETURNING r.*
    )
    SELECT {fields} FROM deducted r JOIN suspense s ON s.id = r.suspense_id
    JOIN payment_line l ON l.id = s.payment_line_id
    ORDER BY r.id
    """,
    **_DEDUCTION,
)

# The bill says from which payout a refund was deducted, whatever day its word came on, and whether it came yet. The
# channel's bill names it by the channel's number; where we do not know that one, the trade bill knows ours. What is
# looked for again uses the same words: a part is begun for what it will deduct.
_OURS = "r.channel = {channel} AND r.merchant_id = {merchant_id} AND r.amount_fen = {fen}"
OURS_BY_CHANNELS_NUMBER = f"{_OURS} AND r.channel_refund_id = {{number}} AND r.state <> 'PAY_FAILED'"
OURS_BY_TRADE_BILL = (
    f"{_OURS} AND t.kind = 'REFUND' AND t.channel_refund_id = {{number}} AND r.refund_no = t.refund_no"
    " AND r.state NOT IN ('REQUESTED', 'PAY_FAILED')"
)
_MOVEMENT = {"channel": ":channel", "merchant_id": ":merchant_id", "number": "c.business_no", "fen": "-c.amount_fen"}
_DEDUCT_COVERED = select_into(
    DeductedRefund,
    f"""
    WITH covered AS ({COVERED}), due AS MATERIALIZED (
        SELECT r.id FROM covered c JOIN refund r ON {OURS_BY_CHANNELS_NUMBER.format(**_MOVEMENT)}
        WHERE c.kind = 'REFUND'
        UNION
        SELECT r.id FROM covered c CROSS JOIN bill_trade_line t
        JOIN refund r ON {OURS_BY_TRADE_BILL.format(**_MOVEMENT)}
        WHERE c.kind = 'REFUND'
    ), deducted AS (
        UPDATE refund r SET deducted_by = :batch_id FROM due
        WHERE r.id = due.id AND r.deducted_by IS NULL RETURNING r.*
    )
    SELECT {{fields}} FROM deducted r JOIN suspense s ON s.id = r.suspense_id
    JOIN payment_line l ON l.id = s.payment_line_id
    ORDER BY r.id
    """,  # noqa: S608 - constant parts
    **_DEDUCTION,
)

_DEDUCTED_BY = select_into(
    DeductedRefund,
    """
    SELECT {fields} FROM refund r JOIN suspense s ON s.id = r.suspense_id
    JOIN payment_line l ON l.id = s.payment_line_id
    WHERE r.deducted_by = :batch_id AND (CAST(:after AS uuid) IS NULL OR r.id > :after) ORDER BY r.id LIMIT :limit
    """,
    **_DEDUCTION,
)

_RELEASE = text(
    "UPDATE refund SET deducted_by = NULL, reopened = coalesce(reopened, 0) + 1 WHERE deducted_by = :batch_id"
)

_LOCK_FOR_DAY = select_into(
    RefundOfDay,
    """
    SELECT {fields} FROM refund
    WHERE channel = :channel AND merchant_id = :merchant_id AND refund_no = :refund_no FOR UPDATE
    """,
    counted="deducted_by IS NOT NULL",
)

_ATTRIBUTE = text("UPDATE refund SET attributed_to = :day, attributed_by = :approval_id WHERE id = :id")


async def deduct_day(session: AsyncSession, settlement: SettledDay, batch_id: UUID) -> list[DeductedRefund]:
    """Let a batch deduct what the channel gave back on a day and nobody deducted."""
    values = {
        "channel": settlement.channel,
        "merchant_id": settlement.merchant_id,
        "day": settlement.day,
        "batch_id": batch_id,
    }
    return await fetch_all(session, _DEDUCT_DAY, DeductedRefund, values)


async def deduct_covered(session: AsyncSession, covered: CoveredRange, batch_id: UUID) -> list[DeductedRefund]:
    """Let a batch deduct every refund of ours among a payout's movements."""
    values = asdict(covered) | {"batch_id": batch_id}
    return await fetch_all(session, _DEDUCT_COVERED, DeductedRefund, values)


def deducted_pages(session: AsyncSession, batch_id: UUID) -> AsyncIterator[list[DeductedRefund]]:
    """The refunds that a batch deducted, some at a time."""
    return fetch_pages(session, _DEDUCTED_BY, DeductedRefund, {"batch_id": batch_id})


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Take back that a batch deducted its refunds: another part of their day may."""
    await session.execute(_RELEASE, {"batch_id": batch_id})


async def lock_for_day(session: AsyncSession, channel: str, merchant_id: str, refund_no: str) -> RefundOfDay | None:
    """A refund by its number at the channel, held until the transaction ends."""
    values = {"channel": channel, "merchant_id": merchant_id, "refund_no": refund_no}
    return await fetch_one(session, _LOCK_FOR_DAY, RefundOfDay, values)


async def attribute(session: AsyncSession, refund_id: UUID, day: date, approval_id: UUID) -> None:
    """Note on a locked refund with which day the channel deducts it, by whose approval."""
    await session.execute(_ATTRIBUTE, {"id": refund_id, "day": day, "approval_id": approval_id})
