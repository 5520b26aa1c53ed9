"""Files of institutions: taken once, listed, and worked line by line. No other package writes this table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files.models import ChannelFile
from services.payment.channel_files.state import FileState
from shared.contracts.event import Trace
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class FileHead:
    """What is known of a file before a line of it is read."""

    id: UUID
    institution: str
    layout: str
    file_day: date
    content_hash: str
    content_bytes: int
    source: str
    signed_by: str
    region: str
    trace: Trace

    def values(self) -> dict[str, object]:
        """The columns of it."""
        names = ("id", "institution", "layout", "file_day", "content_hash", "content_bytes", "source", "signed_by")
        same = {name: getattr(self, name) for name in names}
        return same | {
            "region": self.region,
            "actor": self.trace.actor,
            "correlation_id": self.trace.correlation_id,
        }


_HEAD = (
    "id, institution, layout, file_day, content_hash, content_bytes, source, signed_by, region, actor, correlation_id"
)
_SAID = (
    ":id, :institution, :layout, :file_day, :content_hash, :content_bytes, :source, :signed_by, :region, :actor,"
    " :correlation_id"
)
_REFUSE = text(
    f"""
    INSERT INTO channel_file ({_HEAD}, accepted, state, fault, fault_detail, line_count, unread_count, paid_fen,
                              reversed_fen, open_fen)
    VALUES ({_SAID}, false, 'REFUSED', :fault, :fault_detail, 0, 0, 0, 0, 0)
    ON CONFLICT (institution, file_day, content_hash) DO NOTHING
    """  # noqa: S608 - constant parts
)
# The digest is over the lines as they stand, in their order, 5,000 at a time. Of a day one file counts: another
# one that came meanwhile keeps this one out.
_ACCEPT = text(
    f"""
    INSERT INTO channel_file ({_HEAD}, accepted, state, declared_count, declared_fen, line_count, unread_count,
                              paid_fen, reversed_fen, open_fen, lines_digest)
    SELECT {_SAID}, true, 'RECEIVED', :declared_count, CAST(:declared_fen AS bigint), lines, unread, paid, back,
           CAST(:declared_fen AS bigint)
           - CASE CAST(:total_of AS text) WHEN 'payments' THEN paid WHEN 'net' THEN paid - back ELSE paid + back END,
           CASE WHEN lines > 0 THEN sha256(digests) END
    FROM (
        SELECT coalesce(sum(lines), 0) AS lines, coalesce(sum(unread), 0) AS unread, coalesce(sum(paid), 0) AS paid,
               coalesce(sum(back), 0) AS back, string_agg(digest, ''::bytea ORDER BY place) AS digests
        FROM generate_series(0, CAST(:last_line AS integer) / 5000) AS place CROSS JOIN LATERAL (
            SELECT count(*) AS lines, count(fault) AS unread,
                   sum(amount_fen) FILTER (WHERE fault IS NULL AND kind = 'PAYMENT') AS paid,
                   sum(amount_fen) FILTER (WHERE fault IS NULL AND kind = 'REVERSAL') AS back,
                   sha256(string_agg(record_send(ROW(
                       line_no, institution, kind, sequence, business_date, original, original_on, happened_at, channel,
                       person_token, name_token, benefit_year, amount_fen, remitted_on, treasury_on, voucher_no, fault,
                       fault_field, region)), ''::bytea ORDER BY line_no)) AS digest
            FROM channel_file_line
            WHERE file_id = :id AND line_no >= place * 5000 AND line_no < (place + 1) * 5000
        ) AS piece
    ) AS whole
    ON CONFLICT DO NOTHING
    RETURNING id
    """  # noqa: S608 - constant parts
)
_SAME = select_into(
    ChannelFile,
    """
    SELECT {fields} FROM channel_file
    WHERE institution = :institution AND file_day = :file_day AND content_hash = :content_hash
    """,
)
_OF_DAY = select_into(
    ChannelFile, "SELECT {fields} FROM channel_file WHERE institution = :institution AND file_day = :day AND accepted"
)
_FIND = select_into(ChannelFile, "SELECT {fields} FROM channel_file WHERE id = :id")
_LISTED = select_into(
    ChannelFile,
    """
    SELECT {fields} FROM channel_file
    WHERE (CAST(:institution AS text) IS NULL OR institution = :institution)
      AND (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
)
_TAKE = select_into(
    ChannelFile,
    "SELECT {fields} FROM channel_file WHERE state = 'RECEIVED' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
)
_MOVE = text("UPDATE channel_file SET worked_through = :worked_through, state = :state WHERE id = :id")
_MISSING = text(
    """
    SELECT wanted.day FROM (
        SELECT CAST(day AS date) AS day FROM generate_series(
            greatest(CAST(:first AS date), CAST(:today AS date) - CAST(:back AS integer)), CAST(:today AS date) - 1,
            interval '1 day') AS day
    ) AS wanted
    WHERE NOT EXISTS (SELECT FROM channel_file f
                      WHERE f.institution = :institution AND f.file_day = wanted.day AND f.accepted)
    ORDER BY wanted.day LIMIT :back
    """
)


async def same(session: AsyncSession, head: FileHead) -> ChannelFile | None:
    """The same content of the same day, taken or refused before."""
    values = {"institution": head.institution, "file_day": head.file_day, "content_hash": head.content_hash}
    return await fetch_one(session, _SAME, ChannelFile, values)


async def of_day(session: AsyncSession, institution: str, day: date) -> ChannelFile | None:
    """The file that counts for an institution's day."""
    return await fetch_one(session, _OF_DAY, ChannelFile, {"institution": institution, "day": day})


async def refuse(session: AsyncSession, head: FileHead, fault: str, detail: str) -> None:
    """Name a file of which nothing counts."""
    await session.execute(_REFUSE, head.values() | {"fault": fault, "fault_detail": detail})


async def accept(
    session: AsyncSession,
    head: FileHead,
    *,
    declared_count: int,
    declared_fen: int,
    total_of: str,
    last_line: int,
) -> bool:
    """Let a file count whose lines stand; False where another one of the day has come meanwhile."""
    values = {
        "declared_count": declared_count,
        "declared_fen": declared_fen,
        "total_of": total_of,
        "last_line": last_line,
    }
    return (await session.execute(_ACCEPT, head.values() | values)).one_or_none() is not None


async def find(session: AsyncSession, file_id: UUID) -> ChannelFile | None:
    """A file by its id."""
    return await fetch_one(session, _FIND, ChannelFile, {"id": file_id})


async def listed(
    session: AsyncSession, *, institution: str | None, state: FileState | None, after: UUID | None, limit: int
) -> list[ChannelFile]:
    """Files in the order in which they came."""
    asked = {"institution": institution, "state": state and state.value, "after": after, "limit": limit}
    return await fetch_all(session, _LISTED, ChannelFile, asked)


async def take(session: AsyncSession) -> ChannelFile | None:
    """The oldest file whose lines are to be worked, held for this worker alone."""
    return await fetch_one(session, _TAKE, ChannelFile)


async def move(session: AsyncSession, file_id: UUID, worked_through: int, state: FileState) -> None:
    """Note how far a held file is worked."""
    await session.execute(_MOVE, {"id": file_id, "worked_through": worked_through, "state": state.value})


async def days_without(
    session: AsyncSession, institution: str, first: date, today: date, *, back: int
) -> Sequence[date]:
    """Days from ``first`` up to yesterday, at most so many back, for which no file counts yet."""
    asked = {"institution": institution, "first": first, "today": today, "back": back}
    return list((await session.execute(_MISSING, asked)).scalars())
