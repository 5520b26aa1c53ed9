"""How far the lines of batches have followed through a step, and the tax bureau's lines while they are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class Move:
    """The lines of a batch on their way through a step: ``lines_left`` of them, those after ``moved_to``."""

    step_id: UUID
    batch_id: UUID
    step: str
    replaced_by: UUID | None
    moved_to: UUID | None
    lines_left: int
    actor: str


@dataclass(frozen=True, slots=True)
class DetailSum:
    """How many lines the tax bureau reported, and what they sum to."""

    lines: int
    fen: int


@dataclass(frozen=True, slots=True)
class DifferingLine:
    """A line in which the tax bureau's detail and the batch differ; ``found`` counts all of them."""

    kind: str
    ours_fen: int | None
    theirs_fen: int | None
    enrolment_id: UUID
    line_no: str | None
    found: int


class DetailLine(Protocol):
    """A line of the tax bureau's detail, and its place there."""

    @property
    def position(self) -> int:
        """Its place."""

    @property
    def line_no(self) -> str:
        """Its number."""

    @property
    def enrolment_id(self) -> UUID:
        """Whose line it is."""

    @property
    def amount_fen(self) -> int:
        """What was received."""


DETAIL_COLUMNS = ColumnMap[DetailLine](
    {"place": ("integer", "position"), "line_no": "text", "enrolment_id": "uuid", "amount_fen": "bigint"}
)
# The transaction's own, and gone with it.
OPEN_DETAIL = text(
    """
    CREATE TEMPORARY TABLE tax_detail (
        place integer PRIMARY KEY, line_no text NOT NULL, enrolment_id uuid NOT NULL, amount_fen bigint NOT NULL
    ) ON COMMIT DROP
    """
)
_ADD_DETAIL = insert_rows("tax_detail", DETAIL_COLUMNS)
_DETAIL_COUNTED = text("ANALYZE tax_detail")
# Of a detail that stands in a table, or in a query in brackets.
SUM_OF_LINES: Final = """
    SELECT {fields} FROM (SELECT count(*) AS lines, coalesce(sum(amount_fen), 0)::bigint AS fen FROM {detail} AS r) AS d
"""
# A person or a number that came before is listed twice, whatever else is wrong with it.
DIFFERS: Final = """
    SELECT {fields} FROM (
        SELECT t.place, CASE WHEN t.before > 1 THEN 'TAX_LINE_TWICE' WHEN l.enrolment_id IS NULL THEN 'TAX_LINE_EXTRA'
                                ELSE 'TAX_AMOUNT_DIFFERS' END AS kind,
               l.amount_fen AS ours_fen, t.amount_fen AS theirs_fen, t.enrolment_id, t.line_no
        FROM (
            SELECT place, line_no, enrolment_id, amount_fen,
                   greatest(row_number() OVER (PARTITION BY enrolment_id ORDER BY place),
                            row_number() OVER (PARTITION BY line_no ORDER BY place)) AS before
            FROM {detail} AS reported
        ) AS t
        LEFT JOIN remittance_line l ON l.batch_id = :batch_id AND l.enrolment_id = t.enrolment_id
        WHERE t.before > 1 OR l.enrolment_id IS NULL OR l.amount_fen <> t.amount_fen
        UNION ALL
        SELECT NULL, 'TAX_LINE_MISSING', l.amount_fen, NULL, l.enrolment_id, NULL
        FROM remittance_line l
        WHERE l.batch_id = :batch_id AND NOT EXISTS (SELECT FROM {detail} AS t WHERE t.enrolment_id = l.enrolment_id)
    ) AS differing
    ORDER BY place NULLS LAST, enrolment_id LIMIT :most
"""
COUNTED: Final = "count(*) OVER ()"

_SUM_OF_DETAIL = select_into(DetailSum, SUM_OF_LINES.replace("{detail}", "tax_detail"))
_DIFFERING = select_into(DifferingLine, DIFFERS.replace("{detail}", "tax_detail"), found=COUNTED)
_BEGIN = text(
    """
    INSERT INTO remittance_move (step_id, batch_id, step, replaced_by, lines_left, region, actor, correlation_id)
    VALUES (:step_id, :batch_id, :step, :replaced_by, :lines_left, :region, :actor, :correlation_id)
    """
)
_GO_ON = text("UPDATE remittance_move SET moved_to = :moved_to, lines_left = :lines_left WHERE step_id = :step_id")
_TAKE = select_into(
    Move,
    "SELECT {fields} FROM remittance_move WHERE lines_left > 0 ORDER BY step_id LIMIT 1 FOR UPDATE SKIP LOCKED",
)
_LEFT = text(
    """
    SELECT coalesce(sum(lines_left), 0) FROM (
        SELECT lines_left FROM remittance_move WHERE batch_id = :batch_id AND lines_left > 0
        UNION ALL
        SELECT lines_left FROM remittance_move WHERE replaced_by = :batch_id AND lines_left > 0
    ) AS under_way
    """
)


async def begin(session: AsyncSession, move: Move, region: str, trace: Trace) -> None:
    """Begin to move the lines of a batch."""
    values = {name: getattr(move, name) for name in ("step_id", "batch_id", "step", "replaced_by", "lines_left")}
    whose = {"region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_BEGIN, values | whose)


async def go_on(session: AsyncSession, move: Move, moved_to: UUID, lines: int) -> None:
    """Note how far the lines have moved."""
    left = {"moved_to": moved_to, "lines_left": move.lines_left - lines}
    await session.execute(_GO_ON, left | {"step_id": move.step_id})


async def take(session: AsyncSession) -> Move | None:
    """The oldest move that no worker holds."""
    return await fetch_one(session, _TAKE, Move)


async def lines_left(session: AsyncSession, batch_id: UUID) -> int:
    """How many lines are still to follow the batch, or to come into it from the one that it replaces."""
    return int((await session.execute(_LEFT, {"batch_id": batch_id})).scalar_one())


async def open_detail(session: AsyncSession) -> None:
    """Make a table for a detail, for this transaction alone."""
    await session.execute(OPEN_DETAIL)


async def add_detail(session: AsyncSession, lines: Sequence[DetailLine]) -> None:
    """Keep lines of the detail."""
    await session.execute(_ADD_DETAIL, DETAIL_COLUMNS.arrays(lines))


async def sum_of_detail(session: AsyncSession) -> DetailSum:
    """What the detail holds, once all of it is there."""
    await session.execute(_DETAIL_COUNTED)
    (found,) = await fetch_all(session, _SUM_OF_DETAIL, DetailSum)
    return found


async def differing_lines(session: AsyncSession, batch_id: UUID, most: int) -> tuple[list[DifferingLine], int]:
    """The first lines that differ, in the order of the detail, and how many there are."""
    rows = await fetch_all(session, _DIFFERING, DifferingLine, {"batch_id": batch_id, "most": most})
    return rows, rows[0].found if rows else 0
