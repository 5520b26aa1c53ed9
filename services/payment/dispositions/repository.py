"""Decisions about suspended money and who has to act on it. No other package writes these tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.dispositions.state import Case, DecisionKind
from services.payment.suspense.offices import OFFICE_SQL, SuspenseOffice
from shared.contracts.event import Trace
from shared.database.row import fetch_all, fetch_one, select_into
from shared.domain.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision about to be written; its id is that of its approval."""

    id: UUID
    suspense_id: UUID
    kind: DecisionKind
    decided_on: date
    region: str
    trace: Trace
    bill_id: UUID | None = None
    applied_on: date | None = None
    batch_id: UUID | None = None
    benefit_year: int | None = None


@dataclass(frozen=True, slots=True)
class ListedCase:
    """Suspended money that waits, in a list by its age; ``office`` is who has to act, ``assigned_because`` if moved."""

    id: UUID
    channel: str
    merchant_id: str
    order_no: str
    transaction_id: str
    enrolment_id: UUID | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reason: str
    suspended_on: date
    office: str
    assigned_because: str | None
    carried_to: int | None


@dataclass(frozen=True, slots=True)
class TakenDecision:
    """A decision as it was taken, with its grounds and the two people."""

    id: UUID
    kind: str
    decided_on: date
    bill_id: UUID | None
    applied_on: date | None
    batch_id: UUID | None
    benefit_year: int | None
    reason: str
    evidence: str | None
    proposed_by: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class WaitingMoney:
    """What waits with one office, and since when the oldest does."""

    office: str
    count: int
    fen: int
    since: date


_CARRIED = """
    (SELECT d.benefit_year FROM suspense_decision d WHERE d.suspense_id = s.id AND d.kind = 'CARRY_OVER'
     ORDER BY d.id DESC LIMIT 1)
"""
_FIND = select_into(
    Case,
    """
    SELECT {fields} FROM suspense s LEFT JOIN payment_line l ON l.id = s.payment_line_id WHERE s.id = :id
    """,
    **{
        name: f"s.{name}"
        for name in (
            *("id", "channel", "merchant_id", "transaction_id", "enrolment_id", "person_token", "benefit_year"),
            *("region", "amount_fen", "reason", "suspended_on", "state"),
        )
    },
    line_id="l.id",
    settled_on="l.settled_on",
    counted_by="l.counted_by",
    carried_to=_CARRIED,
)
# What stands beside the line is read once it is held.
_HOLD_LINE = text("SELECT id FROM payment_line WHERE id = :line_id FOR UPDATE")
_INSERT = text(
    """
    INSERT INTO suspense_decision (id, suspense_id, kind, decided_on, bill_id, applied_on, batch_id, benefit_year,
                                   region, actor, correlation_id)
    VALUES (:id, :suspense_id, :kind, :decided_on, :bill_id, :applied_on, :batch_id, :benefit_year, :region, :actor,
            :correlation_id)
    """
)
_ASSIGN = text(
    """
    INSERT INTO suspense_assignment (id, suspense_id, office, because, assigned_on, region, actor, correlation_id)
    SELECT :id, s.id, :office, :because, :day, s.region, :actor, :correlation_id
    FROM suspense s WHERE s.id = :suspense_id AND s.state = 'HELD'
    RETURNING id
    """
)
# The last assignment moves it; without one it is with the office of its reason and region.
_ASSIGNED = """
    LEFT JOIN LATERAL (
        SELECT office, because FROM suspense_assignment a WHERE a.suspense_id = s.id ORDER BY a.id DESC LIMIT 1
    ) AS assigned ON true
"""
_OF_OFFICE = f"coalesce(assigned.office, {OFFICE_SQL})"
_CASES = select_into(
    ListedCase,
    f"""
    SELECT {{fields}} FROM suspense s {_ASSIGNED}
    WHERE s.state = 'HELD' AND s.suspended_on <= :until
      AND (s.suspended_on, s.id) > (CAST(:after_day AS date), CAST(:after AS uuid))
      AND (CAST(:reason AS text) IS NULL OR s.reason = :reason)
      AND (CAST(:office AS text) IS NULL OR {_OF_OFFICE} = :office)
    ORDER BY s.suspended_on, s.id LIMIT :limit
    """,  # noqa: S608 - constants above
    office=_OF_OFFICE,
    assigned_because="assigned.because",
    carried_to=_CARRIED,
)
_TAKEN = select_into(
    TakenDecision,
    """
    SELECT {fields} FROM suspense_decision d JOIN approval a ON a.id = d.id
    WHERE d.suspense_id = :suspense_id AND d.id > {after} ORDER BY d.id LIMIT :limit
    """,
    **{name: f"d.{name}" for name in ("id", "decided_on", "bill_id", "applied_on", "batch_id", "benefit_year", "kind")},
    reason="a.reason",
    evidence="a.evidence",
    proposed_by="a.proposed_by",
    decided_by="a.decided_by",
)
_WAITING = select_into(
    WaitingMoney,
    f"""
    SELECT {{fields}} FROM (
        SELECT {_OF_OFFICE} AS office, s.amount_fen, s.suspended_on FROM suspense s {_ASSIGNED}
        WHERE s.state = 'HELD' AND NOT EXISTS (
            SELECT FROM suspense_decision d WHERE d.suspense_id = s.id AND d.kind = 'CARRY_OVER')
    ) AS held GROUP BY office ORDER BY office
    """,  # noqa: S608 - constants above
    count="count(*)",
    fen="sum(amount_fen)::bigint",
    since="min(suspended_on)",
)
# Of a settlement by its sum: what of it was matched later rests on the same line of the bank.
_RESTING = text(
    """
    SELECT d.batch_id FROM payment_line l JOIN suspense s ON s.payment_line_id = l.id
    JOIN suspense_decision d ON d.suspense_id = s.id
    WHERE l.counted_by = :batch_id AND d.batch_id IS NOT NULL ORDER BY d.batch_id
    """
)


async def find(session: AsyncSession, suspense_id: UUID) -> Case | None:
    """A suspended sum, if the caller's region holds it."""
    return await fetch_one(session, _FIND, Case, {"id": suspense_id})


async def hold_line(session: AsyncSession, line_id: UUID) -> None:
    """Hold the part of a payment until the transaction ends: nobody settles it or gives it back meanwhile."""
    await session.execute(_HOLD_LINE, {"line_id": line_id})


async def insert(session: AsyncSession, decision: NewDecision) -> None:
    """Write a decision."""
    values = {
        "id": decision.id,
        "suspense_id": decision.suspense_id,
        "kind": decision.kind.value,
        "decided_on": decision.decided_on,
        "bill_id": decision.bill_id,
        "applied_on": decision.applied_on,
        "batch_id": decision.batch_id,
        "benefit_year": decision.benefit_year,
        "region": decision.region,
        "actor": decision.trace.actor,
        "correlation_id": decision.trace.correlation_id,
    }
    await session.execute(_INSERT, values)


async def assign(
    session: AsyncSession, suspense_id: UUID, office: SuspenseOffice, because: str, day: date, trace: Trace
) -> bool:
    """Give a case to another office, with the reason; False where no money is held under it."""
    values = {
        "id": new_id(),
        "suspense_id": suspense_id,
        "office": office.value,
        "because": because,
        "day": day,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return (await session.execute(_ASSIGN, values)).scalar_one_or_none() is not None


async def cases(
    session: AsyncSession,
    *,
    until: date,
    reason: str | None,
    office: str | None,
    after: tuple[date, UUID],
    limit: int,
) -> Sequence[ListedCase]:
    """Money that waits since ``until`` or longer, the oldest first, after a place of the list."""
    values = {
        "until": until,
        "reason": reason,
        "office": office,
        "after_day": after[0],
        "after": after[1],
        "limit": limit,
    }
    return await fetch_all(session, _CASES, ListedCase, values)


async def taken(session: AsyncSession, suspense_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TakenDecision]:
    """The decisions about one sum, in the order in which they were proposed."""
    return await fetch_all(session, _TAKEN, TakenDecision, {"suspense_id": suspense_id, "after": after, "limit": limit})


async def waiting(session: AsyncSession) -> Sequence[WaitingMoney]:
    """What waits with each office; what was carried over waits for its year and is not counted."""
    return await fetch_all(session, _WAITING, WaitingMoney)


async def resting_on(session: AsyncSession, batch_id: UUID) -> list[UUID]:
    """The batches in which suspended money of a settlement went on once it was matched."""
    return list((await session.execute(_RESTING, {"batch_id": batch_id})).scalars())
