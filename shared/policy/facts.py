"""What is asked: one person, the identities that departments certified, and how the contribution is paid."""

from dataclasses import dataclass, field
from datetime import date

from shared.domain.identity_number import DocumentType
from shared.policy.vocabulary import Channel, Hukou, Identity, InsuranceStatus, InsuranceType, Residence


@dataclass(frozen=True, slots=True)
class OtherInsurance:
    """Another basic medical insurance of the person."""

    type: InsuranceType = InsuranceType.NONE
    status: InsuranceStatus | None = None
    benefit_year: int | None = None
    is_habitual_residence: bool | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pack may look at in one person who asks to be enrolled."""

    birth_date: date
    registration_date: date
    hukou: Hukou = Hukou.LOCAL
    hukou_note: str | None = None
    residence: Residence = Residence.IN_AREA_LONG_TERM
    id_type: DocumentType = DocumentType.RESIDENT_ID
    other_insurance: OtherInsurance = field(default_factory=OtherInsurance)
    migrant_worker: bool = False
    newborn: bool = False


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
class Payment:
    """How and when the contribution is paid; without a date nothing has been paid."""

    on: date | None = None
    channel: Channel | None = None
    tendered_fen: int | None = None
