"""Named queries on batches and the steps taken with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import bindparam

from services.payment.batches.models import Batch, BatchRow, CashBatch, OnlineBatch
from services.payment.batches.state import BatchKind, BatchState, BatchStep, HoldStage
from shared.contracts.event import Trace
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id

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

_FIND = select_into(BatchRow, "SELECT {fields} FROM remittance_batch WHERE id = :id")
_LOCK = select_into(BatchRow, "SELECT {fields} FROM remittance_batch WHERE id = :id FOR UPDATE")
_OPEN_CASH = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, declared_fen, actor,
                                  correlation_id)
    VALUES (:id, :village, 'ENTRUSTED_CASH', 'OPEN', :statement_no, :benefit_year, :declared_fen, :actor,
            :correlation_id)
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)
_OF_STATEMENT = text(
    """
    SELECT id FROM remittance_batch
    WHERE statement_form = :statement_no AND previous_batch_id IS NULL
    ORDER BY 'statement_no' = ANY(look_alike), part, id LIMIT 1
    """
)
# What of a statement waits for money or is on its way; a part that was reversed went on in another one.
_STANDING_PARTS = text(
    """
    SELECT id FROM remittance_batch
    WHERE statement_form = canonical_number(:statement_no) AND statement_no = :statement_no AND region = :region
      AND previous_batch_id IS NULL AND state <> 'REVERSED'
    ORDER BY part
    """
)
_BEGIN_STATEMENT_PART = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, look_alike, benefit_year, part, declared_fen,
                                  actor, correlation_id)
    SELECT :id, b.region, b.kind, 'OPEN', b.statement_no, b.look_alike, b.benefit_year,
           (SELECT max(p.part) + 1 FROM remittance_batch p
            WHERE p.statement_form = b.statement_form AND p.previous_batch_id IS NULL),
           :declared_fen, b.actor, b.correlation_id
    FROM remittance_batch b WHERE b.id = :of
    """
)
_RENUMBER = text(
    """
    UPDATE remittance_batch SET statement_no = :number, look_alike = array_remove(look_alike, 'statement_no')
    WHERE id = :id AND NOT EXISTS (SELECT FROM remittance_batch o WHERE o.statement_form = :number
                                   AND o.previous_batch_id IS NULL)
    RETURNING id
    """
)
_SET_COUNTED = text("UPDATE remittance_batch SET counted_fen = :counted_fen WHERE id = :batch_id")
_REPLACEMENT = text("SELECT id FROM remittance_batch WHERE previous_batch_id = :id")
_LIST = select_into(
    BatchRow,
    """
    SELECT {fields} FROM remittance_batch
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)
# A further part of a payout has no line of the bank: its money came on the day on which it was matched.
_ARRIVED = text(
    """
    SELECT greatest((SELECT max(booked_on) FROM bank_line WHERE batch_id = b.id AND reversed_on IS NULL),
                    (SELECT effective_on FROM remittance_step
                     WHERE batch_id = b.id AND step = 'MATCH' AND effective_on IS NOT NULL ORDER BY id DESC LIMIT 1))
           AS booked_on, previous.returned_on AS sent_back_on
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
_REOPEN = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, channel, merchant_id,
                                  settlement_day, part, by_bill, payout_id,
                                  declared_fen, counted_fen, amount_fen, line_count, previous_batch_id, moved_on,
                                  actor, correlation_id)
    SELECT :new_id, region, kind, 'READY_TO_REMIT', statement_no, benefit_year, channel, merchant_id, settlement_day,
           part, by_bill, payout_id, declared_fen, counted_fen, amount_fen, line_count, id, returned_on, :actor,
           :correlation_id
    FROM remittance_batch WHERE id = :batch_id
    """
)
# The one UPDATE decides the race; the step is logged by the same statement.
_TAKE_STEP = """
    WITH moved AS (
        UPDATE remittance_batch SET state = :target, held_at = :held_at, differences = :differences,
               moved_on = coalesce((SELECT business_date FROM business_date),
                                   (now() AT TIME ZONE 'Asia/Shanghai')::date) {facts}
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
class Arrived:
    """When money came into the pending account: booked by the bank and matched, or sent back by the treasury."""

    booked_on: date | None
    sent_back_on: date | None


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


async def standing_parts(session: AsyncSession, batch: CashBatch) -> list[UUID]:
    """The parts of a batch's statement that wait for money or are on their way, by their numbers."""
    values = {"statement_no": batch.statement_no, "region": batch.region}
    return list((await session.execute(_STANDING_PARTS, values)).scalars())


async def begin_statement_part(session: AsyncSession, batch: CashBatch, declared_fen: int) -> CashBatch:
    """Begin a further part of a locked batch's statement, held until the transaction ends."""
    part_id = new_id()
    await session.execute(_BEGIN_STATEMENT_PART, {"id": part_id, "of": batch.id, "declared_fen": declared_fen})
    part = await lock_cash(session, part_id)
    if part is None:
        raise RuntimeError(f"batch {part_id} was not begun")
    return part


async def set_counted(session: AsyncSession, batch_id: UUID, counted_fen: int) -> None:
    """Note how much of a locked part's cash lies in the account; it waits since the day on which it was found short."""
    await session.execute(_SET_COUNTED, {"batch_id": batch_id, "counted_fen": counted_fen})


async def renumber_statement(session: AsyncSession, batch_id: UUID, number: str) -> bool:
    """Give a collection statement whose number looks like another's one of its own; False where that is taken, too."""
    answer = await session.execute(_RENUMBER, {"id": batch_id, "number": number})
    return answer.scalar_one_or_none() is not None


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


async def arrived(session: AsyncSession, batch_id: UUID) -> Arrived:
    """The days on which the money of a batch came into the pending account."""
    return await fetch_one(session, _ARRIVED, Arrived, {"id": batch_id}) or Arrived(None, None)


async def matched_on(session: AsyncSession, batch_id: UUID) -> date:
    """The day on which the bank had booked the money of a matched batch."""
    found: date = (await session.execute(_MATCHED_ON, {"id": batch_id})).scalar_one()
    return found


async def take_step(session: AsyncSession, batch_id: UUID, move: Transition) -> Batch | None:
    """Move the batch on if it still is in the step's source state; None where it no longer is, or never was."""
    facts = dict(move.facts or {})
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
    return await _one(session, step_statement(facts), values)


def step_statement(facts: Iterable[str]) -> TextClause:
    """The statement that takes a step and writes these facts."""
    written = "".join(f", {name} = CAST(:{name} AS {_FACTS[name]})" for name in facts)
    return select_into(BatchRow, _TAKE_STEP.replace("{facts}", written)).bindparams(
        bindparam("differences", type_=JSONB), bindparam("note", type_=JSONB)
    )


async def reopen(session: AsyncSession, batch_id: UUID, next_id: UUID, trace: Trace) -> None:
    """Open a new batch for the lines of a returned one and link it to that; its lines are copied into it."""
    values = {"batch_id": batch_id, "new_id": next_id}
    await session.execute(_REOPEN, values | {"actor": trace.actor, "correlation_id": trace.correlation_id})


async def _one(session: AsyncSession, statement: TextClause, values: Mapping[str, object]) -> Batch | None:
    row = await fetch_one(session, statement, BatchRow, values)
    return None if row is None else row.batch()
