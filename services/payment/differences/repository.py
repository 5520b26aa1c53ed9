"""Differences from a channel's bills: listed, asked about, closed. No other package writes this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class SettlementDifference:
    """What differs between us and a channel's bill, who has to see to it, and since when."""

    id: UUID
    difference_class: int
    kind: str
    channel: str
    merchant_id: str
    transaction_id: str | None
    order_no: str | None
    refund_no: str | None
    channel_refund_id: str | None
    payment_id: UUID | None
    refund_id: UUID | None
    payout_id: UUID | None
    bill_id: UUID | None
    line_no: int | None
    ours_fen: int | None
    theirs_fen: int | None
    happened_at: datetime
    owner: str
    since: date
    asked: int
    state: str
    closed_because: str | None
    closed_on: date | None
    closed_by: UUID | None
    unasked_id: UUID | None
    region: str
    actor: str
    correlation_id: UUID


_AS_DIFFERENCE = {"difference_class": "class"}
# A difference is over once what it lacked was counted. What repeats counted money lacks what will never be there.
_CLOSE_COUNTED = text(
    """
    UPDATE settlement_difference d
    SET state = 'CLOSED', closed_because = 'COUNTED', closed_on = coalesce(d.closed_on, :day)
    WHERE (d.state = 'OPEN' OR d.closed_because = 'DECIDED') AND d.channel = :channel
      AND d.merchant_id = :merchant_id AND d.unasked_id IS NULL AND d.ours_fen IS DISTINCT FROM 0 AND (
        (d.kind = 'PAYMENT' AND EXISTS (
            SELECT FROM payment p JOIN payment_line l ON l.payment_id = p.id
            WHERE p.channel = d.channel AND p.merchant_id = d.merchant_id AND p.transaction_id = d.transaction_id
              AND l.counted_by IS NOT NULL AND (d.theirs_fen IS NULL OR d.theirs_fen = p.amount_fen)))
        OR (d.kind = 'REFUND' AND (
            EXISTS (SELECT FROM refund r WHERE r.channel = d.channel AND r.merchant_id = d.merchant_id
                    AND r.deducted_by IS NOT NULL
                    AND (r.channel_refund_id = d.channel_refund_id OR r.refund_no = d.refund_no))
            OR EXISTS (SELECT FROM unasked_refund u WHERE u.channel = d.channel AND u.merchant_id = d.merchant_id
                       AND u.channel_refund_id = d.channel_refund_id AND u.deducted_by IS NOT NULL))))
    """
)
_CLAIM_TO_ASK = select_into(
    SettlementDifference,
    """
    WITH due AS (
        SELECT id FROM settlement_difference
        WHERE state = 'OPEN' AND class = 4 AND kind = 'PAYMENT'
          AND (asked_at IS NULL OR asked_at < now() - make_interval(secs => :again_after_s))
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE settlement_difference d SET asked_at = now() FROM due WHERE d.id = due.id RETURNING d.*
    )
    SELECT {fields} FROM claimed ORDER BY id
    """,
    **_AS_DIFFERENCE,
)
_ANSWERED = text("UPDATE settlement_difference SET asked = asked + 1 WHERE id = :id AND state = 'OPEN' RETURNING asked")
_TRIED = text(
    """
    UPDATE settlement_difference SET asked = asked + 1
    WHERE payout_id = :payout_id AND state = 'OPEN' AND class = 4 AND kind = 'REFUND'
    """
)
_LOCK = select_into(
    SettlementDifference, "SELECT {fields} FROM settlement_difference WHERE id = :id FOR UPDATE", **_AS_DIFFERENCE
)
_DECIDE = text(
    """
    UPDATE settlement_difference SET state = 'CLOSED', closed_because = 'DECIDED', closed_on = :day,
                                     closed_by = :approval_id
    WHERE id = :id
    """
)
_CLOSE_RECOVERED = text(
    """
    UPDATE settlement_difference SET state = 'CLOSED', closed_because = 'RECOVERED', closed_on = :day
    WHERE unasked_id = ANY(CAST(:ids AS uuid[]))
    """
)
_LIST = select_into(
    SettlementDifference,
    """
    SELECT {fields} FROM settlement_difference
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
    **_AS_DIFFERENCE,
)


@dataclass(frozen=True, slots=True)
class DifferenceFigures:
    """Open differences of a class, and the day since which the oldest stands."""

    difference_class: int
    owner: str
    count: int
    since: date


_FIGURES = select_into(
    DifferenceFigures,
    "SELECT {fields} FROM settlement_difference WHERE state = 'OPEN' GROUP BY class, owner ORDER BY class, owner",
    difference_class="class",
    count="count(*)",
    since="min(since)",
)


async def note_tried(session: AsyncSession, payout_id: UUID) -> None:
    """Note on a payout's refunds that are theirs only that our payments were looked through once more."""
    await session.execute(_TRIED, {"payout_id": payout_id})


async def close_counted(session: AsyncSession, channel: str, merchant_id: str, day: date) -> None:
    """Close a merchant's differences that lack nothing any more."""
    await session.execute(_CLOSE_COUNTED, {"channel": channel, "merchant_id": merchant_id, "day": day})


async def claim_to_ask(session: AsyncSession, *, again_after_s: float, limit: int) -> list[SettlementDifference]:
    """Payments that only a bill names, to ask their channel about now."""
    return await fetch_all(
        session, _CLAIM_TO_ASK, SettlementDifference, {"again_after_s": again_after_s, "limit": limit}
    )


async def answered(session: AsyncSession, difference_id: UUID) -> int:
    """Note that a channel answered and knew no payment; returns how often it did. Nothing where it is closed."""
    found: int | None = (await session.execute(_ANSWERED, {"id": difference_id})).scalar_one_or_none()
    return found or 0


async def lock(session: AsyncSession, difference_id: UUID) -> SettlementDifference | None:
    """A difference, held until the transaction ends."""
    return await fetch_one(session, _LOCK, SettlementDifference, {"id": difference_id})


async def decide(session: AsyncSession, difference_id: UUID, approval_id: UUID, day: date) -> None:
    """Close a locked difference by two people's decision."""
    await session.execute(_DECIDE, {"id": difference_id, "approval_id": approval_id, "day": day})


async def close_recovered(session: AsyncSession, unasked_ids: Sequence[UUID], day: date) -> None:
    """Close the locked differences of refunds that the payer paid again."""
    await session.execute(_CLOSE_RECOVERED, {"ids": sorted(unasked_ids), "day": day})


async def listed(
    session: AsyncSession, *, state: str | None, after: UUID | None, limit: int
) -> Sequence[SettlementDifference]:
    """Differences, in the order in which they were found."""
    return await fetch_all(session, _LIST, SettlementDifference, {"state": state, "after": after, "limit": limit})


async def open_figures(session: AsyncSession) -> list[DifferenceFigures]:
    """How many differences are open, by class and owner, and since when."""
    return await fetch_all(session, _FIGURES, DifferenceFigures)
