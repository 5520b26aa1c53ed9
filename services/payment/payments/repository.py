"""Writing payments and their lines, a batch in one statement. No other package writes these tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice
from shared.contracts.event import Trace

# A transaction is booked once: the unique key decides, whichever order the notice names.
_INSERT_PAYMENTS = text(
    """
    INSERT INTO payment (id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at,
                         paid_on, region, actor, correlation_id)
    SELECT id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at, paid_on,
           region, actor, correlation_id
    FROM unnest(
             CAST(:id AS uuid[]), CAST(:channel AS text[]), CAST(:merchant_id AS text[]),
             CAST(:transaction_id AS text[]),
             CAST(:order_id AS uuid[]), CAST(:order_no AS text[]), CAST(:notice_id AS uuid[]),
             CAST(:amount_fen AS bigint[]), CAST(:paid_at AS timestamptz[]), CAST(:paid_on AS date[]),
             CAST(:region AS text[]), CAST(:actor AS text[]), CAST(:correlation_id AS uuid[])
         ) AS new (id, channel, merchant_id, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at,
                   paid_on, region, actor, correlation_id)
    ORDER BY channel, merchant_id, transaction_id, paid_at, notice_id
    ON CONFLICT (channel, merchant_id, transaction_id) DO NOTHING
    RETURNING notice_id, id
    """
)
_BOOKED = text(
    """
    SELECT p.channel, p.merchant_id, p.transaction_id, p.order_no, p.amount_fen
    FROM unnest(CAST(:channels AS text[]), CAST(:merchant_ids AS text[]), CAST(:transactions AS text[]))
         AS asked (channel, merchant_id, transaction_id)
    JOIN payment p USING (channel, merchant_id, transaction_id)
    """
)
_BOOKED_TRANSACTIONS = text(
    "SELECT transaction_id FROM payment WHERE transaction_id = ANY(CAST(:transactions AS text[]))"
)
_INSERT_LINES = text(
    """
    INSERT INTO payment_line (id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, state,
                              region, actor, correlation_id)
    SELECT id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, state, region, actor,
           correlation_id
    FROM unnest(
             CAST(:id AS uuid[]), CAST(:payment_id AS uuid[]), CAST(:bill_id AS uuid[]), CAST(:enrolment_id AS uuid[]),
             CAST(:person_token AS text[]), CAST(:benefit_year AS integer[]), CAST(:amount_fen AS bigint[]),
             CAST(:state AS text[]), CAST(:region AS text[]), CAST(:actor AS text[]), CAST(:correlation_id AS uuid[])
         ) AS new (id, payment_id, bill_id, enrolment_id, person_token, benefit_year, amount_fen, state, region, actor,
                   correlation_id)
    """
)
_MARK_SETTLED = text("UPDATE payment_line SET settled_on = :day WHERE id = ANY(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment about to be written: the notice, its order if there is one, its region and chain of causes."""

    id: UUID
    notice: PaymentNotice
    order_id: UUID | None
    region: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class NewPaymentLine:
    """One part of a payment about to be written; ``bill_id`` is the bill that it pays, if it pays one."""

    id: UUID
    payment_id: UUID
    bill_id: UUID | None
    dimensions: Dimensions
    amount_fen: int
    credited: bool
    trace: Trace


async def insert(session: AsyncSession, payments: Sequence[NewPayment]) -> dict[UUID, UUID]:
    """Book transactions that are not booked yet; payment ids by notice, those booked before are missing."""
    rows = await session.execute(
        _INSERT_PAYMENTS,
        {
            "id": [one.id for one in payments],
            "channel": [one.notice.channel for one in payments],
            "merchant_id": [one.notice.merchant_id for one in payments],
            "transaction_id": [one.notice.transaction_id for one in payments],
            "order_id": [one.order_id for one in payments],
            "order_no": [one.notice.order_no for one in payments],
            "notice_id": [one.notice.id for one in payments],
            "amount_fen": [one.notice.amount_fen for one in payments],
            "paid_at": [one.notice.succeeded_at for one in payments],
            "paid_on": [one.notice.paid_on for one in payments],
            "region": [one.region for one in payments],
            "actor": [one.trace.actor for one in payments],
            "correlation_id": [one.trace.correlation_id for one in payments],
        },
    )
    return {row.notice_id: row.id for row in rows}


async def booked(
    session: AsyncSession, notices: Sequence[PaymentNotice]
) -> dict[tuple[str, str, str], tuple[str, int]]:
    """Order number and amount under which transactions were booked; by (channel, merchant, transaction)."""
    rows = await session.execute(
        _BOOKED,
        {
            "channels": [notice.channel for notice in notices],
            "merchant_ids": [notice.merchant_id for notice in notices],
            "transactions": [notice.transaction_id for notice in notices],
        },
    )
    return {(row.channel, row.merchant_id, row.transaction_id): (row.order_no, row.amount_fen) for row in rows}


async def booked_transactions(session: AsyncSession, transaction_ids: Sequence[str]) -> set[str]:
    """Which of these transactions are booked."""
    rows = await session.execute(_BOOKED_TRANSACTIONS, {"transactions": sorted(set(transaction_ids))})
    return set(rows.scalars())


async def insert_lines(session: AsyncSession, lines: Sequence[NewPaymentLine]) -> None:
    """Write the parts of payments."""
    await session.execute(
        _INSERT_LINES,
        {
            "id": [one.id for one in lines],
            "payment_id": [one.payment_id for one in lines],
            "bill_id": [one.bill_id for one in lines],
            "enrolment_id": [one.dimensions.enrolment_id for one in lines],
            "person_token": [one.dimensions.person_token for one in lines],
            "benefit_year": [one.dimensions.benefit_year for one in lines],
            "amount_fen": [one.amount_fen for one in lines],
            "state": ["CREDITED" if one.credited else "SUSPENDED" for one in lines],
            "region": [one.dimensions.region for one in lines],
            "actor": [one.trace.actor for one in lines],
            "correlation_id": [one.trace.correlation_id for one in lines],
        },
    )


async def mark_settled(session: AsyncSession, line_ids: Sequence[UUID], day: date) -> None:
    """Note on payments' lines when the channel settled them: a refund is now paid from the pending account."""
    await session.execute(_MARK_SETTLED, {"ids": list(line_ids), "day": day})
