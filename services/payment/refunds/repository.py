"""Reading, locking and writing refunds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.refunds.state import NewRefund, Refund, RefundState, asked_under, refund_no
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, update_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class DueRefund:
    """A refund to ask the channel about now, and whether it was asked before."""

    refund: Refund
    asked_before: bool


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """What became of a locked refund: its day where it was paid, else why not, and its number at the channel."""

    id: UUID
    state: RefundState
    refunded_on: date | None
    failure: str | None
    channel_refund_id: str | None


@dataclass(frozen=True, slots=True)
class UnsettledRefunds:
    """Approved refunds of one merchant that its channel has not settled yet, and what they are worth in fen."""

    channel: str
    merchant_id: str
    refunds: int
    fen: int


@dataclass(frozen=True, slots=True)
class ListedRefund:
    """A refund in a list."""

    id: UUID
    suspense_id: UUID
    refund_no: str
    channel: str
    merchant_id: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    state: str
    requested_on: date
    approved_by: str | None
    approved_on: date | None
    failure: str | None
    refunded_on: date | None
    channel_refund_id: str | None


@dataclass(frozen=True, slots=True)
class _RefundRow:
    """A refund's columns, and the person of the suspended money."""

    id: UUID
    suspense_id: UUID
    refund_no: str
    attempt: int
    channel: str
    merchant_id: str
    transaction_id: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    amount_fen: int
    paid_fen: int
    reason: str
    state: str
    suspended_on: date
    region: str
    actor: str
    correlation_id: UUID

    def refund(self) -> Refund:
        """The refund that the row holds."""
        return Refund(
            id=self.id,
            suspense_id=self.suspense_id,
            refund_no=self.refund_no,
            attempt=self.attempt,
            channel=self.channel,
            merchant_id=self.merchant_id,
            transaction_id=self.transaction_id,
            amount_fen=self.amount_fen,
            paid_fen=self.paid_fen,
            reason=self.reason,
            state=RefundState(self.state),
            received_on=self.suspended_on,
            dimensions=Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year),
            trace=Trace(self.actor, self.correlation_id),
        )


@dataclass(frozen=True, slots=True)
class _DueRow(_RefundRow):
    """The same, and whether the channel was asked for it before."""

    asked_before: bool


_REQUESTED = ColumnMap[NewRefund](
    {
        "id": "uuid",
        "suspense_id": "uuid",
        "refund_no": ("text", lambda refund: refund_no(refund.id, 1)),
        "requested_on": "date",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_OUTCOMES = ColumnMap[RefundOutcome](
    {"id": "uuid", "state": "text", "refunded_on": "date", "failure": "text", "channel_refund_id": "text"}
)
_INSERT = _REQUESTED.statement(
    """
    INSERT INTO refund (id, suspense_id, refund_no, channel, merchant_id, transaction_id, enrolment_id, benefit_year,
                        amount_fen, paid_fen, reason, state, requested_on, region, actor, correlation_id)
    SELECT n.id, s.id, n.refund_no, s.channel, s.merchant_id, s.transaction_id, s.enrolment_id, s.benefit_year,
           s.amount_fen, s.paid_fen, s.reason, 'REQUESTED', n.requested_on, s.region, n.actor, n.correlation_id
    FROM {rows}
    JOIN suspense s ON s.id = n.suspense_id AND s.state = 'HELD'
    ORDER BY s.id
    ON CONFLICT (suspense_id) DO NOTHING
    """
)
# Two people decide otherwise about its money; one that was approved is on its way and stays.
_WITHDRAW = text("UPDATE refund SET state = 'WITHDRAWN' WHERE suspense_id = :suspense_id AND state = 'REQUESTED'")
_OF_SUSPENSE = text("SELECT id FROM refund WHERE suspense_id = :suspense_id")
_LOCK = select_into(
    _RefundRow,
    """
    SELECT {fields} FROM refund r
    JOIN (SELECT id AS suspense_id, person_token, suspended_on FROM suspense) AS s USING (suspense_id)
    WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE OF r
    """,
)
# By the number that a refund has now, and by the refund that any of our numbers names: while this waits for the row,
# another attempt may give it the next number, and it must not be taken for one that does not exist.
_LOCK_BY_NUMBER = select_into(
    _RefundRow,
    """
    SELECT {fields} FROM refund r
    JOIN (SELECT id AS suspense_id, person_token, suspended_on FROM suspense) AS s USING (suspense_id)
    WHERE refund_no = ANY(CAST(:numbers AS text[])) OR id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE OF r
    """,
)
_APPROVE = text(
    """
    UPDATE refund SET state = 'APPROVED', refund_no = :refund_no, attempt = :attempt, approved_by = :approved_by,
                      approved_on = :day, asked_at = NULL, failure = NULL, channel_refund_id = NULL
    WHERE id = :id
    """
)
# Noted as asked before it is asked: a crash in between only means that the same number is asked again.
_TAKE = select_into(
    _DueRow,
    """
    WITH due AS (
        SELECT id, asked_at IS NOT NULL AS asked_before FROM refund
        WHERE merchant_id = ANY(CAST(:merchants AS text[]))
          AND (state = 'APPROVED'
           OR (state = 'ASKED' AND failure IS NULL AND asked_at < now() - make_interval(secs => :again_after_s))
           OR (state = 'ASKED' AND asked_at < now() - make_interval(secs => 10 * :again_after_s))
           OR (state = 'ABNORMAL' AND asked_at < now() - make_interval(secs => 60 * :again_after_s)))
        ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE refund SET state = CASE state WHEN 'APPROVED' THEN 'ASKED' ELSE state END, asked_at = now(),
                          failure = CASE state WHEN 'ASKED' THEN NULL ELSE failure END
        FROM due WHERE refund.id = due.id RETURNING refund.id
    )
    SELECT {fields} FROM taken JOIN due USING (id) JOIN refund r USING (id)
    JOIN (SELECT id AS suspense_id, person_token, suspended_on FROM suspense) AS s USING (suspense_id) ORDER BY id
    """,
)
_NOTE_REFUSAL = text("UPDATE refund SET failure = :failure WHERE id = :id AND state = 'ASKED'")
_RETRY_NOW = text("UPDATE refund SET asked_at = '-infinity' WHERE id = :id AND state = 'ASKED' AND failure IS NOT NULL")
# Of the attempt that was asked: meanwhile another one may have been approved.
_NOTE_CHANNEL_ID = text(
    """
    UPDATE refund SET channel_refund_id = :channel_refund_id
    WHERE id = :id AND refund_no = :refund_no AND channel_refund_id IS DISTINCT FROM :channel_refund_id
    """
)
_CONCLUDE = update_rows(
    "refund", _OUTCOMES, key="id", sets={"channel_refund_id": "coalesce(n.channel_refund_id, refund.channel_refund_id)"}
)
_LIST = select_into(
    ListedRefund,
    """
    SELECT {fields} FROM refund
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)
_UNSETTLED = select_into(
    UnsettledRefunds,
    """
    SELECT {fields} FROM (
        SELECT channel, merchant_id, count(*) AS refunds, sum(amount_fen)::bigint AS fen FROM refund
        WHERE state IN ('APPROVED', 'ASKED', 'ABNORMAL') GROUP BY channel, merchant_id
    ) AS waiting ORDER BY channel, merchant_id
    """,
)


async def insert(session: AsyncSession, requests: Sequence[NewRefund]) -> None:
    """Put held money forward for refund; what has been put forward before stays as it is."""
    await session.execute(_INSERT, _REQUESTED.arrays(requests))


async def of_suspense(session: AsyncSession, suspense_id: UUID) -> UUID | None:
    """The refund of a suspended item, if there is one."""
    found: UUID | None = (await session.execute(_OF_SUSPENSE, {"suspense_id": suspense_id})).scalar_one_or_none()
    return found


async def withdraw(session: AsyncSession, suspense_id: UUID) -> None:
    """Withdraw what was put forward for refund of a suspended item and not approved."""
    await session.execute(_WITHDRAW, {"suspense_id": suspense_id})


async def lock(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Refund]:
    """Lock refunds, sorted; by id."""
    rows = await fetch_all(session, _LOCK, _RefundRow, {"ids": sorted(ids)})
    return {row.id: row.refund() for row in rows}


async def lock_by_numbers(session: AsyncSession, numbers: Sequence[str]) -> list[Refund]:
    """Lock the refunds that these numbers at the channel stand for, now or at an earlier attempt; sorted."""
    ids = {named[0] for number in numbers if (named := asked_under(number)) is not None}
    values = {"numbers": sorted(set(numbers)), "ids": sorted(ids)}
    return [row.refund() for row in await fetch_all(session, _LOCK_BY_NUMBER, _RefundRow, values)]


async def approve(session: AsyncSession, refund: Refund, *, attempt: int, approved_by: str, day: date) -> None:
    """Let a locked refund go to the channel."""
    number = refund_no(refund.id, attempt)
    parameters = {"id": refund.id, "refund_no": number, "attempt": attempt, "approved_by": approved_by, "day": day}
    await session.execute(_APPROVE, parameters)


async def take_due(
    session: AsyncSession, merchants: Collection[str], *, again_after_s: float, limit: int
) -> list[DueRefund]:
    """Refunds of these merchants to ask the channel about now."""
    values = {"merchants": sorted(merchants), "again_after_s": again_after_s, "limit": limit}
    rows = await fetch_all(session, _TAKE, _DueRow, values)
    return [DueRefund(row.refund(), row.asked_before) for row in rows]


async def note_refusal(session: AsyncSession, refund_id: UUID, failure: str) -> None:
    """Keep why the channel would not take a refund that is still to be asked."""
    await session.execute(_NOTE_REFUSAL, {"id": refund_id, "failure": failure})


async def note_channel_id(session: AsyncSession, refund: Refund, channel_refund_id: str) -> None:
    """Keep the channel's own number of a refund, by which its bills name it."""
    values = {"id": refund.id, "refund_no": refund.refund_no, "channel_refund_id": channel_refund_id}
    await session.execute(_NOTE_CHANNEL_ID, values)


async def retry_now(session: AsyncSession, refund_id: UUID) -> None:
    """Ask about a refund that the channel refused without waiting for its next turn."""
    await session.execute(_RETRY_NOW, {"id": refund_id})


async def conclude(session: AsyncSession, outcomes: Sequence[RefundOutcome]) -> None:
    """Write what became of locked refunds."""
    if outcomes:
        await session.execute(_CONCLUDE, _OUTCOMES.arrays(outcomes))


async def listed(
    session: AsyncSession, *, state: RefundState | None, after: UUID | None, limit: int
) -> list[ListedRefund]:
    """Refunds, oldest first."""
    parameters = {"state": state.value if state else None, "after": after, "limit": limit}
    return await fetch_all(session, _LIST, ListedRefund, parameters)


async def unsettled(session: AsyncSession) -> list[UnsettledRefunds]:
    """Approved refunds that are not settled yet, by merchant."""
    return await fetch_all(session, _UNSETTLED, UnsettledRefunds)
