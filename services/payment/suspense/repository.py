"""Writing and listing suspended money."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.suspense.state import Suspended, SuspenseState

_INSERT = text(
    """
    INSERT INTO suspense (id, payment_line_id, notice_id, channel, merchant_id, order_no, transaction_id, enrolment_id,
                          person_token, benefit_year, amount_fen, paid_fen, reason, suspended_on, state, region, actor,
                          correlation_id)
    SELECT id, payment_line_id, notice_id, channel, merchant_id, order_no, transaction_id, enrolment_id, person_token,
           benefit_year, amount_fen, paid_fen, reason, suspended_on, state, region, actor, correlation_id
    FROM unnest(
             CAST(:id AS uuid[]), CAST(:payment_line_id AS uuid[]), CAST(:notice_id AS uuid[]),
             CAST(:channel AS text[]), CAST(:merchant_id AS text[]), CAST(:order_no AS text[]),
             CAST(:transaction_id AS text[]), CAST(:enrolment_id AS uuid[]), CAST(:person_token AS text[]),
             CAST(:benefit_year AS integer[]), CAST(:amount_fen AS bigint[]), CAST(:paid_fen AS bigint[]),
             CAST(:reason AS text[]), CAST(:suspended_on AS date[]), CAST(:state AS text[]), CAST(:region AS text[]),
             CAST(:actor AS text[]), CAST(:correlation_id AS uuid[])
         ) AS new (id, payment_line_id, notice_id, channel, merchant_id, order_no, transaction_id, enrolment_id,
                   person_token, benefit_year, amount_fen, paid_fen, reason, suspended_on, state, region, actor,
                   correlation_id)
    ON CONFLICT (channel, merchant_id, transaction_id, order_no, amount_fen) WHERE state = 'CONTESTED' DO NOTHING
    """
)
_TURN = text(
    """
    UPDATE suspense SET state = :state
    WHERE id = ANY(CAST(:ids AS uuid[])) AND state = :from_state RETURNING id
    """
)
_LIST = text(
    """
    SELECT id, channel, merchant_id, order_no, transaction_id, enrolment_id, benefit_year, region, amount_fen, reason,
           suspended_on, state
    FROM suspense
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)


async def insert(session: AsyncSession, items: Sequence[Suspended]) -> None:
    """Write suspended parts; the same claim to a booked transaction is written once."""
    await session.execute(
        _INSERT,
        {
            "id": [item.id for item in items],
            "payment_line_id": [item.payment_line_id for item in items],
            "notice_id": [item.notice.id for item in items],
            "channel": [item.notice.channel for item in items],
            "merchant_id": [item.notice.merchant_id for item in items],
            "order_no": [item.notice.order_no for item in items],
            "transaction_id": [item.notice.transaction_id for item in items],
            "enrolment_id": [item.dimensions.enrolment_id for item in items],
            "person_token": [item.dimensions.person_token for item in items],
            "benefit_year": [item.dimensions.benefit_year for item in items],
            "amount_fen": [item.amount_fen for item in items],
            "paid_fen": [item.notice.amount_fen for item in items],
            "reason": [item.reason.value for item in items],
            "suspended_on": [item.notice.paid_on for item in items],
            "state": [item.state.value for item in items],
            "region": [item.dimensions.region for item in items],
            "actor": [item.trace.actor for item in items],
            "correlation_id": [item.trace.correlation_id for item in items],
        },
    )


async def transition(
    session: AsyncSession, ids: Sequence[UUID], state: SuspenseState, *, from_state: SuspenseState
) -> list[UUID]:
    """Move items on; returns those that were in ``from_state``."""
    parameters = {"ids": sorted(ids), "state": state.value, "from_state": from_state.value}
    return list((await session.execute(_TURN, parameters)).scalars())


async def listed(
    session: AsyncSession, *, state: SuspenseState | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Suspended items, oldest first."""
    parameters = {"state": state.value if state else None, "after": after, "limit": limit}
    return (await session.execute(_LIST, parameters)).all()
