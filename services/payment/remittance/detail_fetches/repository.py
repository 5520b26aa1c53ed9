"""Fetches of details, and the tax bureau's lines until they are compared and noted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.models import Batch
from services.payment.remittance.detail_fetches.state import FetchState
from services.payment.remittance.repository import (
    COUNTED,
    DETAIL_COLUMNS,
    DIFFERS,
    SUM_OF_LINES,
    DetailLine,
    DetailSum,
    DifferingLine,
)
from shared.contracts.event import Trace
from shared.database.bulk import insert_rows
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id

CLEARED_AT_ONCE: Final = 20_000
DOWNLOAD_S: Final = 600  # how long a claim holds while the answer comes
PORTION_S: Final = 60  # and how long between two portions


@dataclass(frozen=True, slots=True)
class Fetch:
    """A fetch: whose batch, how many lines are read, how many of them noted; the claim is its worker's."""

    id: UUID
    batch_id: UUID
    state: FetchState
    line_count: int
    lines_read: int
    lines_numbered: int
    lines_cleared: int
    tax_total_fen: int | None
    refused_because: str | None
    claim: UUID | None
    actor: str
    correlation_id: UUID

    @property
    def trace(self) -> Trace:
        """Who asked for it."""
        return Trace(self.actor, self.correlation_id)


class ClaimLost(RuntimeError):
    """Another worker has taken the fetch over, because this one was silent for too long."""


# The same request again, or two at once: one fetch.
_BEGIN = text(
    """
    INSERT INTO detail_fetch (id, batch_id, state, line_count, region, actor, correlation_id)
    VALUES (:id, :batch_id, 'WAITING', :line_count, :region, :actor, :correlation_id)
    ON CONFLICT (batch_id) WHERE state IN ('WAITING', 'COMPARED') DO NOTHING
    """
)
_NEWEST = select_into(
    Fetch, "SELECT {fields} FROM detail_fetch WHERE batch_id = :batch_id ORDER BY batch_id, id DESC LIMIT 1"
)
_CLAIM = select_into(
    Fetch,
    """
    UPDATE detail_fetch SET claim = :claim, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = (
        SELECT id FROM detail_fetch
        WHERE state = 'WAITING' AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING {fields}
    """,
)
_HOLD = text(
    """
    UPDATE detail_fetch
    SET lines_read = :lines_read, claimed_until = clock_timestamp() + make_interval(secs => :seconds)
    WHERE id = :id AND claim = :claim AND state = 'WAITING'
    RETURNING id
    """
)
_RELEASE = text("UPDATE detail_fetch SET claimed_until = NULL WHERE id = :id AND claim = :claim")
_TAKE_COMPARED = select_into(
    Fetch,
    "SELECT {fields} FROM detail_fetch WHERE state = 'COMPARED' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
)
_TAKE_ENDED = select_into(
    Fetch,
    """
    SELECT {fields} FROM detail_fetch
    WHERE state IN ('DONE', 'FAILED') AND lines_cleared < lines_read ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """,
)
_MOVE = text(
    """
    UPDATE detail_fetch SET state = :state, lines_numbered = :lines_numbered, lines_cleared = :lines_cleared,
                            tax_total_fen = :tax_total_fen, refused_because = :refused_because
    WHERE id = :id
    """
)
_ADD = insert_rows("detail_line", DETAIL_COLUMNS, given={"fetch_id": "uuid", "region": "text"})
_CLEAR = text("DELETE FROM detail_line WHERE fetch_id = :id AND place >= :first AND place < :beyond")
_LINES = "(SELECT place, line_no, enrolment_id, amount_fen FROM detail_line WHERE fetch_id = :fetch_id)"
_SUM = select_into(DetailSum, SUM_OF_LINES.replace("{detail}", _LINES))
_DIFFERING = select_into(DifferingLine, DIFFERS.replace("{detail}", _LINES), found=COUNTED)


async def begin(session: AsyncSession, batch: Batch, trace: Trace) -> Fetch:
    """Begin to fetch the detail of a batch, or give the fetch that has begun."""
    values = {"id": new_id(), "batch_id": batch.id, "line_count": batch.line_count, "region": batch.region}
    await session.execute(_BEGIN, values | {"actor": trace.actor, "correlation_id": trace.correlation_id})
    found = await newest(session, batch.id)
    if found is None:
        raise RuntimeError(f"no fetch of batch {batch.id}, which conflicted")  # nobody removes one
    return found


async def newest(session: AsyncSession, batch_id: UUID) -> Fetch | None:
    """The last fetch of a batch."""
    return await fetch_one(session, _NEWEST, Fetch, {"batch_id": batch_id})


async def claim(session: AsyncSession) -> Fetch | None:
    """The oldest fetch that is to be read and that no worker reads."""
    return await fetch_one(session, _CLAIM, Fetch, {"claim": new_id(), "seconds": DOWNLOAD_S})


async def hold(session: AsyncSession, fetch: Fetch, lines_read: int) -> None:
    """Say how far the reading is; raises ClaimLost."""
    values = {"id": fetch.id, "claim": fetch.claim, "lines_read": lines_read, "seconds": PORTION_S}
    if (await session.execute(_HOLD, values)).scalar_one_or_none() is None:
        raise ClaimLost(fetch.id)


async def release(session: AsyncSession, fetch: Fetch) -> None:
    """Let another worker begin to read at once."""
    await session.execute(_RELEASE, {"id": fetch.id, "claim": fetch.claim})


async def add_lines(session: AsyncSession, fetch: Fetch, region: str, lines: Sequence[DetailLine]) -> None:
    """Keep lines of the detail."""
    await session.execute(_ADD, DETAIL_COLUMNS.arrays(lines) | {"fetch_id": fetch.id, "region": region})


async def clear(session: AsyncSession, fetch: Fetch, first: int) -> None:
    """Drop a portion of the lines kept, from a place on."""
    await session.execute(_CLEAR, {"id": fetch.id, "first": first, "beyond": first + CLEARED_AT_ONCE})


async def sum_of_lines(session: AsyncSession, fetch: Fetch) -> DetailSum:
    """What the tax bureau reported, once all of it is there."""
    (found,) = await fetch_all(session, _SUM, DetailSum, {"fetch_id": fetch.id})
    return found


async def differing_lines(session: AsyncSession, fetch: Fetch, most: int) -> tuple[list[DifferingLine], int]:
    """The first lines that differ from the batch's, in the order of the detail, and how many there are."""
    asked = {"batch_id": fetch.batch_id, "fetch_id": fetch.id, "most": most}
    rows = await fetch_all(session, _DIFFERING, DifferingLine, asked)
    return rows, rows[0].found if rows else 0


async def take_compared(session: AsyncSession) -> Fetch | None:
    """The oldest fetch whose numbers are to be noted and that no worker holds."""
    return await fetch_one(session, _TAKE_COMPARED, Fetch)


async def take_ended(session: AsyncSession) -> Fetch | None:
    """The oldest fetch that has ended, whose lines are still kept."""
    return await fetch_one(session, _TAKE_ENDED, Fetch)


async def move(session: AsyncSession, fetch: Fetch) -> None:
    """Store how far a fetch is, which this transaction holds."""
    names = ("id", "state", "lines_numbered", "lines_cleared", "tax_total_fen", "refused_because")
    await session.execute(_MOVE, {name: getattr(fetch, name) for name in names})
