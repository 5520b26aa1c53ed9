"""Notices in quarantine: listed, summed, closed and taken up again, put back into the queue, or read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, NoticeSource, VerifiedNotice
from services.payment.notices.repository import NOTICE_COLUMNS, ORDER_OF_NOTICE, UNPAID_SUCCESS
from shared.database.bulk import insert_rows
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class _Uncredited:
    """An authentic notice that was not credited, and why."""

    id: UUID
    channel: str
    merchant_id: str
    notify_id: str
    event_type: str
    payee_merchant_id: str | None
    payee_provider_id: str | None
    order_no: str | None
    transaction_id: str | None
    refund_no: str | None
    amount_fen: int | None
    currency: str | None
    succeeded_at: datetime | None
    reason: str
    region: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantinedNotice(_Uncredited):
    """One that waits, and the proposal to close it, if there is one."""

    closing: UUID | None


@dataclass(frozen=True, slots=True)
class ClosedNotice(_Uncredited):
    """One that two people closed, and who they were."""

    closed_by: UUID
    closed_on: date
    proposed_by: str
    approved_by: str


@dataclass(frozen=True, slots=True)
class DecidableNotice:
    """A notice about which two people decide, and whether it is money of ours that is credited to nobody."""

    id: UUID
    channel: str
    notify_id: str
    order_no: str | None
    transaction_id: str | None
    amount_fen: int | None
    state: str
    reason: str | None
    region: str
    money_at_risk: bool


@dataclass(frozen=True, slots=True)
class QuarantinedFigures:
    """Notices in quarantine for one reason, and what they are worth in fen as far as it is known."""

    reason: str
    notices: int
    fen: int


def _kept_of(
    channel: str,
    merchant_id: str,
    notify_id: str,
    event_type: str,
    region: str,
    correlation_id: UUID,
    source: str,
    envelope: bytes,
    serial: str,
    signed_at: datetime,
) -> VerifiedNotice:
    """A notice that could not be read, with the message that it came in."""
    notice = ChannelNotice(
        kind=NoticeKind.UNREADABLE,
        channel=channel,
        merchant_id=merchant_id,
        region=region,
        notify_id=notify_id,
        event_type=event_type,
        correlation_id=correlation_id,
    )
    return VerifiedNotice(notice, Evidence(NoticeSource(source), envelope, serial, signed_at))


_RETRY = text(
    """
    UPDATE raw_notice SET state = 'RECEIVED', reason = NULL
    WHERE id = :id AND state = 'QUARANTINED' AND reason = ANY(CAST(:reasons AS text[])) RETURNING id
    """
)
_UNREAD = select_into(
    _kept_of,
    """
    SELECT {fields} FROM raw_notice
    WHERE id = :id AND state = 'QUARANTINED' AND reason = 'UNREADABLE' FOR UPDATE
    """,
)
_ADD = insert_rows("raw_notice", NOTICE_COLUMNS)
_REPLACED = text("UPDATE raw_notice SET state = 'IGNORED', reason = 'READ_AGAIN' WHERE id = :id")
_QUARANTINED = select_into(
    QuarantinedNotice,
    """
    SELECT {fields} FROM raw_notice n
    WHERE n.state = 'QUARANTINED' AND n.id > {after}
    ORDER BY n.id LIMIT :limit
    """,
    closing="(SELECT a.id FROM approval a"
    " WHERE a.act = 'close_notice' AND a.subject = n.id::text AND a.state = 'WAITING')",
)
_CLOSED = select_into(
    ClosedNotice,
    """
    SELECT {fields}
    FROM approval a CROSS JOIN LATERAL (
        SELECT * FROM raw_notice
        WHERE id = CAST(a.subject AS uuid) AND closed_by = a.id AND state = 'CLOSED' LIMIT 1
    ) AS n
    WHERE a.act = 'close_notice' AND a.state = 'APPROVED' AND a.id > {after}
    ORDER BY a.id LIMIT :limit
    """,
    id="n.id",
    region="n.region",
    reason="n.reason",
    recorded_at="n.recorded_at",
    closed_on="a.decided_on",
    proposed_by="a.proposed_by",
    approved_by="a.decided_by",
)
_LOCK = select_into(
    DecidableNotice,
    "SELECT {fields} FROM raw_notice n WHERE n.id = :id FOR UPDATE",
    money_at_risk=f"EXISTS (SELECT FROM payment_order o WHERE {ORDER_OF_NOTICE} AND {UNPAID_SUCCESS})",
)
_CLOSE = text("UPDATE raw_notice SET state = 'CLOSED', closed_by = :closed_by WHERE id = :id")
_REOPEN = text("UPDATE raw_notice SET state = 'QUARANTINED', closed_by = NULL WHERE id = :id")
# Another currency's amount is no yuan, and is added to nothing.
_FIGURES = select_into(
    QuarantinedFigures,
    """
    SELECT {fields} FROM (
        SELECT reason, count(*) AS notices,
               coalesce(sum(amount_fen) FILTER (WHERE currency IS NULL OR currency = 'CNY'), 0)::bigint AS fen
        FROM raw_notice WHERE state = 'QUARANTINED' GROUP BY reason
    ) AS piles
    """,
)


async def retry(session: AsyncSession, notice_id: UUID, reasons: Sequence[str]) -> bool:
    """Put a notice that was quarantined for one of these reasons back into the queue; whether there was one."""
    found = await session.execute(_RETRY, {"id": notice_id, "reasons": list(reasons)})
    return found.one_or_none() is not None


async def lock_unread(session: AsyncSession, notice_id: UUID) -> VerifiedNotice | None:
    """A notice that is in quarantine because it could not be read, with the message as it came; else None."""
    return await fetch_one(session, _UNREAD, _kept_of, {"id": notice_id})


async def replace_by(session: AsyncSession, unread_id: UUID, read: VerifiedNotice) -> None:
    """Let a later reading of the same message take the place of one that could not be read; both are kept."""
    await session.execute(_ADD, NOTICE_COLUMNS.arrays([read]))
    await session.execute(_REPLACED, {"id": unread_id})


async def quarantined(session: AsyncSession, *, after: UUID | None, limit: int) -> list[QuarantinedNotice]:
    """Notices in quarantine, oldest first."""
    return await fetch_all(session, _QUARANTINED, QuarantinedNotice, {"after": after, "limit": limit})


async def quarantined_figures(session: AsyncSession) -> list[QuarantinedFigures]:
    """What is in quarantine, by reason."""
    return await fetch_all(session, _FIGURES, QuarantinedFigures)


async def lock(session: AsyncSession, notice_id: UUID) -> DecidableNotice | None:
    """A notice to be decided about, held until the transaction ends."""
    return await fetch_one(session, _LOCK, DecidableNotice, {"id": notice_id})


async def close(session: AsyncSession, notice_id: UUID, approval_id: UUID) -> None:
    """Close a locked notice, by an approval; its reason stays."""
    await session.execute(_CLOSE, {"id": notice_id, "closed_by": approval_id})


async def reopen(session: AsyncSession, notice_id: UUID) -> None:
    """Put a locked notice that was closed back into quarantine."""
    await session.execute(_REOPEN, {"id": notice_id})


async def closed(session: AsyncSession, *, after: UUID | None, limit: int) -> list[ClosedNotice]:
    """Notices that are closed, in the order of the proposals to close them."""
    return await fetch_all(session, _CLOSED, ClosedNotice, {"after": after, "limit": limit})
