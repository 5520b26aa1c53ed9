"""What becomes of a batch of rows: entered for good, or rehearsed with the same verdicts and nothing entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import registering, repository
from services.registration.enrolments.registering import AlreadyEnrolled
from services.registration.enrolments.repository import NewEnrolment
from services.registration.imports import seen
from services.registration.imports.columns import LABELS
from services.registration.imports.passing import Candidate, Candidates, unpacked
from services.registration.regions import service as regions
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.clock import Clock
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode, NotFound
from shared.protection import Vault


class Taken(Enum):
    """A row that is right: its enrolment is new, or stands already as the row says."""

    IMPORTED = "IMPORTED"
    UNCHANGED = "UNCHANGED"


Verdict = Taken | DomainError


class EnrolledDifferently(DomainError):
    """The person has a live enrolment for that year, and the row says something else."""

    code = ErrorCode.IMPORT_ENROLLED_DIFFERENTLY


class DoubledInFile(DomainError):
    """The person stands in the file before, and the row says something else."""

    code = ErrorCode.IMPORT_DOUBLED_IN_FILE


@dataclass(frozen=True)
class Desk:
    """Whose rows are judged: the caller's region and name, and the keys to read what is registered already."""

    region: str
    actor: str
    vault: Vault
    clock: Clock


async def enter(session: AsyncSession, desk: Desk, rows: Candidates) -> list[Verdict]:
    """Register the people of a batch, as the door for many applications does; the verdicts stand in their order."""
    abroad = {region for region in set(rows.regions) if not covers(desk.region, region)}
    prepared = [NotFound(pointer="/region") if row.region in abroad else _new(desk, row) for row in rows.rows()]
    outcomes = await registering.enter(session, prepared, await business_date(session, desk.clock))
    contents = await repository.contents(
        session, [one.existing for one in outcomes if isinstance(one, AlreadyEnrolled) and one.existing]
    )
    imported = Taken.IMPORTED
    return [
        _refined(desk, rows.row(place), outcome, contents) if isinstance(outcome, DomainError) else imported
        for place, outcome in enumerate(outcomes)
    ]


async def rehearse(session: AsyncSession, desk: Desk, rows: Candidates) -> list[Verdict]:
    """Say what ``enter`` would: against what is registered, in any region, and against the rows seen before."""
    villages = set(rows.regions)
    known = await regions.known(session, villages)
    away = {village: refusal for village in villages if (refusal := _away(desk, village, village in known)) is not None}
    verdicts: list[Verdict] = [away.get(region, Taken.IMPORTED) for region in rows.regions]
    there = [place for place, region in enumerate(rows.regions) if region not in away]

    taken = await seen.already_enrolled(session, rows.at(there))
    if taken:
        registered = [place for place in there if seen.key(rows, place) in taken]
        for place, verdict in await _registered_already(session, desk, rows, registered):
            verdicts[place] = verdict
        there = [place for place in there if seen.key(rows, place) not in taken]

    before = await seen.note(session, rows.at(there))
    for place in there if before else ():
        if (content := before.get(rows.lines[place])) is not None:
            verdicts[place] = Taken.UNCHANGED if content == rows.contents[place] else DoubledInFile()
    return verdicts


def _away(desk: Desk, village: str, known: bool) -> DomainError | None:
    if not covers(desk.region, village):
        return NotFound(pointer="/region")
    return None if known else regions.UnknownRegion(pointer="/region")


async def _registered_already(
    session: AsyncSession, desk: Desk, rows: Candidates, places: Sequence[int]
) -> list[tuple[int, Verdict]]:
    existing = await repository.live(session, [rows.row(place) for place in places])
    contents = await repository.contents(session, list(existing.values()))
    return [
        (
            place,
            _refined(desk, rows.row(place), AlreadyEnrolled(existing=existing.get(seen.key(rows, place))), contents),
        )
        for place in places
    ]


def _refined(desk: Desk, row: Candidate, refusal: DomainError, contents: Mapping[UUID, repository.Content]) -> Verdict:
    """Whoever is registered already as the row says is no mistake of the file; what differs is named."""
    if not isinstance(refusal, AlreadyEnrolled) or refusal.existing is None:
        return refusal
    differing = _differences(desk, row, refusal.existing, contents[refusal.existing])
    return EnrolledDifferently(", ".join(differing)) if differing else Taken.UNCHANGED


def _differences(desk: Desk, row: Candidate, enrolment_id: UUID, content: repository.Content) -> list[str]:
    facts, said = content.facts.model_dump(), unpacked(row.facts).model_dump()
    # A file has no columns for circumstances: what was told of them elsewhere does not differ from it.
    differing = [LABELS[field] for field in said if field in LABELS and facts[field] != said[field]]
    if content.region != row.region:
        differing.append(LABELS["region"])
    if desk.vault.decrypt("enrolment", "person_name", enrolment_id, content.person_name) != row.name:
        differing.append(LABELS["name"])
    return differing


def _new(desk: Desk, row: Candidate) -> NewEnrolment:
    if row.sealed is None:
        raise ValueError("a row that is entered was encrypted")
    enrolment_id, number, masked, name = row.sealed
    return NewEnrolment(
        id=UUID(bytes=enrolment_id),
        region=row.region,
        benefit_year=row.benefit_year,
        person_token=row.person_token,
        document_type=row.document_type,
        document_number=number,
        masked_number=masked,
        person_name=name,
        facts=unpacked(row.facts),
        trace=Trace.start(desk.actor),
    )
