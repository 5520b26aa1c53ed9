"""A worked case as people write it: facts with known names and values, or a named refusal; never a silent default."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.domain.identity_number import DocumentType
from shared.domain.money import parse_yuan
from shared.policy.facts import Certified, Facts, OtherInsurance, Payment
from shared.policy.schema import OverridesEntry, Yuan
from shared.policy.vocabulary import Channel, Hukou, Identity, InsuranceStatus, InsuranceType, Residence


def _status_of_employee(insurance: "OtherInsuranceFacts") -> "OtherInsuranceFacts":
    if insurance.type is InsuranceType.EMPLOYEE and insurance.status is None:
        raise ValueError("employee insurance needs its status: active, suspended, interrupted or ended")
    return insurance


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OtherInsuranceFacts(_Facts):
    """Another insurance of the person."""

    type: InsuranceType
    status: InsuranceStatus | None = None
    benefit_year: int | None = None
    is_habitual_residence: bool | None = None


class CaseFacts(_Facts):
    """The facts of one case; ``label`` changes nothing, and some facts matter to no pack that is here yet."""

    label: str = ""
    birth_date: date
    hukou: Hukou
    hukou_note: Literal["urban", "rural"] | None = None
    residence: Residence
    residence_permit: bool | None = None
    id_type: DocumentType = DocumentType.RESIDENT_ID
    categories: list[Identity] = Field(default_factory=list)
    category_certified_on: date | None = None
    other_insurance: Annotated[OtherInsuranceFacts, AfterValidator(_status_of_employee)]
    previous_year_enrolled: bool | None = None
    newborn: bool = False
    migrant_worker: bool = False
    registration_date: date
    payment_date: date | None
    channel: Channel
    amount_tendered: Yuan | None = None
    refund_request: None = None
    config_overrides: OverridesEntry = Field(default_factory=OverridesEntry)

    def person(self) -> Facts:
        """The person, as decisions see one."""
        other = self.other_insurance
        return Facts(
            birth_date=self.birth_date,
            registration_date=self.registration_date,
            hukou=self.hukou,
            hukou_note=self.hukou_note,
            residence=self.residence,
            id_type=self.id_type,
            other_insurance=OtherInsurance(other.type, other.status, other.benefit_year, other.is_habitual_residence),
            migrant_worker=self.migrant_worker,
            newborn=self.newborn,
        )

    def identities(self) -> tuple[Certified, ...]:
        """The identities held, each from its certification."""
        return tuple(Certified(identity, self.category_certified_on) for identity in self.categories)

    def payment(self) -> Payment:
        """How the contribution is paid."""
        tendered = None if self.amount_tendered is None else parse_yuan(self.amount_tendered)
        return Payment(self.payment_date, self.channel, tendered)
