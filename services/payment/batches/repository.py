"""Named queries on batches, their lines and the steps taken with them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import bindparam

from services.payment.batches.models import Batch, CashBatch, OnlineBatch, RemittanceLine
from services.payment.batches.settlement_reference import SettlementReference
from services.payment.batches.state import BatchKind, BatchState, BatchStep, HoldStage, MoneyLocation
from shared.contracts.event import Trace

_CASH = frozenset(field.name for field in fields(CashBatch))
_ONLINE = frozenset(field.name for field in fields(OnlineBatch))
_BATCH = ", ".join(["kind", *sorted(_CASH | _ONLINE)])
_LINE = ", ".join(field.name for field in fields(RemittanceLine))

LINES_AT_ONCE = 500  # lines per statement and per stretch of the event loop

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

_FIND = text(f"SELECT {_BATCH} FROM remittance_batch WHERE id = :id")  # noqa: S608 - own column names
_LOCK = text(f"SELECT {_BATCH} FROM remittance_batch WHERE id = :id FOR UPDATE")  # noqa: S608 - own column names
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
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, declared_fen, actor,
                                  correlation_id)
    VALUES (:id, :region, 'ONLINE', 'OPEN', :channel, :merchant_id, :day, 0, :actor, :correlation_id)
    ON CONFLICT (channel, merchant_id, settlement_day) WHERE previous_batch_id IS NULL DO NOTHING
    """
)
_OF_SETTLEMENT = text(
    """
    SELECT id FROM remittance_batch
    WHERE channel = :channel AND merchant_id = :merchant_id AND settlement_day = :day AND previous_batch_id IS NULL
    """
)
_ADD_SETTLED = text("UPDATE remittance_batch SET declared_fen = declared_fen + :amount_fen WHERE id = :batch_id")
_REPLACEMENT = text("SELECT id FROM remittance_batch WHERE previous_batch_id = :id")
_LIST = text(
    f"""
    SELECT {_BATCH} FROM remittance_batch
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:kind AS text) IS NULL OR kind = :kind)
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """  # noqa: S608 - own column names
)
_LINES = text(
    f"""
    SELECT {_LINE} FROM remittance_line
    WHERE batch_id = :batch_id AND (CAST(:after AS uuid) IS NULL OR enrolment_id > :after)
    ORDER BY enrolment_id LIMIT :limit
    """  # noqa: S608 - own column names
)
_BOOKED_ON = text(
    """
    SELECT greatest((SELECT max(booked_on) FROM bank_line WHERE batch_id = b.id), previous.returned_on)
    FROM remittance_batch b LEFT JOIN remittance_batch previous ON previous.id = b.previous_batch_id
    WHERE b.id = :id
    """
)
_MOVE_LINES = text("UPDATE remittance_line SET place = :place WHERE batch_id = :batch_id")
_NUMBER_LINES = text(
    """
    UPDATE remittance_line l SET tax_line_no = n.line_no
    FROM unnest(CAST(:enrolment_ids AS uuid[]), CAST(:line_nos AS text[])) AS n (enrolment_id, line_no)
    WHERE l.batch_id = :batch_id AND l.enrolment_id = n.enrolment_id
    """
)
_REOPEN = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, channel, merchant_id,
                                  settlement_day,
                                  declared_fen, counted_fen, amount_fen, line_count, previous_batch_id, actor,
                                  correlation_id)
    SELECT :new_id, region, kind, 'READY_TO_REMIT', statement_no, benefit_year, channel, merchant_id, settlement_day,
           declared_fen, counted_fen, amount_fen, line_count, id, :actor, :correlation_id
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
_ADD_LINES = text(
    """
    INSERT INTO remittance_line (batch_id, enrolment_id, source_id, person_token, benefit_year, region, amount_fen,
                                 receipt_no, actor, correlation_id)
    SELECT :batch_id, n.* FROM unnest(
        CAST(:enrolment_ids AS uuid[]), CAST(:source_ids AS uuid[]), CAST(:person_tokens AS text[]),
        CAST(:benefit_years AS integer[]), CAST(:regions AS text[]), CAST(:amounts AS bigint[]),
        CAST(:receipt_nos AS text[]), CAST(:actors AS text[]), CAST(:correlations AS uuid[])
    ) AS n ORDER BY 2
    """
)


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
    differences: Sequence[Mapping[str, Any]] = ()
    facts: Mapping[str, Any] | None = None
    note: Mapping[str, Any] | None = None


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


async def open_online(
    session: AsyncSession, batch_id: UUID, settlement: SettlementReference, region: str, trace: Trace
) -> UUID:
    """Begin the batch of a channel's settlement day, or find it."""
    key = {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}
    new = key | {"id": batch_id, "region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_OPEN_ONLINE, new)
    found: UUID = (await session.execute(_OF_SETTLEMENT, key)).scalar_one()
    return found


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
    return _one((await session.execute(_FIND, {"id": batch_id})).one_or_none())


async def lock(session: AsyncSession, batch_id: UUID) -> Batch | None:
    """The batch, held until the transaction ends."""
    return _one((await session.execute(_LOCK, {"id": batch_id})).one_or_none())


async def replacement_of(session: AsyncSession, batch_id: UUID) -> UUID | None:
    """The batch that carries the lines of a returned one."""
    found: UUID | None = (await session.execute(_REPLACEMENT, {"id": batch_id})).scalar_one_or_none()
    return found


async def listed(
    session: AsyncSession, *, state: BatchState | None, kind: BatchKind | None, after: UUID | None, limit: int
) -> list[Batch]:
    """A page of batches in the order in which they began."""
    values = {"state": state.value if state else None, "kind": kind.value if kind else None}
    rows = await session.execute(_LIST, values | {"after": after, "limit": limit})
    return [batch for row in rows if (batch := _one(row)) is not None]


async def lines_of(
    session: AsyncSession, batch_id: UUID, *, after: UUID | None = None, limit: int
) -> list[RemittanceLine]:
    """A page of a batch's lines by enrolment; callers of other regions see only their own."""
    rows = await session.execute(_LINES, {"batch_id": batch_id, "after": after, "limit": limit})
    return [RemittanceLine(*row) for row in rows]


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


async def take_step(session: AsyncSession, batch_id: UUID, move: Transition) -> Batch | None:
    """Move the batch on if it still is in the step's source state; None where it no longer is, or never was.

    The one UPDATE decides the race; the step is logged by the same statement.
    """
    facts = dict(move.facts or {})
    written = "".join(f", {name} = CAST(:{name} AS {_FACTS[name]})" for name in facts)
    statement = text(
        f"""
        WITH moved AS (
            UPDATE remittance_batch SET state = :target, held_at = :held_at, differences = :differences{written}
            WHERE id = :batch_id AND state = :source
            RETURNING {_BATCH}
        ), logged AS (
            INSERT INTO remittance_step (id, batch_id, step, from_state, to_state, version, effective_on, facts, region,
                                         actor, correlation_id)
            SELECT :step_id, id, :step, :source, :target, version, :effective_on, :note, region, :who, :trace_id
            FROM moved
        )
        SELECT {_BATCH} FROM moved
        """  # noqa: S608 - own column names
    ).bindparams(bindparam("differences", type_=JSONB), bindparam("note", type_=JSONB))
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
    return _one((await session.execute(statement, values)).one_or_none())


async def move_lines(session: AsyncSession, batch_id: UUID, place: MoneyLocation) -> None:
    """Record where the money of all lines is now."""
    await session.execute(_MOVE_LINES, {"batch_id": batch_id, "place": place.value})


async def number_lines(session: AsyncSession, batch_id: UUID, line_nos: Mapping[UUID, str]) -> None:
    """Note the tax bureau's number (缴费明细流水号) on each line."""
    ordered = sorted(line_nos)
    values = {"batch_id": batch_id, "enrolment_ids": ordered, "line_nos": [line_nos[key] for key in ordered]}
    await session.execute(_NUMBER_LINES, values)


async def reopen(session: AsyncSession, batch_id: UUID, new_id: UUID, trace: Trace) -> None:
    """Open a new batch with the lines of a returned one and link it to that."""
    values = {"batch_id": batch_id, "new_id": new_id}
    await session.execute(_REOPEN, values | {"actor": trace.actor, "correlation_id": trace.correlation_id})
    await session.execute(_COPY_LINES, values)


async def add_lines(session: AsyncSession, lines: Sequence[RemittanceLine]) -> None:
    """Put paid contributions into a batch; one that already is on its way violates ``remittance_line_once``."""
    if not lines:
        return
    values = {
        "batch_id": lines[0].batch_id,
        "enrolment_ids": [line.enrolment_id for line in lines],
        "source_ids": [line.source_id for line in lines],
        "person_tokens": [line.person_token for line in lines],
        "benefit_years": [line.benefit_year for line in lines],
        "regions": [line.region for line in lines],
        "amounts": [line.amount_fen for line in lines],
        "receipt_nos": [line.receipt_no for line in lines],
        "actors": [line.actor for line in lines],
        "correlations": [line.correlation_id for line in lines],
    }
    await session.execute(_ADD_LINES, values)


def _one(row: Row[Any] | None) -> Batch | None:
    if row is None:
        return None
    values = dict(row._mapping)
    kind = BatchKind(values.pop("kind"))
    values["state"] = BatchState(values["state"])
    values["held_at"] = HoldStage(values["held_at"]) if values["held_at"] else None
    if kind is BatchKind.ENTRUSTED_CASH:
        return CashBatch(**{name: value for name, value in values.items() if name in _CASH})
    return OnlineBatch(**{name: value for name, value in values.items() if name in _ONLINE})
