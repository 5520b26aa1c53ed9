"""Queries on rosters and their lines."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.rosters.lines import Accepted
from services.subsidy.rosters.schemas import RosterIn, RosterOut
from shared.contracts.event import Trace
from shared.domain.identity_number import mask
from shared.domain.ids import new_id
from shared.protection import Vault

_SHOWN = "id, identity, department, certified_on, document, accepted, unchanged, refused"
_SAME = text(f"SELECT {_SHOWN} FROM roster WHERE region = :region AND content_mac = :mac")  # noqa: S608 - own columns
_BY_ID = text(f"SELECT {_SHOWN} FROM roster WHERE id = :id")  # noqa: S608 - own columns
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:region || :mac, 0))")
_ADD_ROSTER = text(
    """
    INSERT INTO roster (id, region, content_mac, identity, department, certified_on, document, accepted, unchanged,
                        refused, actor, correlation_id)
    VALUES (:id, :region, :mac, :identity, :department, :certified_on, :document, :accepted, :unchanged,
            CAST(:refused AS jsonb), :actor, :correlation_id)
    """
)
# Whoever is on a roster for that identity already stays there; the rows that come back are the new ones.
_ADD_LINES = text(
    """
    INSERT INTO roster_line (id, roster_id, region, person_token, identity, document_type, document_number,
                             masked_number, person_name, certified_on, actor, correlation_id)
    SELECT l.id, :roster_id, l.region, l.person_token, :identity, l.document_type, l.document_number, l.masked_number,
           l.person_name, :certified_on, :actor, :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:tokens AS text[]), CAST(:types AS text[]),
                CAST(:numbers AS bytea[]), CAST(:masked AS text[]), CAST(:names AS bytea[]))
        AS l (id, region, person_token, document_type, document_number, masked_number, person_name)
    ORDER BY l.person_token
    ON CONFLICT (person_token, identity) WHERE withdrawn_on IS NULL DO NOTHING
    RETURNING person_token, region
    """
)
_LINE = text(
    """
    SELECT id AS line_id, region, identity, masked_number AS document_number, certified_on, withdrawn_on,
           withdrawal_reason AS reason
    FROM roster_line WHERE roster_id = :roster_id AND person_token = :token
    ORDER BY withdrawn_on NULLS FIRST LIMIT 1 FOR UPDATE
    """
)
_WITHDRAW = text(
    """
    UPDATE roster_line SET withdrawn_on = :withdrawn_on, withdrawal_reason = :reason, withdrawn_by = :actor
    WHERE id = :line_id
    """
)


# Each person once, by their first line in force, whatever number of identities they hold.
_UNINSURED = text(
    """
    WITH certified AS (
        SELECT id, region, person_token, identity, masked_number FROM roster_line
        WHERE certified_on <= :today AND (withdrawn_on IS NULL OR withdrawn_on > :today)
    )
    SELECT person.id, person.region, person.masked_number AS document_number, person.identities,
           enrolment.id IS NOT NULL AS registered
    FROM (
        SELECT (array_agg(id ORDER BY id))[1] AS id, (array_agg(region ORDER BY id))[1] AS region, person_token,
               (array_agg(masked_number ORDER BY id))[1] AS masked_number,
               array_agg(DISTINCT identity ORDER BY identity) AS identities
        FROM certified GROUP BY person_token
    ) AS person
    LEFT JOIN enrolment ON enrolment.person_token = person.person_token AND enrolment.benefit_year = :benefit_year
                       AND enrolment.terminated_on IS NULL
    WHERE enrolment.paid_on IS NULL AND (CAST(:after AS uuid) IS NULL OR person.id > :after)
    ORDER BY person.id LIMIT :limit
    """
)


async def uninsured(
    session: AsyncSession, benefit_year: int, today: date, *, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """People who are certified today and whose enrolment for the year is missing or unpaid."""
    asked = {"benefit_year": benefit_year, "today": today, "after": after, "limit": limit}
    return (await session.execute(_UNINSURED, asked)).all()


async def same_roster(session: AsyncSession, region: str, mac: str) -> RowMapping | None:
    """The roster with the same content that was uploaded before; two uploads at once wait for each other here."""
    await session.execute(_ONE_AT_A_TIME, {"region": region, "mac": mac})
    return (await session.execute(_SAME, {"region": region, "mac": mac})).mappings().one_or_none()


async def roster(session: AsyncSession, roster_id: UUID) -> RowMapping | None:
    """One roster."""
    return (await session.execute(_BY_ID, {"id": roster_id})).mappings().one_or_none()


async def add_roster(session: AsyncSession, roster: RosterOut, region: str, mac: str, trace: Trace) -> None:
    """Record a roster with what became of its lines."""
    values = roster.model_dump(exclude={"refused"}) | {
        "refused": orjson.dumps([line.model_dump() for line in roster.refused]).decode(),
        "region": region,
        "mac": mac,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    await session.execute(_ADD_ROSTER, values)


async def add_lines(
    session: AsyncSession, vault: Vault, roster_id: UUID, body: RosterIn, lines: Sequence[Accepted], trace: Trace
) -> list[tuple[str, str]]:
    """Record lines with names and numbers encrypted; gives token and region of those not in force before."""
    ids = [new_id() for _ in lines]
    columns = {
        "ids": ids,
        "regions": [line.region for line in lines],
        "tokens": [line.person_token for line in lines],
        "types": [line.document_type for line in lines],
        "numbers": [
            vault.encrypt("roster_line", "document_number", line_id, line.number)
            for line_id, line in zip(ids, lines, strict=True)
        ],
        "masked": [mask(line.number) for line in lines],
        "names": [
            vault.encrypt("roster_line", "person_name", line_id, line.name)
            for line_id, line in zip(ids, lines, strict=True)
        ],
    }
    head = {
        "roster_id": roster_id,
        "identity": body.identity.value,
        "certified_on": body.certified_on,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return [(row.person_token, row.region) for row in await session.execute(_ADD_LINES, columns | head)]


async def lock_line(session: AsyncSession, roster_id: UUID, token: str) -> RowMapping | None:
    """A person's line of a roster, the one in force first."""
    return (await session.execute(_LINE, {"roster_id": roster_id, "token": token})).mappings().one_or_none()


async def withdraw(session: AsyncSession, line_id: UUID, day: date, reason: str, actor: str) -> None:
    """Note that a line no longer counts."""
    await session.execute(_WITHDRAW, {"line_id": line_id, "withdrawn_on": day, "reason": reason, "actor": actor})
