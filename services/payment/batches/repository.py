"""Named queries on batches, their lines and the steps taken with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import bindparam

from services.payment.batches.models import Batch, BatchRow, CashBatch, OnlineBatch, RemittanceLine
from services.payment.batches.settlement_reference import SettlementReference
from services.payment.batches.state import BatchKind, BatchState, BatchStep, HoldStage, MoneyLocation
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id

_NUMBERED_AT_ONCE = 10_000  # lines per statement
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
    ORDER BY 'statement_no' = ANY(look_alike), id LIMIT 1
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
      AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)
_LINES_OF = select_into(
    RemittanceLine,
    """
    SELECT {fields} FROM remittance_line
    WHERE batch_id = :batch_id AND enrolment_id > {after}
    ORDER BY enrolment_id LIMIT :limit
    """,
)
_ARRIVED = text(
    """
    SELECT (SELECT max(booked_on) FROM bank_line WHERE batch_id = b.id AND reversed_on IS NULL) AS booked_on,
           previous.returned_on AS sent_back_on
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
    """When money came into the pending account: booked by the bank, or sent back by the treasury."""

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


async def renumber_statement(session: AsyncSession, batch_id: UUID, number: str) -> bool:
    """Give a collection statement whose number looks like another's one of its own; False where that is taken, too."""
    answer = await session.execute(_RENUMBER, {"id": batch_id, "number": number})
    return answer.scalar_one_or_none() is not None


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


async def reopen(session: AsyncSession, batch_id: UUID, next_id: UUID, trace: Trace) -> None:
    """Open a new batch for the lines of a returned one and link it to that; its lines are copied into it."""
    values = {"batch_id": batch_id, "new_id": next_id}
    await session.execute(_REOPEN, values | {"actor": trace.actor, "correlation_id": trace.correlation_id})


async def copy_lines(session: AsyncSession, lines: Sequence[RemittanceLine], new_id: UUID) -> None:
    """Put these lines of a returned batch into the one that takes its place; none lies between first and last."""
    await session.execute(_COPY_LINES, _stretch(lines) | {"new_id": new_id})


async def add_lines(session: AsyncSession, lines: Sequence[RemittanceLine]) -> None:
    """Put paid contributions into a batch; one that already is on its way violates ``remittance_line_once``."""
    if lines:
        await session.execute(_ADD_LINES, _LINES.arrays(lines))


def _day(settlement: SettlementReference) -> dict[str, str | date | UUID | bool | None]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}


def _stretch(lines: Sequence[RemittanceLine]) -> dict[str, UUID]:
    return {"batch_id": lines[0].batch_id, "first": lines[0].enrolment_id, "last": lines[-1].enrolment_id}


async def _one(session: AsyncSession, statement: TextClause, values: Mapping[str, object]) -> Batch | None:
    row = await fetch_one(session, statement, BatchRow, values)
    return None if row is None else row.batch()
