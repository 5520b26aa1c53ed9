"""Enrolments in SQL: whole batches at a time, rows locked in the order of their keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments.counts.repository import COUNTS
from services.registration.enrolments.state import EnrolmentRecord, Payment, State
from services.registration.periods.decision import Period
from shared.contracts.event import Trace
from shared.contracts.registration import PersonFacts
from shared.database.bulk import ColumnMap, insert_rows, update_rows
from shared.database.row import fetch_all, fetch_one, select_into


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
    name_token: str
    facts: PersonFacts
    trace: Trace


class ByPerson(Protocol):
    """Anything about one person in one benefit year."""

    @property
    def person_token(self) -> str:
        """The person."""

    @property
    def benefit_year(self) -> int:
        """The year."""


@dataclass(frozen=True, slots=True)
class EnrolmentContent:
    """What an enrolment says about its person; the name is encrypted."""

    id: UUID
    region: str
    facts: PersonFacts
    person_name: bytes


@dataclass(frozen=True, slots=True)
class ListedEnrolment:
    """An enrolment in a list, and why it is held or rejected."""

    id: UUID
    state: str
    region: str
    benefit_year: int
    masked_number: str
    registered_on: date
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class EnrolmentDetails:
    """An enrolment as it is shown and explained; amounts in fen."""

    id: UUID
    state: str
    region: str
    benefit_year: int
    masked_number: str
    registered_on: date
    assessment: Mapping[str, Any] | None
    paid_basis: str | None
    paid_on: date | None
    paid_fen: int | None
    due_fen: int | None
    aided_fen: int | None
    channel: str | None
    benefit_start: date | None
    benefit_end: date | None
    benefit_wait: str | None
    benefit_held: str | None
    money_state: str | None
    in_treasury_on: date | None
    certificate_no: str | None
    cash_returned_on: date | None


class _RecordRow(NamedTuple):
    """What a state follows from; the assessment, the name and the number are long and are not read."""

    id: UUID
    region: str
    benefit_year: int
    person_token: str
    state: str
    actor: str
    correlation_id: UUID
    assessment_version: int | None
    outcome: str | None
    reason_code: str | None
    bill_version: int | None
    paid_version: int | None
    paid_basis: str | None
    paid_on: date | None
    paid_fen: int | None
    due_fen: int | None
    aided_fen: int | None
    channel: str | None
    benefit_start: date | None
    benefit_end: date | None
    benefit_wait: str | None
    benefit_held: str | None
    money_state: str | None
    in_treasury_on: date | None
    certificate_no: str | None
    cash_returned_on: date | None
    lost: Sequence[str]

    def record(self) -> EnrolmentRecord:
        """The record that the row holds."""
        payment = self._payment()
        return EnrolmentRecord(
            id=self.id,
            region=self.region,
            benefit_year=self.benefit_year,
            person_token=self.person_token,
            state=State(self.state),
            trace=Trace(actor=self.actor, correlation_id=self.correlation_id),
            assessment_version=self.assessment_version,
            outcome=self.outcome,
            reason_code=self.reason_code,
            bill_version=self.bill_version,
            payment=payment,
            period=None if payment is None else self._period(),
            money_state=self.money_state,
            in_treasury_on=self.in_treasury_on,
            certificate_no=self.certificate_no,
            cash_returned_on=self.cash_returned_on,
            lost=tuple(self.lost),
        )

    def _payment(self) -> Payment | None:
        """A row is paid wholly or not at all, a constraint of the table says so."""
        if (
            self.paid_basis is None
            or self.paid_on is None
            or self.paid_fen is None
            or self.due_fen is None
            or self.aided_fen is None
        ):
            return None
        return Payment(
            self.paid_basis,
            self.paid_on,
            self.paid_fen,
            self.due_fen,
            self.aided_fen,
            self.channel,
            self.paid_version,
        )

    def _period(self) -> Period:
        return Period(self.benefit_start, self.benefit_end, wait=self.benefit_wait, held=self.benefit_held)


def _part(part: str, name: str) -> Callable[[EnrolmentRecord], object]:
    of_record, of_part = attrgetter(part), attrgetter(name)
    return lambda record: None if (found := of_record(record)) is None else of_part(found)


_NEW = ColumnMap[NewEnrolment](
    {
        "id": "uuid",
        "region": "text",
        "benefit_year": "integer",
        "person_token": "text",
        "document_type": "text",
        "document_number": "bytea",
        "masked_number": "text",
        "person_name": "bytea",
        "name_token": "text",
        "facts": ("jsonb", lambda new: new.facts.model_dump_json()),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_CHANGED = ColumnMap[EnrolmentRecord](
    {
        "id": "uuid",
        "state": "text",
        "assessment_version": "integer",
        "outcome": "text",
        "assessment": ("jsonb", lambda record: record.assessment and orjson.dumps(record.assessment).decode()),
        "bill_version": "integer",
        "paid_version": ("integer", _part("payment", "version")),
        "paid_basis": ("text", _part("payment", "basis")),
        "paid_on": ("date", _part("payment", "paid_on")),
        "paid_fen": ("bigint", _part("payment", "paid_fen")),
        "due_fen": ("bigint", _part("payment", "due_fen")),
        "aided_fen": ("bigint", _part("payment", "aided_fen")),
        "channel": ("text", _part("payment", "channel")),
        "benefit_start": ("date", _part("period", "starts_on")),
        "benefit_end": ("date", _part("period", "ends_on")),
        "benefit_wait": ("text", _part("period", "wait")),
        "benefit_held": ("text", _part("period", "held")),
        "money_state": "text",
        "in_treasury_on": "date",
        "certificate_no": "text",
        "cash_returned_on": "date",
    }
)
_PEOPLE = ColumnMap[ByPerson]({"person_token": "text", "benefit_year": "integer"})

# Sorted, so that two batches that name the same people wait for each other instead of deadlocking; of two rows about
# one person the first is the one that is entered.
_ADD = COUNTS.insert(
    insert_rows(
        "enrolment",
        _NEW,
        given={"state": "text", "registered_on": "date"},
        order_by="n.person_token, n.benefit_year, n.position",
        then="ON CONFLICT (person_token, benefit_year) WHERE state <> 'TERMINATED' DO NOTHING",
    ),
    "id",
)
_LISTED = select_into(
    ListedEnrolment,
    """
    SELECT {fields} FROM enrolment
    WHERE benefit_year = :benefit_year AND state = :state AND id > {after}
    ORDER BY id LIMIT :limit
    """,
)
_FIND = select_into(EnrolmentDetails, "SELECT {fields} FROM enrolment WHERE id = :id")
# One look into an index for each, so a batch bounds them: asked for all at once under row-level security, PostgreSQL
# reads the whole region, of which it expects little.
_LIVE = _PEOPLE.statement(
    """
    SELECT e.id, n.person_token, n.benefit_year
    FROM {rows}
    CROSS JOIN LATERAL (
        SELECT id FROM enrolment
        WHERE person_token = n.person_token AND benefit_year = n.benefit_year AND state <> 'TERMINATED' LIMIT 1
    ) AS e
    """
)
_CONTENTS = _PEOPLE.statement(
    """
    SELECT n.person_token, n.benefit_year, e.id, e.region, e.facts, e.person_name
    FROM {rows}
    CROSS JOIN LATERAL (
        SELECT id, region, facts, person_name FROM enrolment
        WHERE person_token = n.person_token AND benefit_year = n.benefit_year AND state <> 'TERMINATED' LIMIT 1
    ) AS e
    """
)
_LOST = "ARRAY(SELECT event FROM lost_event WHERE lost_event.key = enrolment.id AND settled_at IS NULL)"
_LOCK = select_into(
    _RecordRow,
    "SELECT {fields} FROM enrolment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE",
    lost=_LOST,
)
_RECORD = COUNTS.update(
    update_rows("enrolment", _CHANGED, key="id", sets={"assessment": "coalesce(n.assessment, enrolment.assessment)"})
)
_FIELDS = ", ".join(_RecordRow._fields)
_STEPS = {
    State.ACTIVE: select_into(
        _RecordRow,
        COUNTS.update(
            text(
                """
                UPDATE enrolment SET state = 'ACTIVE' WHERE id IN (
                    SELECT id FROM enrolment WHERE state IN ('PAID', 'WAITING') AND benefit_start <= :today
                    ORDER BY state, benefit_start LIMIT :most FOR UPDATE SKIP LOCKED)
                """
            ),
            "{fields}",
            _FIELDS,
        ).text,
        lost=_LOST,
    ),
    State.EXPIRED: select_into(
        _RecordRow,
        COUNTS.update(
            text(
                """
                UPDATE enrolment SET state = 'EXPIRED' WHERE id IN (
                    SELECT id FROM enrolment WHERE state = 'ACTIVE' AND benefit_end < :today
                    ORDER BY state, benefit_start LIMIT :most FOR UPDATE SKIP LOCKED)
                """
            ),
            "{fields}",
            _FIELDS,
        ).text,
        lost=_LOST,
    ),
}


async def add(session: AsyncSession, new: Sequence[NewEnrolment], today: date) -> set[UUID]:
    """Record enrolments; returns those that are new: a person has one live enrolment per year, in whatever region."""
    if not new:
        return set()
    columns = _NEW.arrays(new) | {"state": State.REGISTERED.value, "registered_on": today}
    return set((await session.execute(_ADD, columns)).scalars())


async def find(session: AsyncSession, enrolment_id: UUID) -> EnrolmentDetails | None:
    """One enrolment, if the transaction's region may see it."""
    return await fetch_one(session, _FIND, EnrolmentDetails, {"id": enrolment_id})


async def list_in_state(
    session: AsyncSession, *, benefit_year: int, state: State, after: UUID | None, limit: int
) -> list[ListedEnrolment]:
    """Enrolments of a year in one state, by id, as far as the transaction's region may see them."""
    asked = {"benefit_year": benefit_year, "state": state.value, "after": after, "limit": limit}
    return await fetch_all(session, _LISTED, ListedEnrolment, asked)


async def live(session: AsyncSession, of: Sequence[ByPerson]) -> dict[tuple[str, int], UUID]:
    """These people's live enrolments by person and year, as far as the transaction's region may see them."""
    rows = await session.execute(_LIVE, _PEOPLE.arrays(of)) if of else ()
    return {(row.person_token, row.benefit_year): row.id for row in rows}


async def contents(session: AsyncSession, of: Sequence[ByPerson]) -> dict[tuple[str, int], EnrolmentContent]:
    """What these people's live enrolments say, as far as the transaction's region may see them."""
    rows = await session.execute(_CONTENTS, _PEOPLE.arrays(of)) if of else ()
    return {
        (row.person_token, row.benefit_year): EnrolmentContent(
            row.id, row.region, PersonFacts.model_validate(row.facts), row.person_name
        )
        for row in rows
    }


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, EnrolmentRecord]:
    """Lock enrolments for the rest of the transaction and return their records."""
    rows = await fetch_all(session, _LOCK, _RecordRow, {"ids": sorted(set(ids))})
    return {row.id: row.record() for row in rows}


async def record(session: AsyncSession, records: Sequence[EnrolmentRecord]) -> None:
    """Store the records of locked enrolments."""
    if records:
        await session.execute(_RECORD, _CHANGED.arrays(records))


async def step(session: AsyncSession, into: State, today: date, most: int) -> list[EnrolmentRecord]:
    """Move up to ``most`` enrolments into ACTIVE or EXPIRED whose day has come."""
    rows = await fetch_all(session, _STEPS[into], _RecordRow, {"today": today, "most": most})
    return [row.record() for row in rows]
