"""The lines of institutions' files: written in portions, worked in portions. No other package writes this table."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files.models import ListedLine, NewLine, WaitingLine, WorkedLine
from services.payment.channel_files.state import LineState
from shared.database.bulk import ColumnMap, insert_rows, update_rows
from shared.database.row import fetch_all, select_into

_NEW = ColumnMap[NewLine](
    {
        "line_no": "integer",
        "kind": "text",
        "sequence": "text",
        "business_date": "date",
        "original": "text",
        "original_on": "date",
        "happened_at": "timestamptz",
        "channel": "text",
        "person_token": "text",
        "name_token": "text",
        "benefit_year": "integer",
        "amount_fen": "bigint",
        "remitted_on": "date",
        "treasury_on": "date",
        "voucher_no": "text",
        "fault": "text",
        "fault_field": "text",
        "state": ("text", lambda line: "WAITING" if line.fault is None else "UNREAD"),
    }
)
_WORKED = ColumnMap[WorkedLine]({"line_no": "integer", "state": "text", "reason": "text", "repeated": "boolean"})
_ADD = insert_rows("channel_file_line", _NEW, given={"file_id": "uuid", "institution": "text", "region": "text"})
# The first line under a number counts; what repeats or contradicts it within one file its institution has to explain.
_TWICE = text(
    """
    UPDATE channel_file_line l SET state = 'UNREAD', fault = 'SEQUENCE_TWICE', fault_field = ''
    WHERE l.file_id = :file_id AND l.fault IS NULL AND EXISTS (
        SELECT FROM channel_file_line f
        WHERE f.institution = l.institution AND f.business_date = l.business_date AND f.sequence = l.sequence
          AND f.file_id = l.file_id AND f.kind = l.kind AND f.line_no < l.line_no AND f.fault IS NULL)
    """
)
_WAITING = select_into(
    WaitingLine,
    """
    SELECT {fields} FROM channel_file_line
    WHERE file_id = :file_id AND line_no > :after AND state = 'WAITING' ORDER BY line_no LIMIT :limit
    """,
)
_CONCLUDE = update_rows(
    "channel_file_line", _WORKED, key="line_no", where="channel_file_line.file_id = CAST(:file_id AS uuid)"
)
_LISTED = select_into(
    ListedLine,
    """
    SELECT {fields} FROM channel_file_line
    WHERE file_id = :file_id AND line_no > :after AND (CAST(:state AS text) IS NULL OR state = :state)
    ORDER BY line_no LIMIT :limit
    """,
)


async def add(session: AsyncSession, file_id: UUID, institution: str, region: str, lines: Sequence[NewLine]) -> None:
    """Write lines of a file that is being read."""
    values = {"file_id": file_id, "institution": institution, "region": region}
    await session.execute(_ADD, _NEW.arrays(lines) | values)


async def set_repeated_aside(session: AsyncSession, file_id: UUID) -> None:
    """Name lines whose number stands in the same file before."""
    await session.execute(_TWICE, {"file_id": file_id})


async def waiting(session: AsyncSession, file_id: UUID, after: int, limit: int) -> list[WaitingLine]:
    """The next lines to be worked."""
    return await fetch_all(session, _WAITING, WaitingLine, {"file_id": file_id, "after": after, "limit": limit})


async def conclude(session: AsyncSession, file_id: UUID, lines: Sequence[WorkedLine]) -> None:
    """Note what became of lines of a held file."""
    await session.execute(_CONCLUDE, _WORKED.arrays(lines) | {"file_id": file_id})


async def listed(
    session: AsyncSession, file_id: UUID, *, state: LineState | None, after: int, limit: int
) -> list[ListedLine]:
    """Lines in the file's order."""
    asked = {"file_id": file_id, "state": state and state.value, "after": after, "limit": limit}
    return await fetch_all(session, _LISTED, ListedLine, asked)
