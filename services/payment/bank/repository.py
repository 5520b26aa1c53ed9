"""Named queries on the bank's lines and on what channels owe for a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bank.reference import Settlement
from services.payment.ledger.transfer import Line
from shared.contracts.event import Trace

_INSERT = text(
    """
    INSERT INTO bank_line (id, statement_no, line_no, booked_on, kind, reference, amount_fen, region, actor,
                           correlation_id)
    SELECT n.id, :statement_no, n.line_no, :booked_on, n.kind, n.reference, n.amount_fen, :region, :actor,
           :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:line_nos AS integer[]), CAST(:kinds AS text[]),
                CAST(:refs AS text[]), CAST(:amounts AS bigint[])) AS n (id, line_no, kind, reference, amount_fen)
    ORDER BY n.line_no
    ON CONFLICT (statement_no, line_no) DO NOTHING
    RETURNING line_no
    """
)
_STORED = text(
    """
    SELECT line_no, booked_on, kind, reference, amount_fen FROM bank_line
    WHERE statement_no = :statement_no AND line_no = ANY(CAST(:line_nos AS integer[])) ORDER BY line_no
    """
)
_UNEXPLAINED = text(
    """
    SELECT statement_no, line_no, booked_on, kind, reference, amount_fen, set_aside_because FROM bank_line
    WHERE batch_id IS NULL ORDER BY id LIMIT :limit
    """
)
_NEXT_SETTLEMENT = text(
    """
    SELECT id, reference, amount_fen, booked_on, actor, correlation_id FROM bank_line
    WHERE kind = 'SETTLEMENT' AND batch_id IS NULL AND set_aside_because IS NULL
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    """
)
_LAST_OF_BATCH = text(
    """
    SELECT id, reference, amount_fen, booked_on, actor, correlation_id FROM bank_line
    WHERE batch_id = :batch_id ORDER BY booked_on DESC, id DESC LIMIT 1
    """
)
_EXPLAIN = text("UPDATE bank_line SET batch_id = :batch_id WHERE id = :id")
_SET_ASIDE = text("UPDATE bank_line SET set_aside_because = :because WHERE id = :id")
_OPEN_BATCH = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, channel, mchid, settlement_day, declared_fen, actor,
                                  correlation_id)
    VALUES (:id, :region, 'ONLINE', 'OPEN', :channel, :mchid, :day, 0, :actor, :correlation_id)
    ON CONFLICT (channel, mchid, settlement_day) WHERE previous_batch_id IS NULL DO NOTHING
    """
)
_BATCH = text(
    """
    SELECT id FROM remittance_batch
    WHERE channel = :channel AND mchid = :mchid AND settlement_day = :day AND previous_batch_id IS NULL
    """
)
_ADD_SETTLED = text("UPDATE remittance_batch SET declared_fen = declared_fen + :amount_fen WHERE id = :batch_id")

# A channel pays out what it took on a day less what it gave back on that day, whatever day the latter was taken on.
_TAKEN = """
    FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = {channel} AND p.mchid = {mchid} AND p.paid_on = {day} AND l.settled_on IS NULL
"""
_GIVEN_BACK = """
    FROM refund r JOIN suspense s ON s.id = r.suspense_id JOIN payment_line l ON l.id = s.payment_line_id
    JOIN payment p ON p.id = l.payment_id
    WHERE r.channel = {channel} AND r.mchid = {mchid} AND r.refunded_on = {day} AND r.state = 'PAID'
"""
_ASKED = {"channel": ":channel", "mchid": ":mchid", "day": ":day"}
_OF_BATCH = {"channel": "b.channel", "mchid": "b.mchid", "day": "b.settlement_day"}
_LOCK_TAKEN = text(
    f"""
    SELECT l.id, l.state, l.enrolment_id, l.person_token, l.benefit_year, l.region, l.amount_fen, l.actor,
           l.correlation_id,
           EXISTS (SELECT FROM suspense s JOIN refund r ON r.suspense_id = s.id
                   WHERE s.payment_line_id = l.id AND r.state = 'PAID' AND r.refunded_on <= p.paid_on) AS refunded
    {_TAKEN.format(**_ASKED)}
    ORDER BY l.id FOR UPDATE OF l
    """  # noqa: S608 - constant parts
)
_GIVEN_BACK_LINES = text(
    f"""
    SELECT r.id, r.amount_fen, p.paid_on < r.refunded_on AS of_earlier_day, l.region, l.enrolment_id, l.person_token,
           l.benefit_year, r.actor, r.correlation_id
    {_GIVEN_BACK.format(**_ASKED)} ORDER BY r.id
    """
)
_SETTLED = text("UPDATE payment_line SET settled_on = :day WHERE id = ANY(CAST(:ids AS uuid[]))")

# Held settlements whose sum has moved since they were compared (a late notice, a refund), and reopened ones.
_TO_RECOUNT = text(
    f"""
    SELECT b.id FROM remittance_batch b
    WHERE b.kind = 'ONLINE' AND (b.state = 'OPEN' OR (b.state = 'HELD' AND b.held_at = 'MATCH' AND b.counted_fen
        IS DISTINCT FROM (SELECT coalesce(sum(l.amount_fen), 0) {_TAKEN.format(**_OF_BATCH)})
                         - (SELECT coalesce(sum(r.amount_fen), 0) {_GIVEN_BACK.format(**_OF_BATCH)})))
    ORDER BY b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    """  # noqa: S608 - constant parts
)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of a bank statement to be imported."""

    id: UUID
    line_no: int
    kind: str
    reference: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """Money that a channel paid into the pending account."""

    id: UUID
    reference: str
    amount_fen: int
    booked_on: date
    actor: str
    correlation_id: UUID

    @property
    def trace(self) -> Trace:
        """The chain of causes that the bank's line begins."""
        return Trace(self.actor, self.correlation_id, self.id)


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A payment's line that the channel has not settled; one refunded on the same day will never be."""

    id: UUID
    state: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    actor: str
    correlation_id: UUID
    refunded: bool

    @property
    def money_of(self) -> Line:
        """Whose money it is, for the books."""
        return Line(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that the channel deducts from its payout for the day."""

    refund_id: UUID
    amount_fen: int
    of_earlier_day: bool
    region: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    actor: str
    correlation_id: UUID

    @property
    def money_of(self) -> Line:
        """Whose money it was, for the books."""
        return Line(self.region, self.enrolment_id, self.person_token, self.benefit_year)


async def insert(
    session: AsyncSession, statement_no: str, booked_on: date, lines: Sequence[NewLine], region: str, trace: Trace
) -> set[int]:
    """Import lines; returns the line numbers that are new."""
    values = {
        "statement_no": statement_no,
        "booked_on": booked_on,
        "region": region,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
        "ids": [line.id for line in lines],
        "line_nos": [line.line_no for line in lines],
        "kinds": [line.kind for line in lines],
        "refs": [line.reference for line in lines],
        "amounts": [line.amount_fen for line in lines],
    }
    return set((await session.execute(_INSERT, values)).scalars())


async def stored(
    session: AsyncSession, statement_no: str, line_nos: Sequence[int]
) -> dict[int, tuple[date, str, str, int]]:
    """What was imported under these line numbers: day, kind, reference, amount."""
    rows = await session.execute(_STORED, {"statement_no": statement_no, "line_nos": sorted(line_nos)})
    return {row.line_no: (row.booked_on, row.kind, row.reference, row.amount_fen) for row in rows}


async def unexplained(session: AsyncSession, limit: int) -> list[dict[str, object]]:
    """The oldest lines that no slip or settlement explains."""
    return [dict(row._mapping) for row in await session.execute(_UNEXPLAINED, {"limit": limit})]


async def lock_next_settlement(session: AsyncSession) -> SettlementLine | None:
    """A settlement that belongs to no batch yet, held for this worker alone."""
    row = (await session.execute(_NEXT_SETTLEMENT)).one_or_none()
    return SettlementLine(*row) if row else None


async def last_settlement_of(session: AsyncSession, batch_id: UUID) -> SettlementLine:
    """The settlement that a batch was compared with last."""
    return SettlementLine(*(await session.execute(_LAST_OF_BATCH, {"batch_id": batch_id})).one())


async def explain(session: AsyncSession, line: SettlementLine, batch_id: UUID) -> None:
    """Count a settlement into its batch."""
    await session.execute(_EXPLAIN, {"id": line.id, "batch_id": batch_id})
    await session.execute(_ADD_SETTLED, {"batch_id": batch_id, "amount_fen": line.amount_fen})


async def set_aside(session: AsyncSession, line: SettlementLine, because: str) -> None:
    """Leave a settlement unexplained, with the reason."""
    await session.execute(_SET_ASIDE, {"id": line.id, "because": because})


async def open_batch(session: AsyncSession, batch_id: UUID, settlement: Settlement, region: str, trace: Trace) -> UUID:
    """Begin the batch of a channel's settlement day, or find it."""
    key = _key(settlement)
    new = key | {"id": batch_id, "region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_OPEN_BATCH, new)
    found: UUID = (await session.execute(_BATCH, key)).scalar_one()
    return found


async def lock_to_recount(session: AsyncSession) -> UUID | None:
    """An online batch that has to be counted (again), held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RECOUNT)).scalar_one_or_none()
    return found


async def lock_taken(session: AsyncSession, settlement: Settlement) -> list[TakenLine]:
    """What the channel took on the day and has not settled, line by line, held until the transaction ends."""
    return [TakenLine(*row) for row in await session.execute(_LOCK_TAKEN, _key(settlement))]


async def given_back(session: AsyncSession, settlement: Settlement) -> list[GivenBack]:
    """What the channel gave back on the day, whenever it had taken it."""
    return [GivenBack(*row) for row in await session.execute(_GIVEN_BACK_LINES, _key(settlement))]


async def mark_settled(session: AsyncSession, line_ids: Sequence[UUID], day: date) -> None:
    """Note on payments' lines when the channel settled them: a refund is now paid from the pending account."""
    await session.execute(_SETTLED, {"ids": list(line_ids), "day": day})


def _key(settlement: Settlement) -> dict[str, str | date]:
    return {"channel": settlement.channel, "mchid": settlement.mchid, "day": settlement.day}
