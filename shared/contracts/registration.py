"""Facts that registration announces: who is registered, who has paid, who is covered, what day it is."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt

from shared.contracts.event import Event

PaidBasis = Literal["CONTRIBUTION", "NOTHING_DUE"]


class Circumstances(BaseModel):
    """Facts that only some documents ask for: permits, work, school, other insurance, earlier years."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    residence_permit: StrictBool | None = None
    guardian_residence_permit: StrictBool | None = None
    relation: str | None = None
    employed: StrictBool | None = None
    retired: StrictBool | None = None
    difficult_enterprise: StrictBool | None = None
    migrant_worker: StrictBool = False
    school_level: str | None = None
    school_in_area: StrictBool | None = None
    full_time: StrictBool | None = None
    child_birth_date: date | None = None
    agricultural_before_20150701: StrictBool | None = None
    discharge_date: date | None = None
    sponsor_discharge_date: date | None = None
    insured_at_origin: StrictBool | None = None
    insurance_status: str | None = None
    insurance_paid_through: date | None = None
    insurance_suspended_on: date | None = None
    insurance_continuous_months: StrictInt | None = None
    insured_where_living: StrictBool | None = None
    enrolled_years: tuple[StrictInt, ...] | None = None
    missed_years: tuple[StrictInt, ...] = ()
    employee_years: tuple[StrictInt, ...] = ()
    repair_years: StrictInt | None = None


class PersonFacts(BaseModel):
    """What an assessment needs to know about a person; never a name or a number."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    birth_date: date
    hukou: str = "local"
    hukou_note: str | None = None
    residence: str = "in_area_long_term"
    document_type: str = "RESIDENT_ID"
    other_insurance: str = "none"
    newborn: bool = False
    circumstances: Circumstances | None = None


class EnrolmentRegistered(Event):
    """A person was registered for one benefit year."""

    name: ClassVar[str] = "registration.enrolment_registered.v1"
    enrolment_id: UUID
    person_token: str
    registered_on: date
    facts: PersonFacts
    name_token: str | None = None  # older events have none; it follows as person_named


class PersonNamed(Event):
    """The name of an enrolled person is this one, by its token: said where the registration did not say it so."""

    name: ClassVar[str] = "registration.person_named.v1"
    enrolment_id: UUID
    person_token: str
    name_token: str


class EnrolmentRejected(Event):
    """An assessment found that the person cannot be enrolled here: they no longer count as registered."""

    name: ClassVar[str] = "registration.enrolment_rejected.v1"
    enrolment_id: UUID
    person_token: str
    assessment_version: int


class EnrolmentReadmitted(Event):
    """What had been rejected is possible after all: the person counts as registered again."""

    name: ClassVar[str] = "registration.enrolment_readmitted.v1"
    enrolment_id: UUID
    person_token: str
    assessment_version: int


class EnrolmentPaid(Event):
    """An enrolment became PAID: its contribution was credited, or nothing was due."""

    name: ClassVar[str] = "registration.enrolment_paid.v1"
    enrolment_id: UUID
    person_token: str
    paid_on: date
    due_fen: int
    basis: PaidBasis
    assessment_version: int | None = None  # under which it was paid


class EnrolmentPaymentCorrected(Event):
    """An enrolment announced as PAID because nothing was due turns out to be paid by money credited before.

    Payment and subsidy publish to topics of their own, so the newer assessment may be consumed before the payment.
    """

    name: ClassVar[str] = "registration.enrolment_payment_corrected.v1"
    enrolment_id: UUID
    person_token: str
    paid_on: date
    due_fen: int
    assessment_version: int


class EnrolmentPaymentReversed(Event):
    """An enrolment is PAID no longer: the institution that had collected its contribution took the money back."""

    name: ClassVar[str] = "registration.enrolment_payment_reversed.v1"
    enrolment_id: UUID
    person_token: str


class EnrolmentActivated(Event):
    """The benefit period of a paid enrolment began."""

    name: ClassVar[str] = "registration.enrolment_activated.v1"
    outside_readers: ClassVar[bool] = True
    enrolment_id: UUID
    person_token: str
    benefit_start: date
    benefit_end: date


class EnrolmentReaffirmed(Event):
    """What was announced before a restoration holds again; services that took it in have nothing to do."""

    name: ClassVar[str] = "registration.enrolment_reaffirmed.v1"
    outside_readers: ClassVar[bool] = True
    enrolment_id: UUID
    person_token: str
    fact: str  # the event that others have taken in


class EnrolmentTerminated(Event):
    """An enrolment ended; the counters and the subsidy share return."""

    name: ClassVar[str] = "registration.enrolment_terminated.v1"
    enrolment_id: UUID
    person_token: str
    terminated_on: date
    reason: str
    was_paid: bool


class BusinessDateAdvanced(Event):
    """The installation's business date moved forward; daily work follows it."""

    name: ClassVar[str] = "registration.business_date_advanced.v1"
    key_field: ClassVar[str] = "installation_id"
    installation_id: UUID
    business_date: date
