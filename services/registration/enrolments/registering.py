"""Registering people: one application or many at once, each taken or refused by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import repository
from services.registration.enrolments.repository import NewEnrolment
from services.registration.enrolments.state import State
from services.registration.regions import service as regions
from services.registration.resources import RegistrationResources
from shared.contracts.event import Trace
from shared.contracts.registration import EnrolmentRegistered, PersonFacts
from shared.domain.identity_number import InvalidIdentityNumber, birth_date, mask, normalise
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox import publish
from shared.protection import person_token


class InvalidNumber(DomainError):
    """The identity number cannot belong to a document of that type."""

    code = ErrorCode.INVALID_IDENTITY_NUMBER


class BirthDateDiffers(DomainError):
    """The birth date given is not the one inside the identity number."""

    code = ErrorCode.BIRTH_DATE_DIFFERS


class AlreadyEnrolled(DomainError):
    """The person has a live enrolment for that year; where is not said."""

    code = ErrorCode.ALREADY_ENROLLED


@dataclass(frozen=True, slots=True)
class Application:
    """A person asks to be enrolled for one benefit year."""

    document_type: str
    document_number: str
    name: str
    region: str
    benefit_year: int
    facts: PersonFacts


@dataclass(frozen=True, slots=True)
class Registered:
    """The enrolment that came of an application."""

    id: UUID
    state: State
    region: str
    benefit_year: int
    masked_number: str
    registered_on: date


async def register(
    session: AsyncSession, resources: RegistrationResources, application: Application, today: date, trace: Trace
) -> Registered:
    """Register one person for one benefit year.

    Raises ``InvalidNumber``, ``BirthDateDiffers``, ``UnknownRegion`` or ``AlreadyEnrolled``.
    """
    outcome = (await register_all(session, resources, [(application, trace)], today))[0]
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


async def register_all(
    session: AsyncSession,
    resources: RegistrationResources,
    applications: Sequence[tuple[Application, Trace]],
    today: date,
) -> list[Registered | DomainError]:
    """Register many people; the answers stand in the order of the applications, and a refused one stops no other."""
    known = await regions.known(session, [application.region for application, _ in applications])
    checked = [
        _checked(resources, application, trace, application.region in known) for application, trace in applications
    ]
    wanted = [one for one in checked if isinstance(one, NewEnrolment)]
    added = await repository.add(session, wanted, today)
    # Another region's enrolment is not visible here, and not named.
    existing = await repository.live(session, [one for one in wanted if one.id not in added])
    await publish(session, [(_fact(one, today), one.trace) for one in wanted if one.id in added])
    return [
        one
        if isinstance(one, DomainError)
        else _registered(one, today)
        if one.id in added
        else AlreadyEnrolled(existing=existing.get((one.person_token, one.benefit_year)))
        for one in checked
    ]


def _checked(
    resources: RegistrationResources, application: Application, trace: Trace, region_is_known: bool
) -> NewEnrolment | DomainError:
    try:
        number = _checked_number(application)
    except DomainError as refusal:
        return refusal
    if not region_is_known:
        return regions.UnknownRegion(pointer="/region")
    enrolment_id = new_id()

    def sealed(column: str, value: str) -> bytes:
        return resources.vault.encrypt("enrolment", column, enrolment_id, value)

    return NewEnrolment(
        id=enrolment_id,
        region=application.region,
        benefit_year=application.benefit_year,
        person_token=person_token(resources.token_key, application.document_type, number),
        document_type=application.document_type,
        document_number=sealed("document_number", number),
        masked_number=mask(number),
        person_name=sealed("person_name", application.name),
        facts=application.facts,
        trace=trace,
    )


def _checked_number(application: Application) -> str:
    try:
        number = normalise(application.document_type, application.document_number)
    except InvalidIdentityNumber as error:
        raise InvalidNumber(error.detail, pointer="/document_number") from error
    born = birth_date(number)
    if born is not None and born != application.facts.birth_date:
        raise BirthDateDiffers(pointer="/birth_date")
    return number


def _fact(new: NewEnrolment, today: date) -> EnrolmentRegistered:
    return EnrolmentRegistered(
        region=new.region,
        benefit_year=new.benefit_year,
        enrolment_id=new.id,
        person_token=new.person_token,
        registered_on=today,
        facts=new.facts,
    )


def _registered(new: NewEnrolment, today: date) -> Registered:
    return Registered(new.id, State.REGISTERED, new.region, new.benefit_year, new.masked_number, today)
