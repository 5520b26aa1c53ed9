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

from services.subsidy.assessment.pricing import Pricing, certified
from shared.contracts.event import Trace
from shared.contracts.registration import PersonFacts
from shared.policy.facts import Certified

# Locks in token order. The update changes nothing: it is what makes the second comer wait for the first.
_LOCK_PEOPLE = text(
    """
    INSERT INTO person (person_token)
    SELECT token FROM unnest(CAST(:tokens AS text[])) AS token ORDER BY token
    ON CONFLICT (person_token) DO UPDATE SET person_token = EXCLUDED.person_token
    """
)
_HELD = text(
    """
    SELECT person_token, identity, certified_on, withdrawn_on FROM roster_line
    WHERE person_token = ANY(CAST(:tokens AS text[]))
    ORDER BY person_token, identity, certified_on
    """
)
_ADD_PRICINGS = text(
    """
    INSERT INTO pricing (id, pack, outcome, reason_code, schedule, reasons)
    SELECT p.id, :pack, p.outcome, p.reason_code, p.schedule::json, p.reasons::json
    FROM unnest(CAST(:ids AS text[]), CAST(:outcomes AS text[]), CAST(:codes AS text[]), CAST(:schedules AS text[]),
                CAST(:reasons AS text[])) AS p (id, outcome, reason_code, schedule, reasons)
    ORDER BY p.id
    ON CONFLICT (id) DO NOTHING
    """
)
_ADD_ENROLMENTS = text(
    """
    INSERT INTO enrolment (id, region, benefit_year, person_token, registered_on, facts, version, pricing_id, row_no,
                           actor, correlation_id)
    SELECT e.id, e.region, e.benefit_year, e.person_token, e.registered_on, e.facts::jsonb, e.version, e.pricing_id,
           e.row_no, e.actor, e.correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:years AS int[]), CAST(:tokens AS text[]),
                CAST(:registered AS date[]), CAST(:facts AS text[]), CAST(:versions AS int[]),
                CAST(:pricings AS text[]), CAST(:rows AS int[]), CAST(:actors AS text[]), CAST(:correlations AS uuid[]))
        AS e (id, region, benefit_year, person_token, registered_on, facts, version, pricing_id, row_no, actor,
              correlation_id)
    """
)
_ADD_ASSESSMENTS = text(
    """
    INSERT INTO assessment (enrolment_id, version, region, benefit_year, person_token, pricing_id, row_no, identities,
                            assessed_on, cause, actor, correlation_id)
    SELECT a.id, a.version, a.region, a.benefit_year, a.person_token, a.pricing_id, a.row_no, a.identities::jsonb,
           a.assessed_on, a.cause, a.actor, a.correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[]), CAST(:regions AS text[]), CAST(:years AS int[]),
                CAST(:tokens AS text[]), CAST(:pricings AS text[]), CAST(:rows AS int[]), CAST(:identities AS text[]),
                CAST(:assessed AS date[]), CAST(:causes AS text[]), CAST(:actors AS text[]),
                CAST(:correlations AS uuid[]))
        AS a (id, version, region, benefit_year, person_token, pricing_id, row_no, identities, assessed_on, cause,
              actor, correlation_id)
    """
)
_RENEW = text(
    """
    UPDATE enrolment
    SET version = n.version,
        pricing_id = CASE WHEN enrolment.paid_on IS NULL THEN n.pricing_id ELSE enrolment.pricing_id END,
        row_no = CASE WHEN enrolment.paid_on IS NULL THEN n.row_no ELSE enrolment.row_no END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[]), CAST(:pricings AS text[]), CAST(:rows AS int[]))
        AS n (id, version, pricing_id, row_no)
    WHERE enrolment.id = n.id
    """
)
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
_LOCK = text("SELECT id FROM enrolment WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE")
_VERSIONS = text(
    """
    SELECT assessment.enrolment_id, assessment.version, pricing.id, pricing.schedule
    FROM assessment JOIN pricing ON pricing.id = assessment.pricing_id
    WHERE assessment.enrolment_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY assessment.enrolment_id, assessment.version DESC
    """
)
_SETTLE = text(
    """
    UPDATE enrolment SET paid_on = s.paid_on, pricing_id = s.pricing_id, row_no = s.row_no
    FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:pricings AS text[]), CAST(:rows AS int[]))
        AS s (id, paid_on, pricing_id, row_no)
    WHERE enrolment.id = s.id
    """
)
_TERMINATE = text(
    """
    UPDATE enrolment SET terminated_on = t.terminated_on
    FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS t (id, terminated_on)
    WHERE enrolment.id = t.id
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


@dataclass(frozen=True, slots=True)
class Known:
    """What subsidy knows of an enrolment, and the version its assessment has reached with the identities it counted."""

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


class Change(NamedTuple):
    """Why somebody is priced: REGISTERED, ROSTER_CHANGED, DAY_TURNED or POLICY_CHANGED, and who caused it."""

    cause: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class Assessed:
    """A new version of one enrolment's assessment."""

    known: Known
    identities: tuple[Certified, ...]
    pricing: Pricing
    assessed_on: date
    change: Change

    @property
    def trace(self) -> Trace:
        """Who caused it."""
        return self.change.trace

    @property
    def version(self) -> int:
        """The version that this one is."""
        return self.known.version + 1

    @property
    def row_no(self) -> int | None:
        """The row that counts: of the day of payment, else of the day of the assessment, else the next."""
        return self.pricing.row_no_on(self.known.paid_on or self.assessed_on)

    @property
    def names(self) -> list[str]:
        """The identities held on the day of the assessment."""
        return sorted({held.identity.value for held in self.identities if held.counts_on(self.assessed_on)})


async def lock_people(session: AsyncSession, tokens: Iterable[str]) -> list[str]:
    """Lock people for pricing, in one order for everybody; gives the distinct tokens."""
    distinct = sorted(set(tokens))
    await session.execute(_LOCK_PEOPLE, {"tokens": distinct})
    return distinct


async def identities_of(session: AsyncSession, tokens: Sequence[str]) -> Mapping[str, tuple[Certified, ...]]:
    """The identities that rosters give or gave people, withdrawn ones with their day."""
    held: defaultdict[str, tuple[Certified, ...]] = defaultdict(tuple)
    for token, identity, on, withdrawn_on in await session.execute(_HELD, {"tokens": tokens}):
        held[token] += (certified(identity, on, withdrawn_on),)
    return held


async def lock_revisable(
    session: AsyncSession, tokens: Sequence[str], benefit_year: int, *, paid_too: bool
) -> list[Known]:
    """Lock the year's enrolments of people that may be priced anew: unpaid, and paid if they may be reviewed."""
    asked = {"tokens": tokens, "benefit_year": benefit_year, "paid_too": paid_too}
    rows = await session.execute(_LOCK_REVISABLE, asked)
    return [
        Known(
            id=row.id,
            region=row.region,
            benefit_year=row.benefit_year,
            person_token=row.person_token,
            registered_on=row.registered_on,
            facts=PersonFacts.model_validate(row.facts),
            version=row.version,
            pricing_id=row.pricing_id,
            paid_on=row.paid_on,
            identities=tuple(row.identities),
        )
        for row in rows
    ]


async def record(session: AsyncSession, pack: str, made: Sequence[Assessed], *, registered: bool) -> None:
    """Store new versions, of new enrolments or of known ones: distinct prices once, then a row for each enrolment."""
    await session.execute(_ADD_PRICINGS, _pricing_columns(made) | {"pack": pack})
    columns = _columns(made)
    if registered:
        await session.execute(
            _ADD_ENROLMENTS, {key: columns[key] for key in columns.keys() - {"identities", "assessed", "causes"}}
        )
    else:
        await session.execute(_RENEW, {key: columns[key] for key in ("ids", "versions", "pricings", "rows")})
    assessed = {key: columns[key] for key in columns.keys() - {"registered", "facts"}}
    await session.execute(_ADD_ASSESSMENTS, assessed)


async def schedules_of(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, list[Version]]:
    """Lock enrolments and give the schedules of all their versions, the newest first."""
    await session.execute(_LOCK, {"ids": ids})
    versions: defaultdict[UUID, list[Version]] = defaultdict(list)
    for enrolment_id, number, pricing_id, rows in await session.execute(_VERSIONS, {"ids": ids}):
        versions[enrolment_id].append(Version(number, pricing_id, rows))
    return versions


async def settle(session: AsyncSession, settled: Sequence[tuple[UUID, date, str, int | None]]) -> None:
    """Freeze the price under which enrolments were paid."""
    ids, days, pricings, rows = (list(column) for column in zip(*sorted(settled), strict=True))
    await session.execute(_SETTLE, {"ids": ids, "days": days, "pricings": pricings, "rows": rows})


async def terminate(session: AsyncSession, ended: Mapping[UUID, date]) -> None:
    """Note that enrolments ended."""
    await session.execute(_LOCK, {"ids": list(ended)})
    await session.execute(_TERMINATE, {"ids": list(ended), "days": list(ended.values())})


async def versions_of(session: AsyncSession, enrolment_id: UUID) -> list[Mapping[str, Any]]:
    """The assessments of an enrolment, the newest first."""
    return [dict(row) for row in (await session.execute(_VERSIONS_SHOWN, {"id": enrolment_id})).mappings()]


def _pricing_columns(made: Sequence[Assessed]) -> dict[str, Any]:
    distinct = list({one.pricing.id: one.pricing for one in made}.values())
    return {
        "ids": [pricing.id for pricing in distinct],
        "outcomes": [pricing.outcome for pricing in distinct],
        "codes": [pricing.reason_code for pricing in distinct],
        "schedules": [_json([row.model_dump(mode="json") for row in pricing.schedule]) for pricing in distinct],
        "reasons": [_json([reason.model_dump(mode="json") for reason in pricing.reasons]) for pricing in distinct],
    }


def _columns(made: Sequence[Assessed]) -> dict[str, list[Any]]:
    return {
        "ids": [one.known.id for one in made],
        "regions": [one.known.region for one in made],
        "years": [one.known.benefit_year for one in made],
        "tokens": [one.known.person_token for one in made],
        "registered": [one.known.registered_on for one in made],
        "facts": [one.known.facts.model_dump_json() for one in made],
        "versions": [one.version for one in made],
        "pricings": [one.pricing.id for one in made],
        "rows": [one.row_no for one in made],
        "identities": [_json(one.names) for one in made],
        "assessed": [one.assessed_on for one in made],
        "causes": [one.change.cause for one in made],
        "actors": [one.trace.actor for one in made],
        "correlations": [one.trace.correlation_id for one in made],
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
