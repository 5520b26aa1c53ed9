"""Registering people: one application or many at once, each taken or refused by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.enrolments import repository
from services.registration.enrolments.repository import NewEnrolment
from services.registration.enrolments.state import State
from services.registration.regions import repository as region_repository
from services.registration.regions import service as regions
from services.registration.resources import RegistrationResources
from shared.contracts.event import Event, Trace
from shared.contracts.registration import EnrolmentReaffirmed, EnrolmentRegistered, PersonFacts, PersonNamed
from shared.domain.identity_number import InvalidIdentityNumber, birth_date, mask, normalise
from shared.domain.ids import new_id
from shared.domain.region import covers
from shared.errors import DomainError, ErrorCode, NotFound
from shared.messaging.outbox.epochs import LostEvent, lost_about, settle_lost
from shared.messaging.outbox.publication import publish
from shared.protection import Vault, name_token, person_token

# Looking a member up in its class costs more than all the rest of an answer.
_FIRST_STATE = State.REGISTERED


class InvalidNumber(DomainError):
    """The identity number cannot belong to a document of that type."""

    code = ErrorCode.INVALID_IDENTITY_NUMBER


class BirthDateDiffers(DomainError):
    """The birth date given is not the one inside the identity number."""

    code = ErrorCode.BIRTH_DATE_DIFFERS


class NotBornYet(DomainError):
    """The birth date lies after the installation's business date, which is the day of registration."""

    code = ErrorCode.BIRTH_DATE_IN_FUTURE


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


class Person(NamedTuple):
    """A person by the normalised number of their document, and the token that stands for both."""

    number: str
    token: str


class Sealed(NamedTuple):
    """A person's number and name as they rest, bound to the id of one enrolment, and the token of the name."""

    id: UUID
    document_number: bytes
    masked_number: str
    person_name: bytes
    name_token: str


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

    Raises ``InvalidNumber``, ``BirthDateDiffers``, ``NotBornYet``, ``UnknownRegion`` or ``AlreadyEnrolled``.
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
    prepared = [prepare(resources.vault, resources.token_key, each, trace) for each, trace in applications]
    return await register_prepared(session, resources.vault, prepared, today)


def prepare(vault: Vault, token_key: bytes, application: Application, trace: Trace) -> NewEnrolment | DomainError:
    """Check one application by itself and encrypt its name and number; whether its village exists is not asked here."""
    try:
        person = identify(token_key, application)
    except DomainError as refusal:
        return refusal
    sealed = seal(vault, token_key, person, application.name)
    return NewEnrolment(
        id=sealed.id,
        region=application.region,
        benefit_year=application.benefit_year,
        person_token=person.token,
        document_type=application.document_type,
        document_number=sealed.document_number,
        masked_number=sealed.masked_number,
        person_name=sealed.person_name,
        name_token=sealed.name_token,
        facts=application.facts,
        trace=trace,
    )


def identify(token_key: bytes, application: Application) -> Person:
    """Who applies, by their document; raises ``InvalidNumber`` or ``BirthDateDiffers``."""
    number = _checked_number(application)
    return Person(number, person_token(token_key, application.document_type, number))


def seal(vault: Vault, token_key: bytes, person: Person, name: str) -> Sealed:
    """Encrypt a person's number and name for an enrolment to be."""
    enrolment_id = new_id()
    return Sealed(
        enrolment_id,
        vault.encrypt("enrolment", "document_number", enrolment_id, person.number),
        mask(person.number),
        vault.encrypt("enrolment", "person_name", enrolment_id, name),
        name_token(token_key, person.token, name),
    )


async def register_prepared(
    session: AsyncSession, vault: Vault, prepared: Sequence[NewEnrolment | DomainError], today: date
) -> list[Registered | DomainError]:
    """Record and announce prepared applications; the answers stand in their order, refusals among them stay.

    Who was registered before and lost by a restoration is enrolled as other services know them: under that id, with
    those facts, since that day.
    """
    checked = [_refuse_unborn(one, today) for one in await _in_known_villages(session, prepared)]
    checked, lost = await _as_others_know(session, vault, checked)
    wanted = [one for one in checked if isinstance(one, NewEnrolment)]
    added = await repository.add(session, [one for one in wanted if one.id not in lost], today)
    for one in sorted((one for one in wanted if one.id in lost), key=lambda one: one.person_token):
        added |= await repository.add(session, [one], _registered_on(lost[one.id], today))
    await settle_lost(session, [(id_, EnrolmentRegistered.name) for id_ in added & lost.keys()], "REGISTERED_AGAIN")
    # Another region's enrolment is not visible here, and not named.
    existing = await repository.live(session, [one for one in wanted if one.id not in added])
    announced = [
        (fact, one.trace)
        for one in wanted
        if one.id in added
        for fact in ([_fact(one, today)] if one.id not in lost else _held_again(one, lost[one.id]))
    ]
    await publish(session, announced)
    return [
        one
        if isinstance(one, DomainError)
        else _registered(one, today)
        if one.id in added
        else AlreadyEnrolled(existing=existing.get((one.person_token, one.benefit_year)))
        for one in checked
    ]


async def _as_others_know(
    session: AsyncSession, vault: Vault, checked: Sequence[NewEnrolment | DomainError]
) -> tuple[list[NewEnrolment | DomainError], dict[UUID, LostEvent]]:
    """The same, as others know those whose registration was lost; and the lost registrations by their enrolments."""
    people = [(one.person_token, one.benefit_year) for one in checked if isinstance(one, NewEnrolment)]
    lost = await lost_about(session, EnrolmentRegistered.name, people) if people else {}

    def known(one: NewEnrolment | DomainError) -> NewEnrolment | DomainError:
        found = None if isinstance(one, DomainError) else lost.get((one.person_token, one.benefit_year))
        return one if isinstance(one, DomainError) or found is None else _known_as(vault, one, found)

    return [known(one) for one in checked], {each.key: each for each in lost.values()}


def _known_as(vault: Vault, new: NewEnrolment, lost: LostEvent) -> NewEnrolment:
    """A person under the id and with the facts that others know; what is encrypted is bound to the id."""
    number = vault.decrypt("enrolment", "document_number", new.id, new.document_number)
    name = vault.decrypt("enrolment", "person_name", new.id, new.person_name)
    return replace(
        new,
        id=lost.key,
        region=lost.region,
        facts=PersonFacts.model_validate(lost.payload["facts"]),
        document_number=vault.encrypt("enrolment", "document_number", lost.key, number),
        person_name=vault.encrypt("enrolment", "person_name", lost.key, name),
    )


def _registered_on(lost: LostEvent, today: date) -> date:
    return min(today, date.fromisoformat(lost.payload["registered_on"]))


def _refuse_unborn(one: NewEnrolment | DomainError, today: date) -> NewEnrolment | DomainError:
    if isinstance(one, NewEnrolment) and one.facts.birth_date > today:
        return NotBornYet(pointer="/birth_date")
    return one


async def _in_known_villages(
    session: AsyncSession, prepared: Sequence[NewEnrolment | DomainError]
) -> list[NewEnrolment | DomainError]:
    """Refuse unknown villages and, without saying whether they exist, those of another region than the caller's."""
    within = await region_repository.of_caller(session)
    known = await regions.known(session, [one.region for one in prepared if isinstance(one, NewEnrolment)])

    def checked(one: NewEnrolment | DomainError) -> NewEnrolment | DomainError:
        if isinstance(one, DomainError):
            return one
        if not covers(within, one.region):
            return NotFound(pointer="/region")
        return one if one.region in known else regions.UnknownRegion(pointer="/region")

    return [checked(one) for one in prepared]


def normalised(document_type: str, number: str) -> str:
    """A document's number in its one form; raises ``InvalidNumber``."""
    try:
        return normalise(document_type, number)
    except InvalidIdentityNumber as error:
        raise InvalidNumber(error.detail, pointer="/document_number") from error


def _checked_number(application: Application) -> str:
    number = normalised(application.document_type, application.document_number)
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
        name_token=new.name_token,
    )


def _held_again(new: NewEnrolment, lost: LostEvent) -> list[Event]:
    """What others know holds again; a name that was written otherwise this time is announced beside it."""
    about = {
        "region": new.region,
        "benefit_year": new.benefit_year,
        "enrolment_id": new.id,
        "person_token": new.person_token,
    }
    again: list[Event] = [EnrolmentReaffirmed(**about, fact=EnrolmentRegistered.name)]
    if lost.payload.get("name_token") != new.name_token:
        again.append(PersonNamed(**about, name_token=new.name_token))
    return again


def _registered(new: NewEnrolment, today: date) -> Registered:
    return Registered(new.id, _FIRST_STATE, new.region, new.benefit_year, new.masked_number, today)
