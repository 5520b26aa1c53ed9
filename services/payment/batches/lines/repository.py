"""The lines of remittance batches: added, moved, numbered and copied, a stretch at a time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.models import Batch, RemittanceLine
from services.payment.batches.state import MoneyLocation
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into

_NUMBERED_AT_ONCE = 10_000  # lines per statement

LINES_AT_ONCE = 500  # lines per statement and per stretch of the event loop

_LINES = ColumnMap[RemittanceLine](
    {
        "batch_id": "uuid",
        "enrolment_id": "uuid",
        "source_id": "uuid",
        "person_token": "text",
        "benefit_year": "integer",
        "region": "text",
        "amount_fen": "bigint",
        "receipt_no": "text",
        "actor": "text",
        "correlation_id": "uuid",
    }
)

_LINES_OF = select_into(
    RemittanceLine,
    """
    SELECT {fields} FROM remittance_line
    WHERE batch_id = :batch_id AND enrolment_id > {after}
    ORDER BY enrolment_id LIMIT :limit
    """,
)

_SUM_LINES = text("SELECT count(*), coalesce(sum(amount_fen), 0) FROM remittance_line WHERE batch_id = :batch_id")

_MOVE_LINES = text(
    """
    UPDATE remittance_line SET place = :place
    WHERE batch_id = :batch_id AND enrolment_id BETWEEN :first AND :last
    """
)

# From the transaction's own table of the tax bureau's lines.
_NUMBER_LINES = text(
    """
    UPDATE remittance_line l SET tax_line_no = t.line_no
    FROM tax_detail t
    WHERE t.place BETWEEN :first AND :last AND l.batch_id = :batch_id AND l.enrolment_id = t.enrolment_id
    """
)
# The same from the lines of a fetch.
_NUMBER_FETCHED_LINES = text(
    """
    UPDATE remittance_line l SET tax_line_no = t.line_no
    FROM detail_line t
    WHERE t.fetch_id = :fetch_id AND t.place >= :first AND t.place < :beyond
      AND l.batch_id = :batch_id AND l.enrolment_id = t.enrolment_id
    """
)

_COPY_LINES = text(
    """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 receipt_no, actor, correlation_id)
    SELECT :new_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen, receipt_no, actor,
           correlation_id
    FROM remittance_line WHERE batch_id = :batch_id AND enrolment_id BETWEEN :first AND :last ORDER BY enrolment_id
    """
)

_ADD_LINES = insert_rows("remittance_line", _LINES, order_by="n.enrolment_id")


async def lines_of(
    session: AsyncSession, batch_id: UUID, *, after: UUID | None = None, limit: int
) -> list[RemittanceLine]:
    """A page of a batch's lines by enrolment; callers of other regions see only their own."""
    asked = {"batch_id": batch_id, "after": after, "limit": limit}
    return await fetch_all(session, _LINES_OF, RemittanceLine, asked)


async def refuse_other_lines(session: AsyncSession, batch: Batch) -> None:
    """Raise where the lines are not what the batch declares."""
    found = (await session.execute(_SUM_LINES, {"batch_id": batch.id})).one()
    if tuple(found) != (batch.line_count, batch.amount_fen):
        count, fen = found
        raise RuntimeError(
            f"batch {batch.id}: {count} lines of {fen} fen, not {batch.line_count} of {batch.amount_fen}"
        )


async def move_lines(session: AsyncSession, lines: Sequence[RemittanceLine], place: MoneyLocation) -> None:
    """Record where the money of these lines of one batch is now; between the first and the last there is no other."""
    await session.execute(_MOVE_LINES, _stretch(lines) | {"place": place.value})


async def number_lines(session: AsyncSession, batch_id: UUID, lines: int) -> None:
    """Note the tax bureau's number (缴费明细流水号) on each line, from so many that it reported."""
    for first in range(0, lines, _NUMBERED_AT_ONCE):
        stretch = {"batch_id": batch_id, "first": first, "last": first + _NUMBERED_AT_ONCE - 1}
        await session.execute(_NUMBER_LINES, stretch)


async def number_fetched_lines(session: AsyncSession, batch_id: UUID, fetch_id: UUID, first: int, beyond: int) -> None:
    """The same for a stretch of the lines that a fetch keeps."""
    stretch = {"batch_id": batch_id, "fetch_id": fetch_id, "first": first, "beyond": beyond}
    await session.execute(_NUMBER_FETCHED_LINES, stretch)


async def copy_lines(session: AsyncSession, lines: Sequence[RemittanceLine], new_id: UUID) -> None:
    """Put these lines of a returned batch into the one that takes its place; none lies between first and last."""
    await session.execute(_COPY_LINES, _stretch(lines) | {"new_id": new_id})


async def add_lines(session: AsyncSession, lines: Sequence[RemittanceLine]) -> None:
    """Put paid contributions into a batch; one that already is on its way violates ``remittance_line_once``."""
    if lines:
        await session.execute(_ADD_LINES, _LINES.arrays(lines))


def _stretch(lines: Sequence[RemittanceLine]) -> dict[str, UUID]:
    return {"batch_id": lines[0].batch_id, "first": lines[0].enrolment_id, "last": lines[-1].enrolment_id}
