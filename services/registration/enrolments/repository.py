"""Enrolments in SQL: whole batches at a time, rows locked in the order of their keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.state import Payment, Standing, State
from services.registration.periods.decision import Period
from shared.contracts.event import Trace
from shared.contracts.registration import PersonFacts

# What a state follows from; the assessment, the name and the number are long and stay where they are.
_STANDING = """id, region, benefit_year, person_token, state, actor, correlation_id, assessment_version, outcome,
               reason_code, bill_version, paid_version, paid_basis, paid_on, paid_fen, due_fen, aided_fen, channel,
               benefit_start, benefit_end, benefit_wait, benefit_held, money_state, in_treasury_on, certificate_no,
               cash_returned_on"""

# Sorted, so that two batches that name the same people wait for each other instead of deadlocking; of two rows about
# one person the first is the one that is entered.
_ADD = text(
    """
    INSERT INTO enrolment (id, region, benefit_year, person_token, document_type, document_number, masked_number,
                           person_name, facts, state, registered_on, actor, correlation_id)
    SELECT n.id, n.region, n.benefit_year, n.person_token, n.document_type, n.document_number, n.masked_number,
           n.person_name, n.facts, 'REGISTERED', :today, n.actor, n.correlation_id
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:benefit_years AS integer[]),
             CAST(:person_tokens AS text[]), CAST(:document_types AS text[]), CAST(:document_numbers AS bytea[]),
             CAST(:masked_numbers AS text[]), CAST(:person_names AS bytea[]), CAST(:facts AS jsonb[]),
             CAST(:actors AS text[]), CAST(:correlation_ids AS uuid[])
         ) WITH ORDINALITY AS n (id, region, benefit_year, person_token, document_type, document_number, masked_number,
                                 person_name, facts, actor, correlation_id, place)
    ORDER BY n.person_token, n.benefit_year, n.place
    ON CONFLICT (person_token, benefit_year) WHERE state <> 'TERMINATED' DO NOTHING
    RETURNING id
    """
)
_FIND = text("SELECT * FROM enrolment WHERE id = :id")
_LISTED = text(
    """
    SELECT id, state, region, benefit_year, masked_number, registered_on, reason_code FROM enrolment
    WHERE benefit_year = :benefit_year AND state = :state AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)
# One look into an index for each, so a batch bounds them: asked for all at once under row-level security, PostgreSQL
# reads the whole region, of which it expects little.
_LIVE = text(
    """
    SELECT e.id, n.person_token, n.benefit_year
    FROM unnest(CAST(:tokens AS text[]), CAST(:years AS integer[])) AS n (person_token, benefit_year)
    CROSS JOIN LATERAL (
        SELECT id FROM enrolment
        WHERE person_token = n.person_token AND benefit_year = n.benefit_year AND state <> 'TERMINATED' LIMIT 1
    ) AS e
    """
)
_CONTENTS = text(
    """
    SELECT n.person_token, n.benefit_year, e.id, e.region, e.facts, e.person_name
    FROM unnest(CAST(:tokens AS text[]), CAST(:years AS integer[])) AS n (person_token, benefit_year)
    CROSS JOIN LATERAL (
        SELECT id, region, facts, person_name FROM enrolment
        WHERE person_token = n.person_token AND benefit_year = n.benefit_year AND state <> 'TERMINATED' LIMIT 1
    ) AS e
    """
)
_LOCK = text(
    f"SELECT {_STANDING} FROM enrolment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"  # noqa: S608
)
_RECORD = text(
    """
    UPDATE enrolment AS e
    SET state = n.state, assessment_version = n.assessment_version, outcome = n.outcome,
        assessment = coalesce(n.assessment, e.assessment), bill_version = n.bill_version,
        paid_version = n.paid_version, paid_basis = n.basis, paid_on = n.paid_on, paid_fen = n.paid_fen,
        due_fen = n.due_fen, aided_fen = n.aided_fen, channel = n.channel,
        benefit_start = n.starts_on, benefit_end = n.ends_on, benefit_wait = n.wait, benefit_held = n.held,
        money_state = n.money_state, in_treasury_on = n.in_treasury_on, certificate_no = n.certificate_no,
        cash_returned_on = n.cash_returned_on
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n(
        id uuid, state text, assessment_version integer, outcome text, assessment jsonb, bill_version integer,
        paid_version integer, basis text, paid_on date, paid_fen bigint, due_fen bigint, aided_fen bigint, channel text,
        starts_on date, ends_on date, wait text, held text,
        money_state text, in_treasury_on date, certificate_no text, cash_returned_on date)
    WHERE e.id = n.id
    """
)
_STEPS = {
    State.ACTIVE: text(
        f"""
        UPDATE enrolment SET state = 'ACTIVE' WHERE id IN (
            SELECT id FROM enrolment WHERE state IN ('PAID', 'WAITING') AND benefit_start <= :today
            ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
        RETURNING {_STANDING}
        """  # noqa: S608 - constant columns
    ),
    State.EXPIRED: text(
        f"""
        UPDATE enrolment SET state = 'EXPIRED' WHERE id IN (
            SELECT id FROM enrolment WHERE state = 'ACTIVE' AND benefit_end < :today
            ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
        RETURNING {_STANDING}
        """  # noqa: S608 - constant columns
    ),
}


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """An enrolment to be recorded, with name and number encrypted already."""

    id: UUID
    region: str
    benefit_year: int
    person_token: str
    document_type: str
    document_number: bytes
    masked_number: str
    person_name: bytes
    facts: PersonFacts
    trace: Trace


class ByPerson(Protocol):
    """Whatever is about one person in one benefit year."""

    @property
    def person_token(self) -> str:
        """The person."""

    @property
    def benefit_year(self) -> int:
        """The year."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an enrolment says about its person; the name is encrypted."""

    id: UUID
    region: str
    facts: PersonFacts
    person_name: bytes


async def add(session: AsyncSession, new: Sequence[NewEnrolment], today: date) -> set[UUID]:
    """Record enrolments; returns those that are new: a person has one live enrolment per year, in whatever region."""
    if not new:
        return set()
    columns = {
        "ids": [one.id for one in new],
        "regions": [one.region for one in new],
        "benefit_years": [one.benefit_year for one in new],
        "person_tokens": [one.person_token for one in new],
        "document_types": [one.document_type for one in new],
        "document_numbers": [one.document_number for one in new],
        "masked_numbers": [one.masked_number for one in new],
        "person_names": [one.person_name for one in new],
        "facts": [one.facts.model_dump_json() for one in new],
        "actors": [one.trace.actor for one in new],
        "correlation_ids": [one.trace.correlation_id for one in new],
    }
    return set((await session.execute(_ADD, columns | {"today": today})).scalars())


async def find(session: AsyncSession, enrolment_id: UUID) -> RowMapping | None:
    """One enrolment, if the transaction's region may see it."""
    return (await session.execute(_FIND, {"id": enrolment_id})).mappings().one_or_none()


async def listed(
    session: AsyncSession, *, benefit_year: int, state: State, after: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """Enrolments of a year in one state, by id, as far as the transaction's region may see them."""
    asked = {"benefit_year": benefit_year, "state": state.value, "after": after, "limit": limit}
    return (await session.execute(_LISTED, asked)).mappings().all()


async def live(session: AsyncSession, of: Sequence[ByPerson]) -> dict[tuple[str, int], UUID]:
    """These people's live enrolments by person and year, as far as the transaction's region may see them."""
    rows = await session.execute(_LIVE, _people(of)) if of else ()
    return {(row.person_token, row.benefit_year): row.id for row in rows}


async def contents(session: AsyncSession, of: Sequence[ByPerson]) -> dict[tuple[str, int], Content]:
    """What these people's live enrolments say, as far as the transaction's region may see them."""
    rows = await session.execute(_CONTENTS, _people(of)) if of else ()
    return {
        (row.person_token, row.benefit_year): Content(
            row.id, row.region, PersonFacts.model_validate(row.facts), row.person_name
        )
        for row in rows
    }


def _people(of: Sequence[ByPerson]) -> dict[str, list[str] | list[int]]:
    return {"tokens": [one.person_token for one in of], "years": [one.benefit_year for one in of]}


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
            row["paid_basis"],
            row["paid_on"],
            row["paid_fen"],
            row["due_fen"],
            row["aided_fen"],
            row["channel"],
            row["paid_version"],
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
        reason_code=row["reason_code"],
        bill_version=row["bill_version"],
        payment=payment,
        period=period,
        money_state=row["money_state"],
        in_treasury_on=row["in_treasury_on"],
        certificate_no=row["certificate_no"],
        cash_returned_on=row["cash_returned_on"],
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
        "cash_returned_on": standing.cash_returned_on,
    }
    if payment is not None and period is not None:
        columns |= {
            "paid_version": payment.version,
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
