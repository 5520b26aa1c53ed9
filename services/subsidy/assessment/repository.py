"""Queries on enrolments, their assessments and the roster lines that bear on them; all for whole batches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.subsidy.changes.repository import PricingCause
from services.subsidy.counts.repository import PEOPLE
from services.subsidy.pricing.pricer import Pricing, certified
from shared.contracts.event import Trace
from shared.contracts.registration import PersonFacts
from shared.database.bulk import ColumnMap, insert_rows, update_rows
from shared.database.row import fetch_all, select_into
from shared.policy.facts import Certified


@dataclass(frozen=True, slots=True)
class EnrolmentSnapshot:
    """An enrolment, and the version its assessment has reached with the identities it counted."""

    id: UUID
    region: str
    benefit_year: int
    person_token: str
    registered_on: date
    facts: PersonFacts
    version: int = 0
    pricing_id: str | None = None
    paid_on: date | None = None
    identities: tuple[str, ...] = ()


class Version(NamedTuple):
    """A version of an assessment: its price and the rows of its schedule, as they were announced."""

    number: int
    pricing_id: str
    rows: list[dict[str, Any]]


class _HeldIdentity(NamedTuple):
    person_token: str
    identity: str
    certified_on: date
    withdrawn_on: date | None


class _VersionOf(NamedTuple):
    enrolment_id: UUID
    number: int
    pricing_id: str
    rows: list[dict[str, Any]]


def _snapshot(
    id: UUID,  # noqa: A002 - the name of the column
    region: str,
    benefit_year: int,
    person_token: str,
    registered_on: date,
    facts: dict[str, Any],
    version: int,
    paid_on: date | None,
    pricing_id: str,
    identities: list[str],
) -> EnrolmentSnapshot:
    return EnrolmentSnapshot(
        id=id,
        region=region,
        benefit_year=benefit_year,
        person_token=person_token,
        registered_on=registered_on,
        facts=PersonFacts.model_validate(facts),
        version=version,
        pricing_id=pricing_id,
        paid_on=paid_on,
        identities=tuple(identities),
    )


@dataclass(frozen=True, slots=True)
class Assessed:
    """A new version of one enrolment's assessment."""

    snapshot: EnrolmentSnapshot
    identities: tuple[Certified, ...]
    pricing: Pricing
    assessed_on: date
    change: PricingCause

    @property
    def trace(self) -> Trace:
        """Who caused it."""
        return self.change.trace

    @property
    def version(self) -> int:
        """The version that this one is."""
        return self.snapshot.version + 1

    @property
    def row_no(self) -> int | None:
        """The row that counts: of the day of payment, else of the day of the assessment, else the next."""
        return self.pricing.row_no_on(self.snapshot.paid_on or self.assessed_on)

    @property
    def names(self) -> list[str]:
        """The identities held on the day of the assessment."""
        return sorted({held.identity.value for held in self.identities if held.counts_on(self.assessed_on)})


class PaidAssessment(NamedTuple):
    """Under which price and row an enrolment was paid, and when."""

    id: UUID
    paid_on: date
    pricing_id: str
    row_no: int | None


class EndedEnrolment(NamedTuple):
    """An enrolment that ended, and on which day."""

    id: UUID
    terminated_on: date


@dataclass(frozen=True, slots=True)
class AssessmentVersion:
    """A version of an assessment as it is shown."""

    enrolment_id: UUID
    version: int
    region: str
    benefit_year: int
    identities: list[str]
    assessed_on: date
    cause: str
    pack: str
    outcome: str
    reason_code: str | None
    schedule: list[dict[str, Any]]
    reasons: list[dict[str, Any]]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


_PRICING = ColumnMap[Pricing](
    {
        "id": "text",
        "outcome": "text",
        "reason_code": "text",
        "schedule": ("json", lambda pricing: _json([row.model_dump(mode="json") for row in pricing.schedule])),
        "reasons": ("json", lambda pricing: _json([reason.model_dump(mode="json") for reason in pricing.reasons])),
    }
)
_ENROLMENT = ColumnMap[Assessed](
    {
        "id": ("uuid", "snapshot.id"),
        "region": ("text", "snapshot.region"),
        "benefit_year": ("integer", "snapshot.benefit_year"),
        "person_token": ("text", "snapshot.person_token"),
        "registered_on": ("date", "snapshot.registered_on"),
        "facts": ("jsonb", lambda one: one.snapshot.facts.model_dump_json()),
        "version": "integer",
        "pricing_id": ("text", "pricing.id"),
        "row_no": "integer",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_RENEWED = ColumnMap[Assessed](
    {
        "id": ("uuid", "snapshot.id"),
        "version": "integer",
        "pricing_id": ("text", "pricing.id"),
        "row_no": "integer",
    }
)
_ASSESSMENT = ColumnMap[Assessed](
    {
        "enrolment_id": ("uuid", "snapshot.id"),
        "version": "integer",
        "region": ("text", "snapshot.region"),
        "benefit_year": ("integer", "snapshot.benefit_year"),
        "person_token": ("text", "snapshot.person_token"),
        "pricing_id": ("text", "pricing.id"),
        "row_no": "integer",
        "identities": ("jsonb", lambda one: _json(one.names)),
        "assessed_on": "date",
        "cause": ("text", "change.cause"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_PAID = ColumnMap[PaidAssessment]({"id": "uuid", "paid_on": "date", "pricing_id": "text", "row_no": "integer"})
_ENDED = ColumnMap[EndedEnrolment]({"id": "uuid", "terminated_on": "date"})

# Locks in token order. The update changes nothing: it is what makes the second comer wait for the first.
_LOCK_PEOPLE = text(
    """
    INSERT INTO person (person_token)
    SELECT token FROM unnest(CAST(:tokens AS text[])) AS token ORDER BY token
    ON CONFLICT (person_token) DO UPDATE SET person_token = EXCLUDED.person_token
    """
)
_HELD = select_into(
    _HeldIdentity,
    """
    SELECT {fields} FROM roster_line
    WHERE person_token = ANY(CAST(:tokens AS text[]))
    ORDER BY person_token, identity, certified_on
    """,
)
_ADD_PRICINGS = insert_rows(
    "pricing", _PRICING, given={"pack": "text"}, order_by="n.id", then="ON CONFLICT (id) DO NOTHING"
)
_ADD_ENROLMENTS = PEOPLE.insert(insert_rows("enrolment", _ENROLMENT))
_ADD_ASSESSMENTS = insert_rows("assessment", _ASSESSMENT)
# The price of a paid enrolment is frozen.
_RENEW = PEOPLE.update(
    update_rows(
        "enrolment",
        _RENEWED,
        key="id",
        sets={
            "pricing_id": "CASE WHEN enrolment.paid_on IS NULL THEN n.pricing_id ELSE enrolment.pricing_id END",
            "row_no": "CASE WHEN enrolment.paid_on IS NULL THEN n.row_no ELSE enrolment.row_no END",
        },
    )
)
_RECORD_PAID = PEOPLE.update(update_rows("enrolment", _PAID, key="id"))
_RECORD_UNPAID = PEOPLE.update(
    text(
        """
        UPDATE enrolment SET paid_on = NULL, pricing_id = newest.pricing_id, row_no = newest.row_no
        FROM assessment AS newest
        WHERE enrolment.id = ANY(CAST(:ids AS uuid[]))
          AND newest.enrolment_id = enrolment.id AND newest.version = enrolment.version
        """
    )
)
_TERMINATE = PEOPLE.update(update_rows("enrolment", _ENDED, key="id"))
_LOCK_REVISABLE = text(
    """
    SELECT e.id, e.region, e.benefit_year, e.person_token, e.registered_on, e.facts, e.version, e.paid_on,
           newest.pricing_id, newest.identities
    FROM enrolment AS e JOIN assessment AS newest ON newest.enrolment_id = e.id AND newest.version = e.version
    WHERE e.person_token = ANY(CAST(:tokens AS text[])) AND e.terminated_on IS NULL
      AND e.benefit_year = :benefit_year AND (e.paid_on IS NULL OR :paid_too)
    ORDER BY e.id FOR UPDATE OF e
    """
)
_LOCK_ENROLMENTS = text(
    """
    SELECT e.id, e.region, e.benefit_year, e.person_token, e.registered_on, e.facts, e.version, e.paid_on,
           newest.pricing_id, newest.identities
    FROM enrolment AS e JOIN assessment AS newest ON newest.enrolment_id = e.id AND newest.version = e.version
    WHERE e.id = ANY(CAST(:ids AS uuid[])) ORDER BY e.id FOR UPDATE OF e
    """
)
_LOCK = text("SELECT id FROM enrolment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")
_VERSIONS = text(
    """
    SELECT assessment.enrolment_id, assessment.version AS number, pricing.id AS pricing_id, pricing.schedule AS rows
    FROM assessment JOIN pricing ON pricing.id = assessment.pricing_id
    WHERE assessment.enrolment_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY assessment.enrolment_id, assessment.version DESC
    """
)
_VERSIONS_SHOWN = text(
    """
    SELECT a.enrolment_id, a.version, a.region, a.benefit_year, a.identities, a.assessed_on, a.cause, p.pack, p.outcome,
           p.reason_code, p.schedule, p.reasons
    FROM assessment a JOIN pricing p ON p.id = a.pricing_id
    WHERE a.enrolment_id = :id
    ORDER BY a.version DESC LIMIT 100
    """
)


async def lock_people(session: AsyncSession, tokens: Iterable[str]) -> list[str]:
    """Lock people for pricing, in one order for everybody; gives the distinct tokens."""
    distinct = sorted(set(tokens))
    await session.execute(_LOCK_PEOPLE, {"tokens": distinct})
    return distinct


async def identities_of(session: AsyncSession, tokens: Sequence[str]) -> Mapping[str, tuple[Certified, ...]]:
    """The identities that rosters give or gave people, withdrawn ones with their day."""
    held: defaultdict[str, tuple[Certified, ...]] = defaultdict(tuple)
    for one in await fetch_all(session, _HELD, _HeldIdentity, {"tokens": tokens}):
        held[one.person_token] += (certified(one.identity, one.certified_on, one.withdrawn_on),)
    return held


async def lock_revisable(
    session: AsyncSession, tokens: Sequence[str], benefit_year: int, *, paid_too: bool
) -> list[EnrolmentSnapshot]:
    """Lock the year's enrolments of people that may be priced again: unpaid, and paid if they may be reviewed."""
    asked = {"tokens": tokens, "benefit_year": benefit_year, "paid_too": paid_too}
    return await fetch_all(session, _LOCK_REVISABLE, _snapshot, asked)


async def lock_enrolments(session: AsyncSession, ids: Sequence[UUID]) -> list[EnrolmentSnapshot]:
    """Lock those of these enrolments that are here."""
    return await fetch_all(session, _LOCK_ENROLMENTS, _snapshot, {"ids": ids})


async def record(session: AsyncSession, pack: str, made: Sequence[Assessed], *, registered: bool) -> None:
    """Store new versions, of new enrolments or of known ones: distinct prices once, then a row for each enrolment."""
    distinct = list({one.pricing.id: one.pricing for one in made}.values())
    await session.execute(_ADD_PRICINGS, _PRICING.arrays(distinct) | {"pack": pack})
    if registered:
        await session.execute(_ADD_ENROLMENTS, _ENROLMENT.arrays(made))
    else:
        await session.execute(_RENEW, _RENEWED.arrays(made))
    await session.execute(_ADD_ASSESSMENTS, _ASSESSMENT.arrays(made))


async def schedules_of(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, list[Version]]:
    """Lock enrolments and give the schedules of all their versions, the newest first."""
    await session.execute(_LOCK, {"ids": ids})
    versions: defaultdict[UUID, list[Version]] = defaultdict(list)
    for one in await fetch_all(session, _VERSIONS, _VersionOf, {"ids": ids}):
        versions[one.enrolment_id].append(Version(one.number, one.pricing_id, one.rows))
    return versions


async def record_paid(session: AsyncSession, paid: Sequence[PaidAssessment]) -> None:
    """Freeze the price under which enrolments were paid."""
    await session.execute(_RECORD_PAID, _PAID.arrays(sorted(paid)))


async def record_unpaid(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Unfreeze the price of enrolments whose payment was taken back."""
    await session.execute(_LOCK, {"ids": ids})
    await session.execute(_RECORD_UNPAID, {"ids": ids})


async def terminate(session: AsyncSession, ended: Sequence[EndedEnrolment]) -> None:
    """Record that enrolments ended."""
    await session.execute(_LOCK, {"ids": [one.id for one in ended]})
    await session.execute(_TERMINATE, _ENDED.arrays(ended))


async def versions_of(session: AsyncSession, enrolment_id: UUID) -> list[AssessmentVersion]:
    """The assessments of an enrolment, the newest first."""
    return await fetch_all(session, _VERSIONS_SHOWN, AssessmentVersion, {"id": enrolment_id})
