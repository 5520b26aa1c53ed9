"""What becomes of a batch of rows: entered for good, or rehearsed with the same verdicts and nothing entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.applications import service
from services.registration.applications.service import AlreadyEnrolled, NotBornYet
from services.registration.enrolments import repository as enrolments
from services.registration.enrolments.repository import NewEnrolment
from services.registration.imports import repository
from services.registration.imports.columns import LABELS
from services.registration.imports.passing import FACTS, Candidate, Candidates, packed, unpacked
from services.registration.regions import service as regions
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.clock import Clock
from shared.domain.names import same_name
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
    """Register the people of a batch who are not yet; the verdicts stand in the order of the rows."""
    verdicts, standing, new = await _against_what_stands(session, desk, rows)
    # Of whom nothing is to be seen here lives elsewhere, or ended a moment ago: entering decides.
    new = sorted([*new, *(place for place in standing if place not in verdicts)])
    prepared = [_new(desk, rows.row(place)) for place in new]
    today = await business_date(session, desk.clock)
    outcomes = await service.register_prepared(session, desk.vault, prepared, today)
    # Somebody else enrolled them meanwhile, or the file names them twice.
    late = []
    for place, outcome in zip(new, outcomes, strict=True):
        if isinstance(outcome, AlreadyEnrolled):
            late.append(place)
        verdicts[place] = outcome if isinstance(outcome, DomainError) else Taken.IMPORTED
    verdicts |= await _registered_already(session, desk, rows, late)
    return [verdicts[place] for place in range(rows.size)]


async def rehearse(session: AsyncSession, desk: Desk, rows: Candidates) -> list[Verdict]:
    """Say what ``enter`` would: against what is registered, in any region, and against the rows seen before."""
    verdicts, standing, new = await _against_what_stands(session, desk, rows)
    verdicts |= {place: AlreadyEnrolled() for place in standing if place not in verdicts}
    before = await repository.note(session, rows.at(new))
    for place in new:
        content = before.get(rows.lines[place])
        verdicts[place] = (
            Taken.IMPORTED
            if content is None
            else Taken.UNCHANGED
            if content == rows.contents[place]
            else DoubledInFile()
        )
    return [verdicts[place] for place in range(rows.size)]


async def _against_what_stands(
    session: AsyncSession, desk: Desk, rows: Candidates
) -> tuple[dict[int, Verdict], list[int], list[int]]:
    """What can be said without entering rows, the places of people who are enrolled, and those of all others."""
    villages = set(rows.regions)
    known = await regions.known(session, villages)
    away = {village: refusal for village in villages if (refusal := _away(desk, village, village in known)) is not None}
    verdicts: dict[int, Verdict] = {
        place: away[region] for place, region in enumerate(rows.regions) if away and region in away
    }
    today = await business_date(session, desk.clock)
    unborn = (place for place, (born, *_) in enumerate(rows.facts) if born > today)
    verdicts |= {place: NotBornYet(pointer="/birth_date") for place in unborn if place not in verdicts}
    there = [place for place in range(rows.size) if place not in verdicts]
    taken = await repository.already_enrolled(session, rows.at(there))
    if not taken:
        return verdicts, [], there
    standing = [place for place in there if repository.key(rows, place) in taken]
    verdicts |= await _registered_already(session, desk, rows, standing)
    return verdicts, standing, [place for place in there if repository.key(rows, place) not in taken]


def _away(desk: Desk, village: str, known: bool) -> DomainError | None:
    if not covers(desk.region, village):
        return NotFound(pointer="/region")
    return None if known else regions.UnknownRegion(pointer="/region")


async def _registered_already(
    session: AsyncSession, desk: Desk, rows: Candidates, places: Sequence[int]
) -> dict[int, Verdict]:
    """Whoever is registered already as the row says is no mistake of the file; what differs is named.

    Another region's enrolment is not visible here, and there is no verdict on it.
    """
    contents = await enrolments.contents(session, [rows.row(place) for place in places])
    verdicts: dict[int, Verdict] = {}
    for place in places:
        if (content := contents.get(repository.key(rows, place))) is not None:
            differing = _differences(desk, rows.row(place), content)
            verdicts[place] = EnrolledDifferently(", ".join(differing)) if differing else Taken.UNCHANGED
    return verdicts


def _differences(desk: Desk, row: Candidate, content: enrolments.EnrolmentContent) -> list[str]:
    # A file has no columns for circumstances: what was told of them elsewhere does not differ from it.
    differing = [
        LABELS[field]
        for field, recorded, said in zip(FACTS, packed(content.facts), row.facts, strict=True)
        if recorded != said and field in LABELS
    ]
    if content.region != row.region:
        differing.append(LABELS["region"])
    if not same_name(desk.vault.decrypt("enrolment", "person_name", content.id, content.person_name), row.name):
        differing.append(LABELS["name"])
    return differing


def _new(desk: Desk, row: Candidate) -> NewEnrolment:
    if row.sealed is None:
        raise ValueError("a row that is entered was encrypted")
    enrolment_id, number, masked, name, token = row.sealed
    return NewEnrolment(
        id=UUID(bytes=enrolment_id),
        region=row.region,
        benefit_year=row.benefit_year,
        person_token=row.person_token,
        document_type=row.document_type,
        document_number=number,
        masked_number=masked,
        person_name=name,
        name_token=token,
        facts=unpacked(row.facts),
        trace=Trace.start(desk.actor),
    )
