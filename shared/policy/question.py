"""A worked case as people write it: facts with known names and values, or a named refusal; never a silent default."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.domain.identity_number import DocumentType
from shared.domain.money import parse_yuan
from shared.policy.decision import Aftermath
from shared.policy.facts import CasePayment, Certified, Facts, InsuranceHistory, MissingFact, OtherInsurance, Student
from shared.policy.refund import PaidAmount, RefundRequest
from shared.policy.schema import OverridesEntry
from shared.policy.schema_parts import Mistake, Yuan
from shared.policy.vocabulary import (
    BY_AGE,
    Channel,
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    RefundReason,
    Relation,
    Residence,
    SchoolLevel,
)


def _day_as_text(value: Any) -> Any:
    """A date is written as text: a bare number would be read as seconds."""
    if isinstance(value, int | float) or (isinstance(value, str) and len(value) != 10):
        raise PydanticCustomError("day_as_text", "日期写成文字，如 2023-11-05 · a date is text such as 2023-11-05")
    return value


def _contradiction(zh: str, en: str, field: str) -> Mistake:
    return Mistake(f"{zh} · {en}", f"核对 {field} · check {field}")


def _certifiable(identity: Identity) -> Identity:
    if identity in BY_AGE:
        problem = f"{identity.name_zh}由出生日期得出 · {identity.value} follows from the birth date"
        raise Mistake(problem, "不写入认定身份 · it is not certified; leave it out")
    return identity


Day = Annotated[
    date,
    BeforeValidator(_day_as_text),
    Field(ge=date(1900, 1, 1), le=date(2100, 12, 31)),
]
_NEWBORN_DAYS = 366  # whatever a document calls one, a person of more than a year is none
Strictly = Annotated[bool, Field(strict=True)]
Year = Annotated[int, Field(strict=True, ge=2000, le=2100)]
Count = Annotated[int, Field(strict=True, ge=0, le=1200)]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        """A fact that may be left out may also be null."""
        if not isinstance(given, dict):
            return given
        may = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in given.items() if value is not None or name not in may}


class OtherInsuranceFacts(_Facts):
    """Another insurance of the person."""

    type: InsuranceType
    status: InsuranceStatus | None = None
    benefit_year: Year | None = None
    is_habitual_residence: Strictly | None = None
    paid_through: Day | None = None
    suspended_on: Day | None = None
    continuous_months: Count | None = None
    """Without what was paid back later; asked for where a rule counts it."""
    continuous_months_excludes_backpay: Strictly | None = None
    months_including_backpay: Count | None = None

    @model_validator(mode="after")
    def _status_of_employee(self) -> Self:
        if self.type is InsuranceType.EMPLOYEE and self.status is None:
            raise Mistake(
                "职工医保未写参保状态 · employee insurance needs its status",
                "写 active、suspended、interrupted 或 ended · write active, suspended, interrupted or ended",
            )
        if self.type is InsuranceType.NONE and self.model_fields_set - {"type"}:
            raise Mistake(
                "没有其他医保却写了详情 · no other insurance has no details",
                "写明类型或去掉 · name its type or remove them",
            )
        return self

    def insurance(self) -> OtherInsurance:
        """As decisions see it: months that were paid back later do not count."""
        only_with_backpay = self.continuous_months is None and self.months_including_backpay is not None
        backpaid = self.continuous_months_excludes_backpay is False or only_with_backpay
        months = 0 if backpaid else self.continuous_months
        return OtherInsurance(
            self.type,
            self.status,
            self.benefit_year,
            self.is_habitual_residence,
            self.paid_through,
            self.suspended_on,
            months,
        )


class StudentFacts(_Facts):
    """Where a person studies."""

    level: SchoolLevel
    school_in_area: Strictly
    full_time: Strictly | None = None


class InsuredYears(_Facts):
    """Benefit years under another scheme."""

    employee: list[Year] = Field(default_factory=list)


class PaymentFacts(_Facts):
    """A payment that reached the fund."""

    date: Day
    amount: Yuan
    channel: Channel


class RefundFacts(_Facts):
    """What is asked back."""

    date: Day
    reason: RefundReason


class CaseFacts(_Facts):
    """The facts of one case; ``label`` changes nothing."""

    label: str = ""
    birth_date: Day
    """From which age counts, at registration or on the day that a rule names."""
    age_days_at_registration: Count | None = None
    """For reading only: it follows from the two dates, and is refused where it does not."""
    hukou: Hukou
    """户籍; hmt is Hong Kong, Macao or Taiwan."""
    hukou_note: Literal["urban", "rural"] | None = None
    residence: Residence
    residence_permit: Strictly | None = None
    """居住证, of the person; who does not show one is not admitted by it."""
    guardian_residence_permit: Strictly | None = None
    guardian_hukou: Literal["local", "nonlocal"] | None = None
    id_type: DocumentType = DocumentType.RESIDENT_ID
    relation: Relation | None = None
    """To somebody who works here or is a citizen, where a rule admits by it."""
    employed: Strictly | None = None
    """在业."""
    retired: Strictly | None = None
    difficult_enterprise: Strictly | None = None
    """困难企业, of which the person is an employee."""
    categories: list[Annotated[Identity, AfterValidator(_certifiable)]] = Field(default_factory=list)
    """Identities that departments certified."""
    category_certified_on: Day | None = None
    """Since when they count; without it from the beginning."""
    child_birth_date: Day | None = None
    """Of the only child or the daughters, where a family planning rule asks."""
    agricultural_before_20150701: Strictly | None = None
    """农业户口 before that day, where a family planning rule asks."""
    discharge_date: Day | None = None
    """退役, of the person."""
    sponsor_discharge_date: Day | None = None
    """退役, of the spouse of a person of identity MILITARY_SPOUSE."""
    other_insurance: OtherInsuranceFacts
    insured_at_origin: Strictly | None = None
    """Whether a person from elsewhere is insured at the place of origin."""
    previous_year_enrolled: Strictly | None = None
    enrolled_years: list[Year] | None = None
    missed_years: list[Year] = Field(default_factory=list)
    repair_years: Count | None = None
    """How many missed years the person pays back."""
    insured_years: InsuredYears = Field(default_factory=InsuredYears)
    """Years under another scheme, which are not missed."""
    fund_claims: dict[Annotated[str, Field(pattern=r"^20\d\d$")], Yuan] = Field(default_factory=dict)
    """What the fund paid for the person, by year."""
    student: StudentFacts | None = None
    newborn: Strictly = False
    """Whether a newborn rule is asked for."""
    migrant_worker: Strictly = False
    death_date: Day | None = None
    registration_date: Day
    payment_date: Day | None
    """Null where nothing has been paid."""
    channel: Channel | None = None
    """ROSTER where nothing is to be paid; null where nothing has been paid."""
    amount_tendered: Yuan | None = None
    payments: list[PaymentFacts] = Field(default_factory=list)
    refund_request: RefundFacts | None = None
    import_result: Literal["FAILED_AFTER_CORRECTION"] | None = None
    cash_receipt_no: str | None = None
    config_overrides: OverridesEntry = Field(default_factory=OverridesEntry)
    """Values that the document leaves open."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse what cannot all be true."""
        days = (self.registration_date - self.birth_date).days
        both = set(self.missed_years) & set(self.enrolled_years or ())
        if days < 0:
            raise _contradiction("出生日期晚于登记日期", "birth_date lies after registration_date", "birth_date")
        if self.age_days_at_registration not in (None, days):
            zh, en = f"按两个日期，登记时出生{days}天", f"age_days_at_registration is {days} by the two dates"
            raise _contradiction(zh, en, "age_days_at_registration")
        if self.newborn and days > _NEWBORN_DAYS:
            raise _contradiction("出生已超过一年，不是新生儿", "somebody of more than a year is no newborn", "newborn")
        if self.death_date is not None and self.death_date < self.registration_date:
            raise _contradiction("登记时已死亡", "death_date lies before registration_date", "death_date")
        if self.child_birth_date is not None and self.child_birth_date <= self.birth_date:
            raise _contradiction("子女不晚于本人出生", "the child is no younger than the person", "child_birth_date")
        if both:
            raise _contradiction(
                f"{min(both)}年既断保又参保", f"{min(both)} is both missed and insured", "missed_years"
            )
        if self.previous_year_enrolled and self._missed_last_year():
            zh, en = "上年既参保又断保", "previous_year_enrolled contradicts missed_years"
            raise _contradiction(zh, en, "previous_year_enrolled")
        return self

    def _missed_last_year(self) -> bool:
        year = self.config_overrides.benefit_year
        return year is not None and year - 1 in self.missed_years

    def person(self) -> Facts:
        """The person, as decisions see one."""
        student = self.student
        return Facts(
            birth_date=self.birth_date,
            registration_date=self.registration_date,
            hukou=self.hukou,
            hukou_note=self.hukou_note,
            residence=self.residence,
            residence_permit=self.residence_permit,
            guardian_residence_permit=self.guardian_residence_permit,
            id_type=self.id_type,
            other_insurance=self.other_insurance.insurance(),
            insured_at_origin=self.insured_at_origin,
            migrant_worker=self.migrant_worker,
            newborn=self.newborn,
            relation=self.relation,
            employed=self.employed,
            retired=self.retired,
            difficult_enterprise=self.difficult_enterprise,
            student=None if student is None else Student(student.level, student.school_in_area, student.full_time),
            child_birth_date=self.child_birth_date,
            agricultural=self.agricultural_before_20150701,
            discharge_date=self.discharge_date,
            sponsor_discharge_date=self.sponsor_discharge_date,
            history=self._history(),
        )

    def _history(self) -> InsuranceHistory:
        enrolled = None if self.enrolled_years is None else tuple(sorted(set(self.enrolled_years)))
        claims = tuple((int(year), parse_yuan(paid)) for year, paid in sorted(self.fund_claims.items()))
        employee = tuple(sorted(set(self.insured_years.employee)))
        return InsuranceHistory(enrolled, tuple(sorted(set(self.missed_years))), employee, self.repair_years, claims)

    def identities(self) -> tuple[Certified, ...]:
        """The identities held, each from its certification."""
        return tuple(Certified(identity, self.category_certified_on) for identity in dict.fromkeys(self.categories))

    def payment(self) -> CasePayment:
        """How the contribution is paid: the amount named, else that of the payment listed for its day and channel."""
        if self.payment_date is not None and self.channel is None:
            raise MissingFact("channel")
        listed = (
            each.amount for each in self.payments if (each.date, each.channel) == (self.payment_date, self.channel)
        )
        amount = self.amount_tendered or next(listed, None)
        tendered = None if amount is None else parse_yuan(amount)
        return CasePayment(self.payment_date, self.channel, tendered)

    def _happened_on(self, asked: RefundFacts) -> date | None:
        return self.death_date if asked.reason is RefundReason.DEATH else None

    def aftermath(self) -> Aftermath:
        """What happened after the payment."""
        asked = self.refund_request
        return Aftermath(
            refund=None if asked is None else RefundRequest(asked.reason, asked.date, self._happened_on(asked)),
            payments=tuple(PaidAmount(each.date, parse_yuan(each.amount), each.channel) for each in self.payments),
            import_failed=self.import_result is not None,
        )
