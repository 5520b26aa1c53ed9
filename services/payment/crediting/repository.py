"""Taking notices off the queue and recording what became of them, a batch in a few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.crediting.decision import LineCredit, PaidNotice

_NOTICE = """id, channel, mchid, kind, payee_mchid, payee_appid, order_no, transaction_id, refund_no, outcome,
             amount_fen, currency, succeeded_at, region, actor, correlation_id"""
# A work queue: whoever comes next takes other rows. The order's and the bill's rows decide every race.
_CLAIM = text(
    f"""
    SELECT {_NOTICE}
    FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    """  # noqa: S608 - constant columns
)
_WAITING = text("SELECT id FROM raw_notice WHERE state = 'RECEIVED' ORDER BY id LIMIT :limit")
_CLAIM_ONE = text(
    f"SELECT {_NOTICE} FROM raw_notice WHERE id = :id AND state = 'RECEIVED' FOR UPDATE SKIP LOCKED"  # noqa: S608
)
_CONCLUDE = text(
    """
    UPDATE raw_notice SET state = done.state, reason = done.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS done (id, state, reason)
    WHERE raw_notice.id = done.id
    """
)
# A transaction is booked once: the unique key decides, whichever order the notice names.
_INSERT_PAYMENTS = text(
    """
    INSERT INTO payment (id, channel, mchid, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at,
                         paid_on, region, actor, correlation_id)
    SELECT id, channel, mchid, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at, paid_on, region,
           actor, correlation_id
    FROM unnest(
             CAST(:id AS uuid[]), CAST(:channel AS text[]), CAST(:mchid AS text[]), CAST(:transaction_id AS text[]),
             CAST(:order_id AS uuid[]), CAST(:order_no AS text[]), CAST(:notice_id AS uuid[]),
             CAST(:amount_fen AS bigint[]), CAST(:paid_at AS timestamptz[]), CAST(:paid_on AS date[]),
             CAST(:region AS text[]), CAST(:actor AS text[]), CAST(:correlation_id AS uuid[])
         ) AS new (id, channel, mchid, transaction_id, order_id, order_no, notice_id, amount_fen, paid_at, paid_on,
                   region, actor, correlation_id)
    ORDER BY channel, mchid, transaction_id, paid_at, notice_id
    ON CONFLICT (channel, mchid, transaction_id) DO NOTHING
    RETURNING notice_id, id
    """
)
_BOOKED = text(
    """
    SELECT p.channel, p.mchid, p.transaction_id, p.order_no, p.amount_fen
    FROM unnest(CAST(:channels AS text[]), CAST(:mchids AS text[]), CAST(:transactions AS text[]))
         AS asked (channel, mchid, transaction_id)
    JOIN payment p USING (channel, mchid, transaction_id)
    """
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
_UNPARK = text(
    """
    UPDATE raw_notice SET state = 'RECEIVED', reason = NULL
    WHERE state = 'PARKED' AND transaction_id = ANY(CAST(:transactions AS text[]))
    """
)
_UNPARK_BOOKED = text(
    """
    UPDATE raw_notice n SET state = 'RECEIVED', reason = NULL
    WHERE n.state = 'PARKED' AND EXISTS (
        SELECT FROM payment p
        WHERE (p.channel, p.mchid, p.transaction_id) = (n.channel, n.mchid, n.transaction_id)
    )
    RETURNING n.id
    """
)
_RETRY = text(
    """
    UPDATE raw_notice SET state = 'RECEIVED', reason = NULL
    WHERE id = :id AND state = 'QUARANTINED' AND reason = ANY(CAST(:reasons AS text[])) RETURNING id
    """
)
_QUARANTINED = text(
    """
    SELECT id, channel, mchid, order_no, transaction_id, refund_no, amount_fen, currency, succeeded_at, reason, region
    FROM raw_notice
    WHERE state = 'QUARANTINED' AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment about to be written: the notice, its order if there is one, whose chain and where it belongs to."""

    id: UUID
    notice: PaidNotice
    order_id: UUID | None
    region: str
    actor: str
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One part of a payment, as recorded."""

    id: UUID
    payment_id: UUID
    credit: LineCredit
    actor: str
    correlation_id: UUID


async def claim(session: AsyncSession, limit: int) -> Sequence[Row[Any]]:
    """Take the oldest notices that nobody works on."""
    return (await session.execute(_CLAIM, {"limit": limit})).all()


async def waiting(session: AsyncSession, limit: int) -> Sequence[UUID]:
    """The oldest notices that are not worked yet; somebody may be working on them."""
    return (await session.execute(_WAITING, {"limit": limit})).scalars().all()


async def claim_one(session: AsyncSession, notice_id: UUID) -> Sequence[Row[Any]]:
    """Take this notice, unless somebody else works on it or has."""
    return (await session.execute(_CLAIM_ONE, {"id": notice_id})).all()


async def conclude(session: AsyncSession, outcomes: Mapping[UUID, tuple[str, str | None]]) -> None:
    """Say of notices what became of them, and why."""
    ids = sorted(outcomes)
    await session.execute(
        _CONCLUDE,
        {"ids": ids, "states": [outcomes[id_][0] for id_ in ids], "reasons": [outcomes[id_][1] for id_ in ids]},
    )


async def insert_payments(session: AsyncSession, attempts: Sequence[Attempt]) -> dict[UUID, UUID]:
    """Book transactions that are not booked yet; payment ids by notice, those booked before are missing."""
    rows = await session.execute(
        _INSERT_PAYMENTS,
        {
            "id": [one.id for one in attempts],
            "channel": [one.notice.channel for one in attempts],
            "mchid": [one.notice.mchid for one in attempts],
            "transaction_id": [one.notice.transaction_id for one in attempts],
            "order_id": [one.order_id for one in attempts],
            "order_no": [one.notice.order_no for one in attempts],
            "notice_id": [one.notice.id for one in attempts],
            "amount_fen": [one.notice.amount_fen for one in attempts],
            "paid_at": [one.notice.succeeded_at for one in attempts],
            "paid_on": [one.notice.paid_on for one in attempts],
            "region": [one.region for one in attempts],
            "actor": [one.actor for one in attempts],
            "correlation_id": [one.correlation_id for one in attempts],
        },
    )
    return {row.notice_id: row.id for row in rows}


async def booked(session: AsyncSession, notices: Sequence[PaidNotice]) -> dict[tuple[str, str, str], tuple[str, int]]:
    """Order number and amount under which transactions were booked; by (channel, merchant, transaction)."""
    rows = await session.execute(
        _BOOKED,
        {
            "channels": [notice.channel for notice in notices],
            "mchids": [notice.mchid for notice in notices],
            "transactions": [notice.transaction_id for notice in notices],
        },
    )
    return {(row.channel, row.mchid, row.transaction_id): (row.order_no, row.amount_fen) for row in rows}


async def insert_lines(session: AsyncSession, lines: Sequence[PaymentLine]) -> None:
    """Write the parts of payments."""
    whose = [one.credit.line for one in lines]
    await session.execute(
        _INSERT_LINES,
        {
            "id": [one.id for one in lines],
            "payment_id": [one.payment_id for one in lines],
            "bill_id": [one.credit.bill.id if one.credit.bill else None for one in lines],
            "enrolment_id": [line.enrolment_id for line in whose],
            "person_token": [line.person_token for line in whose],
            "benefit_year": [line.benefit_year for line in whose],
            "amount_fen": [one.credit.amount_fen for one in lines],
            "state": ["CREDITED" if one.credit.reason is None else "SUSPENDED" for one in lines],
            "region": [line.region for line in whose],
            "actor": [one.actor for one in lines],
            "correlation_id": [one.correlation_id for one in lines],
        },
    )


async def unpark(session: AsyncSession, transaction_ids: Sequence[str]) -> None:
    """Refund notices that came before their payment are looked at again."""
    await session.execute(_UNPARK, {"transactions": sorted(set(transaction_ids))})


async def unpark_booked(session: AsyncSession) -> int:
    """Refund notices that were parked while their payment was being booked are looked at again; returns how many."""
    return len((await session.execute(_UNPARK_BOOKED)).all())


async def retry(session: AsyncSession, notice_id: UUID, reasons: Sequence[str]) -> bool:
    """Put a notice that was quarantined for one of these reasons back into the queue; whether there was one."""
    found = await session.execute(_RETRY, {"id": notice_id, "reasons": list(reasons)})
    return found.one_or_none() is not None


async def quarantined(session: AsyncSession, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Notices in quarantine, oldest first."""
    return (await session.execute(_QUARANTINED, {"after": after, "limit": limit})).all()
