"""Reading, locking and writing refunds."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.refunds.state import NewRefund, Refund, RefundState, refund_no
from shared.contracts.event import Trace
from shared.domain.ids import new_id

_COLUMNS = """r.id, r.suspense_id, r.refund_no, r.attempt, r.channel, r.merchant_id, r.transaction_id, r.enrolment_id,
              s.person_token, r.benefit_year, r.amount_fen, r.paid_fen, r.reason, r.state, r.region, r.actor,
              r.correlation_id"""

_INSERT = text(
    """
    INSERT INTO refund (id, suspense_id, refund_no, channel, merchant_id, transaction_id, enrolment_id, benefit_year,
                        amount_fen, paid_fen, reason, state, requested_on, region, actor, correlation_id)
    SELECT asked.id, s.id, asked.refund_no, s.channel, s.merchant_id, s.transaction_id, s.enrolment_id, s.benefit_year,
           s.amount_fen, s.paid_fen, s.reason, 'REQUESTED', asked.requested_on, s.region, asked.actor,
           asked.correlation_id
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:suspense_ids AS uuid[]), CAST(:refund_nos AS text[]), CAST(:days AS date[]),
             CAST(:actors AS text[]), CAST(:correlations AS uuid[])
         ) AS asked (id, suspense_id, refund_no, requested_on, actor, correlation_id)
    JOIN suspense s ON s.id = asked.suspense_id AND s.state = 'HELD'
    ORDER BY s.id
    ON CONFLICT (suspense_id) DO NOTHING
    """
)
_OF_SUSPENSE = text("SELECT id FROM refund WHERE suspense_id = :suspense_id")
_LOCK = text(
    f"""
    SELECT {_COLUMNS} FROM refund r JOIN suspense s ON s.id = r.suspense_id
    WHERE r.id = ANY(CAST(:ids AS uuid[])) ORDER BY r.id FOR UPDATE OF r
    """  # noqa: S608 - constant columns
)
_LOCK_BY_NUMBER = text(
    f"""
    SELECT {_COLUMNS} FROM refund r JOIN suspense s ON s.id = r.suspense_id
    WHERE r.refund_no = ANY(CAST(:numbers AS text[])) ORDER BY r.id FOR UPDATE OF r
    """  # noqa: S608
)
_APPROVE = text(
    """
    UPDATE refund SET state = 'APPROVED', refund_no = :refund_no, attempt = :attempt, approved_by = :approved_by,
                      approved_on = :day, asked_at = NULL, failure = NULL
    WHERE id = :id
    """
)
# Noted as asked before it is asked: a crash in between only means that the same number is asked again.
_TAKE = text(
    f"""
    WITH due AS (
        SELECT id, asked_at IS NOT NULL AS asked_before FROM refund
        WHERE state = 'APPROVED'
           OR (state = 'ASKED' AND failure IS NULL AND asked_at < now() - make_interval(secs => :again_after_s))
           OR (state = 'ASKED' AND asked_at < now() - make_interval(secs => 10 * :again_after_s))
           OR (state = 'ABNORMAL' AND asked_at < now() - make_interval(secs => 60 * :again_after_s))
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE refund SET state = CASE state WHEN 'APPROVED' THEN 'ASKED' ELSE state END, asked_at = now(),
                          failure = CASE state WHEN 'ASKED' THEN NULL ELSE failure END
        FROM due WHERE refund.id = due.id RETURNING refund.id
    )
    SELECT {_COLUMNS}, due.asked_before FROM taken JOIN due USING (id) JOIN refund r USING (id)
    JOIN suspense s ON s.id = r.suspense_id ORDER BY r.id
    """  # noqa: S608
)
_NOTE_REFUSAL = text("UPDATE refund SET failure = :failure WHERE id = :id AND state = 'ASKED'")
_HASTEN = text("UPDATE refund SET asked_at = '-infinity' WHERE id = :id AND state = 'ASKED' AND failure IS NOT NULL")
_CONCLUDE = text(
    """
    UPDATE refund SET state = done.state, refunded_on = done.refunded_on, failure = done.failure
    FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:days AS date[]), CAST(:failures AS text[]))
         AS done (id, state, refunded_on, failure)
    WHERE refund.id = done.id
    """
)
_LIST = text(
    """
    SELECT id, suspense_id, refund_no, channel, merchant_id, transaction_id, enrolment_id, benefit_year, region,
           amount_fen, reason, state, requested_on, approved_by, approved_on, failure, refunded_on
    FROM refund
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)


async def insert(session: AsyncSession, requests: Sequence[NewRefund]) -> None:
    """Put held money forward for refund; what has been put forward before stays as it is."""
    ids = [new_id() for _ in requests]
    await session.execute(
        _INSERT,
        {
            "ids": ids,
            "suspense_ids": [request.suspense_id for request in requests],
            "refund_nos": [refund_no(id_, 1) for id_ in ids],
            "days": [request.requested_on for request in requests],
            "actors": [request.trace.actor for request in requests],
            "correlations": [request.trace.correlation_id for request in requests],
        },
    )


async def of_suspense(session: AsyncSession, suspense_id: UUID) -> UUID | None:
    """The refund of a suspended item, if there is one."""
    found: UUID | None = (await session.execute(_OF_SUSPENSE, {"suspense_id": suspense_id})).scalar_one_or_none()
    return found


async def lock(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Refund]:
    """Lock refunds, sorted; by id."""
    rows = await session.execute(_LOCK, {"ids": sorted(ids)})
    return {row.id: _refund(row) for row in rows}


async def lock_by_number(session: AsyncSession, numbers: Sequence[str]) -> dict[str, Refund]:
    """Lock refunds, sorted; by their number at the channel."""
    rows = await session.execute(_LOCK_BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {row.refund_no: _refund(row) for row in rows}


async def approve(session: AsyncSession, refund: Refund, *, attempt: int, approved_by: str, day: date) -> None:
    """Let a locked refund go to the channel."""
    number = refund_no(refund.id, attempt)
    parameters = {"id": refund.id, "refund_no": number, "attempt": attempt, "approved_by": approved_by, "day": day}
    await session.execute(_APPROVE, parameters)


async def take_due(session: AsyncSession, *, again_after_s: float, limit: int) -> list[tuple[Refund, bool]]:
    """Refunds to ask the channel about now, each with whether it was asked before."""
    rows = await session.execute(_TAKE, {"again_after_s": again_after_s, "limit": limit})
    return [(_refund(row), row.asked_before) for row in rows]


async def note_refusal(session: AsyncSession, refund_id: UUID, failure: str) -> None:
    """Keep why the channel would not take a refund that is still to be asked."""
    await session.execute(_NOTE_REFUSAL, {"id": refund_id, "failure": failure})


async def retry_now(session: AsyncSession, refund_id: UUID) -> None:
    """Ask about a refund that the channel refused without waiting for its next turn."""
    await session.execute(_HASTEN, {"id": refund_id})


async def conclude(
    session: AsyncSession, outcomes: Sequence[tuple[UUID, RefundState, date | None, str | None]]
) -> None:
    """Write what became of locked refunds: state, day of payment, failure."""
    if not outcomes:
        return
    ids, states, days, failures = zip(*outcomes, strict=True)
    parameters = {"ids": list(ids), "states": [state.value for state in states], "days": list(days)}
    await session.execute(_CONCLUDE, {**parameters, "failures": list(failures)})


async def listed(
    session: AsyncSession, *, state: RefundState | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Refunds, oldest first."""
    parameters = {"state": state.value if state else None, "after": after, "limit": limit}
    return (await session.execute(_LIST, parameters)).all()


def _refund(row: Row[Any]) -> Refund:
    return Refund(
        id=row.id,
        suspense_id=row.suspense_id,
        refund_no=row.refund_no,
        attempt=row.attempt,
        channel=row.channel,
        merchant_id=row.merchant_id,
        transaction_id=row.transaction_id,
        amount_fen=row.amount_fen,
        paid_fen=row.paid_fen,
        reason=row.reason,
        state=RefundState(row.state),
        dimensions=Dimensions(row.region, row.enrolment_id, row.person_token, row.benefit_year),
        trace=Trace(row.actor, row.correlation_id),
    )
