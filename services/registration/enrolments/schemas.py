"""What HTTP speaks about enrolments."""

from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator
from sqlalchemy import RowMapping

from services.registration.enrolments.circumstances import CircumstancesIn
from services.registration.enrolments.registering import Application
from shared.contracts.registration import Circumstances, PersonFacts
from shared.domain.identity_number import DocumentType
from shared.errors import DomainError
from shared.web.fields import BirthDay, Year, example

Village = Annotated[str, Field(pattern=r"^[0-9]{12}$")]

_INSURANCE = (
    "insurance_status",
    "insurance_paid_through",
    "insurance_suspended_on",
    "insurance_continuous_months",
    "insured_where_living",
)

_APPLICATION = {
    "document_type": "RESIDENT_ID",
    "document_number": "411521199003074513",
    "name": "张三",
    "birth_date": "1990-03-07",
    "region": "411521101201",
    "benefit_year": 2024,
}


class EnrolmentIn(BaseModel):
    """A person asks to be enrolled."""

    model_config = ConfigDict(extra="forbid", **example(**_APPLICATION))

    document_type: DocumentType = DocumentType.RESIDENT_ID
    document_number: Annotated[str, Field(min_length=5, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=60)]
    birth_date: BirthDay
    hukou: Literal["local", "nonlocal", "foreign", "hmt"] = "local"
    hukou_note: Literal["urban", "rural"] | None = None
    residence: Literal["in_area_long_term", "in_area_short_term", "outside_area"] = "in_area_long_term"
    other_insurance: Literal["none", "employee", "resident_elsewhere"] = "none"
    newborn: StrictBool = False
    circumstances: CircumstancesIn | None = None
    region: Village
    benefit_year: Year

    @field_validator("name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable() or not name.strip():
            raise ValueError("a name has printable characters only")
        return name.strip()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        told = self.circumstances
        if told and self.other_insurance == "none" and any(getattr(told, name) is not None for name in _INSURANCE):
            raise ValueError("insurance_… belongs to an other_insurance that is not none")
        if told and told.insurance_status is None and any(getattr(told, name) is not None for name in _INSURANCE):
            raise ValueError("insurance_… needs the insurance_status")
        return self

    def application(self) -> Application:
        """The application as the service understands it."""
        facts = _facts(
            self.birth_date,
            self.hukou,
            self.hukou_note,
            self.residence,
            self.document_type,
            self.other_insurance,
            self.newborn,
            self.circumstances and self.circumstances.told(),
        )
        return Application(self.document_type, self.document_number, self.name, self.region, self.benefit_year, facts)


# A county's people share few birth dates, and what is known of them besides is mostly the same.
@lru_cache(maxsize=1 << 16)
def _facts(
    birth_date: date,
    hukou: str,
    hukou_note: str | None,
    residence: str,
    document_type: str,
    other_insurance: str,
    newborn: bool,
    circumstances: Circumstances | None,
) -> PersonFacts:
    return PersonFacts(
        birth_date=birth_date,
        hukou=hukou,
        hukou_note=hukou_note,
        residence=residence,
        document_type=document_type,
        other_insurance=other_insurance,
        newborn=newborn,
        circumstances=circumstances,
    )


class RegisteredOut(BaseModel):
    """The enrolment that was registered."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: str
    region: str
    benefit_year: int
    document_number: Annotated[str, Field(validation_alias="masked_number")]
    registered_on: date


class ListedOut(RegisteredOut):
    """One enrolment of a list, and why it is held or rejected."""

    reason_code: str | None


class EnrolmentsIn(BaseModel):
    """A village's applications, entered together."""

    model_config = ConfigDict(extra="forbid", **example(enrolments=[_APPLICATION]))

    enrolments: Annotated[list[EnrolmentIn], Field(min_length=1, max_length=500)]


class RefusedOut(BaseModel):
    """An application that was refused: its place among those sent, from 1, and why; never the person's data."""

    line: int
    code: str
    title: str
    title_en: str
    detail: str | None
    existing: UUID | None

    @classmethod
    def of(cls, line: int, refusal: DomainError) -> Self:
        """Say one refusal."""
        spec = refusal.code.value
        told = {"title": spec.zh, "title_en": spec.en, "detail": refusal.detail, "existing": refusal.existing}
        return cls(line=line, code=refusal.code.name, **told)


class TakenOut(RegisteredOut):
    """An application that was taken, by its place among those sent, from 1."""

    line: Annotated[int, Field(ge=1)]


class EnrolmentsOut(BaseModel):
    """What became of each application."""

    registered: list[TakenOut]
    refused: list[RefusedOut]


class PaidOut(BaseModel):
    """How the enrolment came to be paid; amounts in fen."""

    basis: str
    on: date
    amount_fen: int
    due_fen: int
    aided_fen: int
    channel: str | None


class BenefitOut(BaseModel):
    """From when to when the person is covered, or why that is held."""

    starts_on: date | None
    ends_on: date | None
    waiting: str | None
    held: str | None


class MoneyOut(BaseModel):
    """How far the money is on its way to the treasury, or when cash that could not be imported went back."""

    state: str | None
    in_treasury_on: date | None
    certificate_no: str | None
    cash_returned_on: date | None


class EnrolmentOut(RegisteredOut):
    """An enrolment with what is due and why, what was paid, and what is covered."""

    assessment: dict[str, Any] | None
    paid: PaidOut | None
    benefit: BenefitOut | None
    money: MoneyOut

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        """Show one row; the number stays masked and the name unsaid."""
        paid = benefit = None
        if row["paid_basis"] is not None:
            paid = PaidOut(
                basis=row["paid_basis"],
                on=row["paid_on"],
                amount_fen=row["paid_fen"],
                due_fen=row["due_fen"],
                aided_fen=row["aided_fen"],
                channel=row["channel"],
            )
            benefit = BenefitOut(
                starts_on=row["benefit_start"],
                ends_on=row["benefit_end"],
                waiting=row["benefit_wait"],
                held=row["benefit_held"],
            )
        money = MoneyOut(
            state=row["money_state"],
            in_treasury_on=row["in_treasury_on"],
            certificate_no=row["certificate_no"],
            cash_returned_on=row["cash_returned_on"],
        )
        return cls(**dict(row) | {"paid": paid, "benefit": benefit, "money": money})
