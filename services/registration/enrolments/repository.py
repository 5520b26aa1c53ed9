"""Enrolments in SQL: whole batches at a time, rows locked in the order of their keys."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.state import Payment, Standing, State
from services.registration.periods.decision import Period
from shared.contracts.event import Trace

_ADD = text(
    """
    INSERT INTO enrolment (id, region, benefit_year, person_token, document_type, document_number, masked_number,
                           person_name, facts, state, registered_on, actor, correlation_id)
    VALUES (:id, :region, :benefit_year, :person_token, :document_type, :document_number, :masked_number,
            :person_name, CAST(:facts AS jsonb), 'REGISTERED', :registered_on, :actor, :correlation_id)
    ON CONFLICT (person_token, benefit_year) WHERE state <> 'TERMINATED' DO NOTHING
    RETURNING id
    """
)
_FIND = text("SELECT * FROM enrolment WHERE id = :id")
_LIVE = text(
    "SELECT id FROM enrolment WHERE person_token = :token AND benefit_year = :year AND state <> 'TERMINATED' LIMIT 1"
)
_LOCK = text("SELECT * FROM enrolment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")
_RECORD = text(
    """
    UPDATE enrolment AS e
    SET state = n.state, assessment_version = n.assessment_version, outcome = n.outcome,
        assessment = coalesce(n.assessment, e.assessment), bill_version = n.bill_version,
        paid_basis = n.basis, paid_on = n.paid_on, paid_fen = n.paid_fen, due_fen = n.due_fen,
        aided_fen = n.aided_fen, channel = n.channel,
        benefit_start = n.starts_on, benefit_end = n.ends_on, benefit_wait = n.wait, benefit_held = n.held,
        money_state = n.money_state, in_treasury_on = n.in_treasury_on, certificate_no = n.certificate_no
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(
        id uuid, state text, assessment_version integer, outcome text, assessment jsonb, bill_version integer,
        basis text, paid_on date, paid_fen bigint, due_fen bigint, aided_fen bigint, channel text,
        starts_on date, ends_on date, wait text, held text,
        money_state text, in_treasury_on date, certificate_no text)
    WHERE e.id = n.id
    """
)
_STEPS = {
    State.ACTIVE: text(
        """
        UPDATE enrolment SET state = 'ACTIVE' WHERE id IN (
            SELECT id FROM enrolment WHERE state IN ('PAID', 'WAITING') AND benefit_start <= :today
            ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
        RETURNING *
        """
    ),
    State.EXPIRED: text(
        """
        UPDATE enrolment SET state = 'EXPIRED' WHERE id IN (
            SELECT id FROM enrolment WHERE state = 'ACTIVE' AND benefit_end < :today
            ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
        RETURNING *
        """
    ),
}


async def add(session: AsyncSession, row: Mapping[str, Any]) -> bool:
    """Record one enrolment; False where the person already has a live one for that year, in whatever region."""
    return (await session.execute(_ADD, row)).scalar_one_or_none() is not None


async def find(session: AsyncSession, enrolment_id: UUID) -> RowMapping | None:
    """One enrolment, if the transaction's region may see it."""
    return (await session.execute(_FIND, {"id": enrolment_id})).mappings().one_or_none()


async def live(session: AsyncSession, token: str, year: int) -> UUID | None:
    """A person's live enrolment for a year, if the transaction's region may see it."""
    found: UUID | None = (await session.execute(_LIVE, {"token": token, "year": year})).scalar_one_or_none()
    return found


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Lock enrolments for the rest of the transaction and say how they stand."""
    rows = await session.execute(_LOCK, {"ids": sorted(set(ids))})
    return {row["id"]: _standing(row) for row in rows.mappings()}


async def record(session: AsyncSession, standings: Sequence[Standing]) -> None:
    """Write down how locked enrolments stand now."""
    if standings:
        rows = orjson.dumps([_columns(standing) for standing in standings]).decode()
        await session.execute(_RECORD, {"rows": rows})


async def step(session: AsyncSession, into: State, today: date, most: int) -> list[Standing]:
    """Move up to ``most`` enrolments into ACTIVE or EXPIRED whose day has come."""
    rows = await session.execute(_STEPS[into], {"today": today, "most": most})
    return [_standing(row) for row in rows.mappings()]


def _standing(row: RowMapping) -> Standing:
    payment = period = None
    if row["paid_basis"] is not None:
        payment = Payment(
            row["paid_basis"], row["paid_on"], row["paid_fen"], row["due_fen"], row["aided_fen"], row["channel"]
        )
        period = Period(row["benefit_start"], row["benefit_end"], wait=row["benefit_wait"], held=row["benefit_held"])
    return Standing(
        id=row["id"],
        region=row["region"],
        benefit_year=row["benefit_year"],
        person_token=row["person_token"],
        state=State(row["state"]),
        trace=Trace(actor=row["actor"], correlation_id=row["correlation_id"]),
        assessment_version=row["assessment_version"],
        outcome=row["outcome"],
        bill_version=row["bill_version"],
        payment=payment,
        period=period,
        money_state=row["money_state"],
        in_treasury_on=row["in_treasury_on"],
        certificate_no=row["certificate_no"],
    )


def _columns(standing: Standing) -> dict[str, Any]:
    payment, period = standing.payment, standing.period
    columns: dict[str, Any] = {
        "id": str(standing.id),
        "state": standing.state,
        "assessment_version": standing.assessment_version,
        "outcome": standing.outcome,
        "assessment": standing.assessment,
        "bill_version": standing.bill_version,
        "money_state": standing.money_state,
        "in_treasury_on": standing.in_treasury_on,
        "certificate_no": standing.certificate_no,
    }
    if payment is not None and period is not None:
        columns |= {
            "basis": payment.basis,
            "paid_on": payment.paid_on,
            "paid_fen": payment.paid_fen,
            "due_fen": payment.due_fen,
            "aided_fen": payment.aided_fen,
            "channel": payment.channel,
            "starts_on": period.starts_on,
            "ends_on": period.ends_on,
            "wait": period.wait,
            "held": period.held,
        }
    return columns
