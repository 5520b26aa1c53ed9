"""Queries on rosters and their lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes.repository import ChangedPerson
from services.subsidy.counts.repository import LINES
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import AFTER, fetch_all, fetch_one, select_into
from shared.policy.vocabulary import Identity


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster, with what became of its lines; refused ones by their place and why."""

    id: UUID
    identity: str
    department: str
    certified_on: date
    document: str
    accepted: int
    unchanged: int
    refused: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class SealedLine:
    """A line to be recorded, with name and number encrypted already."""

    id: UUID
    region: str
    person_token: str
    document_type: str
    document_number: bytes
    masked_number: str
    person_name: bytes


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it stands, its number masked; withdrawn with a day and a reason, or in force."""

    line_id: UUID
    region: str
    identity: str
    document_number: str
    certified_on: date
    withdrawn_on: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class UninsuredPerson:
    """A certified person without a paid enrolment."""

    id: UUID
    region: str
    document_number: str
    identities: list[str]
    registered: bool


_LINES = ColumnMap[SealedLine](
    {
        "id": "uuid",
        "region": "text",
        "person_token": "text",
        "document_type": "text",
        "document_number": "bytea",
        "masked_number": "text",
        "person_name": "bytea",
    }
)
_SAME = select_into(Roster, "SELECT {fields} FROM roster WHERE region = :region AND content_mac = :mac")
_BY_ID = select_into(Roster, "SELECT {fields} FROM roster WHERE id = :id")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:region || :mac, 0))")
_ADD_ROSTER = text(
    """
    INSERT INTO roster (id, region, content_mac, identity, department, certified_on, document, accepted, unchanged,
                        refused, actor, correlation_id)
    VALUES (:id, :region, :mac, :identity, :department, :certified_on, :document, :accepted, :unchanged,
            CAST(:refused AS jsonb), :actor, :correlation_id)
    """
)
# A person who is on a roster for that identity already stays there; the rows that come back are the new ones.
_ADD_LINES = LINES.insert(
    insert_rows(
        "roster_line",
        _LINES,
        given={
            "roster_id": "uuid",
            "identity": "text",
            "certified_on": "date",
            "actor": "text",
            "correlation_id": "uuid",
        },
        order_by="n.person_token",
        then="ON CONFLICT (person_token, identity) WHERE withdrawn_on IS NULL DO NOTHING",
    ),
    "person_token, region",
)
_LINE = text(
    """
    SELECT id AS line_id, region, identity, masked_number AS document_number, certified_on, withdrawn_on,
           withdrawal_reason AS reason
    FROM roster_line WHERE roster_id = :roster_id AND person_token = :token
    ORDER BY withdrawn_on NULLS FIRST LIMIT 1 FOR UPDATE
    """
)
_WITHDRAW = LINES.update(
    text(
        """
        UPDATE roster_line SET withdrawn_on = :withdrawn_on, withdrawal_reason = :reason, withdrawn_by = :actor
        WHERE id = :line_id
        """
    )
)
# Each person once, by their first line in force, whatever number of identities they hold. The lines are read in the
# order of the page, and reading ends with it.
_IN_FORCE = "certified_on <= :today AND (withdrawn_on IS NULL OR withdrawn_on > :today)"
_UNINSURED = text(
    f"""
    SELECT first.id, first.region, first.masked_number AS document_number,
           ARRAY(SELECT DISTINCT identity FROM roster_line
                 WHERE person_token = first.person_token AND {_IN_FORCE} ORDER BY 1) AS identities,
           enrolment.paid IS NOT NULL AS registered
    FROM roster_line AS first
    LEFT JOIN LATERAL (
        SELECT paid_on IS NOT NULL AS paid FROM enrolment
        WHERE person_token = first.person_token AND benefit_year = :benefit_year AND terminated_on IS NULL
        ORDER BY paid_on NULLS LAST LIMIT 1
    ) AS enrolment ON true
    WHERE first.id > {AFTER} AND first.certified_on <= :today
      AND (first.withdrawn_on IS NULL OR first.withdrawn_on > :today)
      AND enrolment.paid IS NOT TRUE
      AND NOT EXISTS (
          SELECT FROM roster_line WHERE person_token = first.person_token AND id < first.id AND {_IN_FORCE}
      )
    ORDER BY first.id LIMIT :limit
    """  # noqa: S608 - a constant
)


async def uninsured(
    session: AsyncSession, benefit_year: int, today: date, *, after: UUID | None, limit: int
) -> list[UninsuredPerson]:
    """People who are certified today and whose enrolment for the year is missing or unpaid."""
    asked = {"benefit_year": benefit_year, "today": today, "after": after, "limit": limit}
    return await fetch_all(session, _UNINSURED, UninsuredPerson, asked)


async def same_roster(session: AsyncSession, region: str, mac: str) -> Roster | None:
    """The roster with the same content that was uploaded before; two uploads at once wait for each other here."""
    await session.execute(_ONE_AT_A_TIME, {"region": region, "mac": mac})
    return await fetch_one(session, _SAME, Roster, {"region": region, "mac": mac})


async def find(session: AsyncSession, roster_id: UUID) -> Roster | None:
    """One roster."""
    return await fetch_one(session, _BY_ID, Roster, {"id": roster_id})


async def add_roster(session: AsyncSession, roster: Roster, region: str, mac: str, trace: Trace) -> None:
    """Record a roster with what became of its lines."""
    values = {
        "id": roster.id,
        "region": region,
        "mac": mac,
        "identity": roster.identity,
        "department": roster.department,
        "certified_on": roster.certified_on,
        "document": roster.document,
        "accepted": roster.accepted,
        "unchanged": roster.unchanged,
        "refused": orjson.dumps(roster.refused).decode(),
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    await session.execute(_ADD_ROSTER, values)


async def add_lines(
    session: AsyncSession,
    roster_id: UUID,
    identity: Identity,
    certified_on: date,
    lines: Sequence[SealedLine],
    trace: Trace,
) -> list[ChangedPerson]:
    """Record lines; returns the people of those that were not in force before."""
    of_roster = {
        "roster_id": roster_id,
        "identity": identity.value,
        "certified_on": certified_on,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return await fetch_all(session, _ADD_LINES, ChangedPerson, _LINES.arrays(lines) | of_roster)


async def lock_line(session: AsyncSession, roster_id: UUID, token: str) -> StoredLine | None:
    """A person's line of a roster, the one in force first."""
    return await fetch_one(session, _LINE, StoredLine, {"roster_id": roster_id, "token": token})


async def withdraw(session: AsyncSession, line_id: UUID, day: date, reason: str, actor: str) -> None:
    """Record that a line no longer counts."""
    await session.execute(_WITHDRAW, {"line_id": line_id, "withdrawn_on": day, "reason": reason, "actor": actor})
