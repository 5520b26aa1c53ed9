"""Named queries on batches, their lines and the steps taken with them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import bindparam

from services.payment.batches.models import Batch, BatchRow, CashBatch, NumberedLine, OnlineBatch, RemittanceLine
from services.payment.batches.settlement_reference import SettlementReference
from services.payment.batches.state import BatchKind, BatchState, BatchStep, HoldStage, MoneyLocation
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id

LINES_AT_ONCE = 500  # lines per statement and per stretch of the event loop

Fact = int | str | date
# What a step may write beside the state: column and type.
_FACTS = {
    "version": "integer",
    "declared_fen": "bigint",
    "counted_fen": "bigint",
    "amount_fen": "bigint",
    "line_count": "integer",
    "collection_notice_serial": "text",
    "remitted_on": "date",
    "received_on": "date",
    "certificate_no": "text",
    "certificate_issued_on": "date",
    "returned_on": "date",
    "return_reason": "text",
}
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
_NUMBERS = ColumnMap[NumberedLine]({"enrolment_id": "uuid", "line_no": "text"})

_FIND = select_into(BatchRow, "SELECT {fields} FROM remittance_batch WHERE id = :id")
_LOCK = select_into(BatchRow, "SELECT {fields} FROM remittance_batch WHERE id = :id FOR UPDATE")
_OPEN_CASH = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, declared_fen, actor,
                                  correlation_id)
    VALUES (:id, :village, 'ENTRUSTED_CASH', 'OPEN', :statement_no, :benefit_year, :declared_fen, :actor,
            :correlation_id)
    ON CONFLICT (statement_no) WHERE previous_batch_id IS NULL DO NOTHING
    RETURNING id
    """
)
_OF_STATEMENT = text("SELECT id FROM remittance_batch WHERE statement_no = :statement_no AND previous_batch_id IS NULL")
_OPEN_ONLINE = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, part, by_bill,
                                  payout_id, declared_fen, actor, correlation_id)
    VALUES (:id, :region, 'ONLINE', 'OPEN', :channel, :merchant_id, :day, :part, :by_bill, CAST(:payout_id AS uuid), 0,
            :actor, :correlation_id)
    ON CONFLICT (channel, merchant_id, settlement_day, part) WHERE previous_batch_id IS NULL DO NOTHING RETURNING id
    """
)
_WAITING_PART = text(
    """
    SELECT id FROM remittance_batch
    WHERE channel = :channel AND merchant_id = :merchant_id AND settlement_day = :day AND previous_batch_id IS NULL
      AND (state = 'OPEN' OR held_at = 'MATCH')
    ORDER BY part LIMIT 1
    """
)
_LAST_PART = text(
    """
    SELECT coalesce(max(part), 0) FROM remittance_batch
    WHERE channel = :channel AND merchant_id = :merchant_id AND settlement_day = :day AND previous_batch_id IS NULL
    """
)
_HELD_BY_BILL = text(
    """
    SELECT id FROM remittance_batch
    WHERE by_bill AND channel = :channel AND merchant_id = :merchant_id AND state = 'HELD' AND held_at = 'MATCH'
    ORDER BY id
    """
)
_OF_PAYOUT = text("SELECT id FROM remittance_batch WHERE payout_id = :payout_id AND state <> 'REVERSED' ORDER BY id")
_GIVE_PAYOUT = text("UPDATE remittance_batch SET payout_id = :payout_id WHERE id = :batch_id")
_ADD_SETTLED = text("UPDATE remittance_batch SET declared_fen = declared_fen + :amount_fen WHERE id = :batch_id")
_REPLACEMENT = text("SELECT id FROM remittance_batch WHERE previous_batch_id = :id")
_LIST = select_into(
    BatchRow,
    """
    SELECT {fields} FROM remittance_batch
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
)
_LINES_OF = select_into(
    RemittanceLine,
    """
    SELECT {fields} FROM remittance_line
    WHERE batch_id = :batch_id AND (CAST(:after AS uuid) IS NULL OR enrolment_id > :after)
    ORDER BY enrolment_id LIMIT :limit
    """,
)
_BOOKED_ON = text(
    """
    SELECT greatest((SELECT max(booked_on) FROM bank_line
                     WHERE batch_id = b.id AND reversed_on IS NULL),
                    previous.returned_on)
    FROM remittance_batch b LEFT JOIN remittance_batch previous ON previous.id = b.previous_batch_id
    WHERE b.id = :id
    """
)
_MATCHED_ON = text(
    """
    SELECT effective_on FROM remittance_step WHERE batch_id = :id AND step = 'MATCH' AND effective_on IS NOT NULL
    ORDER BY id DESC LIMIT 1
    """
)
_MOVE_LINES = text("UPDATE remittance_line SET place = :place WHERE batch_id = :batch_id")
_NUMBER_LINES = _NUMBERS.statement(
    """
    UPDATE remittance_line l SET tax_line_no = n.line_no
    FROM {rows}
    WHERE l.batch_id = :batch_id AND l.enrolment_id = n.enrolment_id
    """
)
_REOPEN = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, channel, merchant_id,
                                  settlement_day, part, by_bill, payout_id,
                                  declared_fen, counted_fen, amount_fen, line_count, previous_batch_id, actor,
                                  correlation_id)
    SELECT :new_id, region, kind, 'READY_TO_REMIT', statement_no, benefit_year, channel, merchant_id, settlement_day,
           part, by_bill, payout_id, declared_fen, counted_fen, amount_fen, line_count, id, :actor, :correlation_id
    FROM remittance_batch WHERE id = :batch_id
    """
)
_COPY_LINES = text(
    """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 receipt_no, actor, correlation_id)
    SELECT :new_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen, receipt_no, actor,
           correlation_id
    FROM remittance_line WHERE batch_id = :batch_id ORDER BY enrolment_id
    """
)
_ADD_LINES = insert_rows("remittance_line", _LINES, order_by="n.enrolment_id")
# The one UPDATE decides the race; the step is logged by the same statement.
_TAKE_STEP = """
    WITH moved AS (
        UPDATE remittance_batch SET state = :target, held_at = :held_at, differences = :differences {facts}
        WHERE id = :batch_id AND state = :source
        RETURNING *
    ), logged AS (
        INSERT INTO remittance_step (id, batch_id, step, from_state, to_state, version, effective_on, facts, region,
                                     actor, correlation_id)
        SELECT :step_id, id, :step, :source, :target, version, :effective_on, :note, region, :who, :trace_id
        FROM moved
    )
    SELECT {fields} FROM moved
    """


@dataclass(frozen=True, slots=True)
class Transition:
    """One step to be recorded: from which state to which, on what day, with which facts."""

    step: BatchStep
    source: BatchState
    target: BatchState
    step_id: UUID
    trace: Trace
    effective_on: date | None = None
    held_at: HoldStage | None = None
    differences: Sequence[Mapping[str, object]] = ()
    facts: Mapping[str, Fact] | None = None
    note: Mapping[str, object] | None = None


async def open_cash(
    session: AsyncSession,
    batch_id: UUID,
    *,
    village: str,
    statement_no: str,
    benefit_year: int,
    declared_fen: int,
    trace: Trace,
) -> bool:
    """Begin the batch of a collection statement; False where the statement's number is taken."""
    values = {
        "id": batch_id,
        "village": village,
        "statement_no": statement_no,
        "benefit_year": benefit_year,
        "declared_fen": declared_fen,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return (await session.execute(_OPEN_CASH, values)).scalar_one_or_none() is not None


async def id_of_statement(session: AsyncSession, statement_no: str) -> UUID | None:
    """The batch that a collection statement began, where the caller may see it."""
    found: UUID | None = (await session.execute(_OF_STATEMENT, {"statement_no": statement_no})).scalar_one_or_none()
    return found


async def lock_waiting_part(
    session: AsyncSession, settlement: SettlementReference, region: str, trace: Trace, *, by_bill: bool = False
) -> OnlineBatch:
    """The part of a channel's settlement day that waits for money, held until the transaction ends.

    Where every part was matched, or there is none, the next one is begun.
    """
    while True:
        waiting = (await session.execute(_WAITING_PART, _day(settlement))).scalar_one_or_none()
        # Another worker may have matched it meanwhile, so it is looked at once it is held.
        part = await lock_online(session, waiting) if waiting is not None else None
        if part is None:
            return await begin_part(session, settlement, region, trace, by_bill=by_bill)
        if part.waits_for_money:
            return part


async def begin_part(
    session: AsyncSession,
    settlement: SettlementReference,
    region: str,
    trace: Trace,
    *,
    by_bill: bool,
    payout_id: UUID | None = None,
) -> OnlineBatch:
    """Begin the next part of a channel's settlement day, held until the transaction ends."""
    new = _day(settlement) | {"region": region, "by_bill": by_bill, "payout_id": payout_id}
    new |= {"actor": trace.actor, "correlation_id": trace.correlation_id}
    while True:
        last = (await session.execute(_LAST_PART, _day(settlement))).scalar_one()
        # Where another transaction begins it at the same moment, the key lets one of them: the other looks again.
        values = new | {"id": new_id(), "part": last + 1}
        begun = (await session.execute(_OPEN_ONLINE, values)).scalar_one_or_none()
        part = await lock_online(session, begun) if begun is not None else None
        if part is not None:
            return part


async def held_by_bill(session: AsyncSession, channel: str, merchant_id: str) -> list[UUID]:
    """A merchant's parts that hold money of the bank which no payout explained yet."""
    values = {"channel": channel, "merchant_id": merchant_id}
    return list((await session.execute(_HELD_BY_BILL, values)).scalars())


async def of_payout(session: AsyncSession, payout_id: UUID) -> list[UUID]:
    """The batches that a payout's money went on in, but for reversed ones."""
    return list((await session.execute(_OF_PAYOUT, {"payout_id": payout_id})).scalars())


async def give_payout(session: AsyncSession, batch_id: UUID, payout_id: UUID) -> None:
    """Note which payout a locked batch is the money of."""
    await session.execute(_GIVE_PAYOUT, {"batch_id": batch_id, "payout_id": payout_id})


async def add_settled(session: AsyncSession, batch_id: UUID, amount_fen: int) -> None:
    """Add what a channel settled to the sum that its batch declares."""
    await session.execute(_ADD_SETTLED, {"batch_id": batch_id, "amount_fen": amount_fen})


async def lock_cash(session: AsyncSession, batch_id: UUID) -> CashBatch | None:
    """A batch of entrusted cash, held until the transaction ends; raises where it is of the other kind."""
    batch = await lock(session, batch_id)
    if isinstance(batch, OnlineBatch):
        raise TypeError(f"batch {batch_id} holds no entrusted cash")
    return batch


async def lock_online(session: AsyncSession, batch_id: UUID) -> OnlineBatch | None:
    """A batch of a channel's settlement, held until the transaction ends; raises where it is of the other kind."""
    batch = await lock(session, batch_id)
    if isinstance(batch, CashBatch):
        raise TypeError(f"batch {batch_id} is of no settlement")
    return batch


async def find(session: AsyncSession, batch_id: UUID) -> Batch | None:
    """The batch, if the caller's region holds it."""
    return await _one(session, _FIND, {"id": batch_id})


async def lock(session: AsyncSession, batch_id: UUID) -> Batch | None:
    """The batch, held until the transaction ends."""
    return await _one(session, _LOCK, {"id": batch_id})


async def replacement_of(session: AsyncSession, batch_id: UUID) -> UUID | None:
    """The batch that carries the lines of a returned one."""
    found: UUID | None = (await session.execute(_REPLACEMENT, {"id": batch_id})).scalar_one_or_none()
    return found


async def listed(
    session: AsyncSession, *, state: BatchState | None, kind: BatchKind | None, after: UUID | None, limit: int
) -> list[Batch]:
    """A page of batches in the order in which they began."""
    values = {"state": state.value if state else None, "kind": kind.value if kind else None}
    rows = await fetch_all(session, _LIST, BatchRow, values | {"after": after, "limit": limit})
    return [row.batch() for row in rows]


async def lines_of(
    session: AsyncSession, batch_id: UUID, *, after: UUID | None = None, limit: int
) -> list[RemittanceLine]:
    """A page of a batch's lines by enrolment; callers of other regions see only their own."""
    asked = {"batch_id": batch_id, "after": after, "limit": limit}
    return await fetch_all(session, _LINES_OF, RemittanceLine, asked)


async def pages_of(session: AsyncSession, batch: Batch) -> AsyncIterator[list[RemittanceLine]]:
    """All lines of a batch, some at a time; raises where they are not what the batch declares."""
    after, count, fen = None, 0, 0
    while page := await lines_of(session, batch.id, after=after, limit=LINES_AT_ONCE):
        count, fen, after = count + len(page), fen + sum(line.amount_fen for line in page), page[-1].enrolment_id
        yield page
    if (count, fen) != (batch.line_count, batch.amount_fen):
        raise RuntimeError(
            f"batch {batch.id}: {count} lines of {fen} fen, not {batch.line_count} of {batch.amount_fen}"
        )


async def booked_on(session: AsyncSession, batch_id: UUID) -> date | None:
    """The day on which the money of a batch was last in the pending account: booked by the bank, or sent back."""
    found: date | None = (await session.execute(_BOOKED_ON, {"id": batch_id})).scalar_one_or_none()
    return found


async def matched_on(session: AsyncSession, batch_id: UUID) -> date:
    """The day on which the bank had booked the money of a matched batch."""
    found: date = (await session.execute(_MATCHED_ON, {"id": batch_id})).scalar_one()
    return found


async def take_step(session: AsyncSession, batch_id: UUID, move: Transition) -> Batch | None:
    """Move the batch on if it still is in the step's source state; None where it no longer is, or never was."""
    facts = dict(move.facts or {})
    written = "".join(f", {name} = CAST(:{name} AS {_FACTS[name]})" for name in facts)
    statement = select_into(BatchRow, _TAKE_STEP.replace("{facts}", written)).bindparams(
        bindparam("differences", type_=JSONB), bindparam("note", type_=JSONB)
    )
    values = facts | {
        "batch_id": batch_id,
        "source": move.source.value,
        "target": move.target.value,
        "held_at": move.held_at.value if move.held_at else None,
        "differences": list(move.differences),
        "step_id": move.step_id,
        "step": move.step.value,
        "effective_on": move.effective_on,
        "note": dict(move.note or {}),
        "who": move.trace.actor,
        "trace_id": move.trace.correlation_id,
    }
    return await _one(session, statement, values)


async def move_lines(session: AsyncSession, batch_id: UUID, place: MoneyLocation) -> None:
    """Record where the money of all lines is now."""
    await session.execute(_MOVE_LINES, {"batch_id": batch_id, "place": place.value})


async def number_lines(session: AsyncSession, batch_id: UUID, lines: Iterable[NumberedLine]) -> None:
    """Note the tax bureau's number (缴费明细流水号) on each line."""
    ordered = sorted(lines, key=lambda line: line.enrolment_id)
    await session.execute(_NUMBER_LINES, _NUMBERS.arrays(ordered) | {"batch_id": batch_id})


async def reopen(session: AsyncSession, batch_id: UUID, next_id: UUID, trace: Trace) -> None:
    """Open a new batch with the lines of a returned one and link it to that."""
    values = {"batch_id": batch_id, "new_id": next_id}
    await session.execute(_REOPEN, values | {"actor": trace.actor, "correlation_id": trace.correlation_id})
    await session.execute(_COPY_LINES, values)


async def add_lines(session: AsyncSession, lines: Sequence[RemittanceLine]) -> None:
    """Put paid contributions into a batch; one that already is on its way violates ``remittance_line_once``."""
    if lines:
        await session.execute(_ADD_LINES, _LINES.arrays(lines))


def _day(settlement: SettlementReference) -> dict[str, str | date | UUID | bool | None]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}


async def _one(session: AsyncSession, statement: TextClause, values: Mapping[str, object]) -> Batch | None:
    row = await fetch_one(session, statement, BatchRow, values)
    return None if row is None else row.batch()
