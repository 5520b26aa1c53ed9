"""Notices in quarantine: listed, summed, put back into the queue, or replaced by a later reading of their message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, NoticeSource, VerifiedNotice
from services.payment.notices.repository import NOTICE_COLUMNS
from shared.database.bulk import insert_rows
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class QuarantinedNotice:
    """A notice in quarantine, and why."""

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
    SELECT {fields} FROM raw_notice
    WHERE state = 'QUARANTINED' AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)
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
