"""What is asked of institution rules, one shape per question; a shape that fits none is refused, never guessed."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.policy.schema_parts import Yuan

Count = Annotated[int, Field(strict=True, ge=0)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TownAsked(_Asked):
    """How far a township is."""

    town: str
    insured: Count


class CoverageAsked(_Asked):
    """Whether a place reached what its document asks."""

    residents: Count
    insured: Count
    insured_last_year: Count | None = None
    subsidised: Count | None = None
    subsidised_insured: Count | None = None


class StatedCash(_Asked):
    """What a statement or an exchange says."""

    persons: Count
    amount: Yuan


class ReceiptedCash(_Asked):
    """What the receipts say."""

    count: Count
    amount: Yuan


class MatchAsked(_Asked):
    """Whether a village's cash agrees."""

    statement: StatedCash
    receipts: ReceiptedCash
    deposit_slip: Yuan


class BatchAsked(_Asked):
    """What becomes of an entrusted batch at the tax hall."""

    notice_serial: str | None = None
    slip: Yuan
    exchange_detail: StatedCash
    import_failed_final: Count = 0


class BookAsked(_Asked):
    """Whether a book of receipts may be written off."""

    issued: tuple[Count, Count]
    used: tuple[Count, Count] | None = None
    voided: tuple[Count, Count] | None = None
    returned: tuple[Count, Count] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name in ("issued", "used", "voided", "returned"):
            numbers: tuple[int, int] | None = getattr(self, name)
            if numbers is not None and numbers[1] < numbers[0]:
                raise ValueError(f"{name} ends before it begins")
        return self


class Override(_Asked):
    """The county bureau's exception."""

    by: Literal["county_bureau"]
    reason: Annotated[str, Field(min_length=1)]


class CorrectionAsked(_Asked):
    """Whether something may still be corrected."""

    correction_date: date
    override: Override | None = None


class FiscalAsked(_Asked):
    """The fiscal subsidy of so many insured."""

    insured: Count


class ClearingAsked(_Asked):
    """Whether every subsidised person is insured."""

    check_date: date
    subsidised: Count
    paid: Count


SHAPES: tuple[type[_Asked], ...] = (
    TownAsked,
    CoverageAsked,
    MatchAsked,
    BatchAsked,
    BookAsked,
    CorrectionAsked,
    ClearingAsked,
    FiscalAsked,
)
