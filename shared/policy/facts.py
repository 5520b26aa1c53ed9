"""What is asked: one person, the identities that departments certified, and how the contribution is paid."""

from dataclasses import dataclass, field
from datetime import date

from shared.domain.identity_number import DocumentType
from shared.policy.vocabulary import (
    Channel,
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    Relation,
    Residence,
    SchoolLevel,
)


class MissingFact(ValueError):
    """A rule has to look at something that nobody stated; nothing is decided by guess."""

    def __init__(self, name: str) -> None:
        """``name`` is the fact as cases call it."""
        super().__init__(f"缺少 {name}，无法判定 · {name} is missing, so a rule cannot decide")
        self.name = name


@dataclass(frozen=True, slots=True)
class OtherInsurance:
    """Another basic medical insurance of the person."""

    type: InsuranceType = InsuranceType.NONE
    status: InsuranceStatus | None = None
    benefit_year: int | None = None
    is_habitual_residence: bool | None = None
    paid_through: date | None = None
    suspended_on: date | None = None
    continuous_months: int | None = None  # without what was paid back later


@dataclass(frozen=True, slots=True)
class Student:
    """Where a person studies."""

    level: SchoolLevel
    school_in_area: bool
    full_time: bool | None = None


@dataclass(frozen=True, slots=True)
class InsuranceHistory:
    """The benefit years before: enrolled, missed, insured otherwise, paid back, and what the fund paid in each."""

    enrolled: tuple[int, ...] | None = None
    missed: tuple[int, ...] = ()
    employee: tuple[int, ...] = ()
    repaired: int | None = None
    claims: tuple[tuple[int, int], ...] = ()  # year and fen


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pack may look at in one person who asks to be enrolled; None where nobody stated it."""

    birth_date: date
    registration_date: date
    hukou: Hukou = Hukou.LOCAL
    hukou_note: str | None = None
    residence: Residence = Residence.IN_AREA_LONG_TERM
    residence_permit: bool | None = None
    guardian_residence_permit: bool | None = None
    id_type: DocumentType = DocumentType.RESIDENT_ID
    other_insurance: OtherInsurance = field(default_factory=OtherInsurance)
    insured_at_origin: bool | None = None
    migrant_worker: bool = False
    newborn: bool = False
    relation: Relation | None = None
    employed: bool | None = None
    retired: bool | None = None
    difficult_enterprise: bool | None = None
    student: Student | None = None
    child_birth_date: date | None = None
    agricultural: bool | None = None  # before the day that the pack's document names
    discharge_date: date | None = None
    sponsor_discharge_date: date | None = None
    history: InsuranceHistory = field(default_factory=InsuranceHistory)

    @property
    def days_old(self) -> int:
        """Days from birth to registration; the day of birth is day 0."""
        return (self.registration_date - self.birth_date).days


@dataclass(frozen=True, slots=True)
class Certified:
    """An identity that a department certified; without a date it counts from the beginning, until it is withdrawn."""

    identity: Identity
    on: date | None = None
    withdrawn_on: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether the identity counts that day: certified by then, the day included, and not yet withdrawn."""
        return (self.on is None or self.on <= day) and (self.withdrawn_on is None or day < self.withdrawn_on)


@dataclass(frozen=True, slots=True)
class CasePayment:
    """How and when the contribution is paid; without a date nothing has been paid."""

    on: date | None = None
    channel: Channel | None = None
    tendered_fen: int | None = None
