"""What holds a batch back, named so that a clerk can correct it: by village, receipt, line and amount."""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

MAX_DIFFERENCES: Final = 1_000


class DifferenceKind(StrEnum):
    """The ways in which two accounts of the same money can differ; each value is its name in Chinese and English."""

    zh: str
    en: str

    def __new__(cls, code: str, zh: str, en: str) -> "DifferenceKind":
        """Attach the words in both languages to the code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.zh = zh
        member.en = en
        return member

    TOTAL_DIFFERS = (
        "TOTAL_DIFFERS",
        "缴费情况表合计与明细之和不符",
        "The statement's total is not the sum of its lines",
    )
    RECEIPT_LISTED_TWICE = ("RECEIPT_LISTED_TWICE", "同一收据重复列报", "The statement lists a receipt twice")
    RECEIPT_UNKNOWN = ("RECEIPT_UNKNOWN", "列报的收据没有登记", "No such receipt of this village is recorded")
    RECEIPT_SPENT = (
        "RECEIPT_SPENT",
        "收据已随另一张缴费情况表列报或已核销、收回",
        "Another statement holds the receipt",
    )
    RECEIPT_AMOUNT_DIFFERS = (
        "RECEIPT_AMOUNT_DIFFERS",
        "收据金额与缴费情况表不符",
        "Receipt and statement differ in amount",
    )
    RECEIPT_PERSON_DIFFERS = (
        "RECEIPT_PERSON_DIFFERS",
        "收据开给了另一参保人",
        "The receipt was given to someone else",
    )
    RECEIPT_YEAR_DIFFERS = ("RECEIPT_YEAR_DIFFERS", "收据所属年度不符", "The receipt is for another benefit year")
    RECEIPT_NOT_LISTED = (
        "RECEIPT_NOT_LISTED",
        "已开收据未列入缴费情况表",
        "A receipt of the village is not on the statement",
    )
    SLIP_DIFFERS = ("SLIP_DIFFERS", "缴款单金额与收据合计不符", "The deposit slip is not the sum of the receipts")
    BANK_LINE_DIFFERS = (
        "BANK_LINE_DIFFERS",
        "待报解账户入账金额与缴款单不符",
        "The bank booked another amount than the slip",
    )
    DEPOSITED_BEFORE_RECEIVED = (
        "DEPOSITED_BEFORE_RECEIVED",
        "缴存日早于收据的收款日",
        "The cash was deposited before the receipt says that it was received",
    )
    BOOKED_BEFORE_DEPOSITED = (
        "BOOKED_BEFORE_DEPOSITED",
        "银行入账日早于缴款单的缴存日",
        "The bank booked the money before the slip says that it was deposited",
    )
    SETTLEMENT_SHORT = (
        "SETTLEMENT_SHORT",
        "渠道结算款少于当日入账合计",
        "The channel settled less than was credited",
    )
    SETTLEMENT_OVER = ("SETTLEMENT_OVER", "渠道结算款多于当日入账合计", "The channel settled more than was credited")
    TAX_TOTAL_DIFFERS = ("TAX_TOTAL_DIFFERS", "税务批次金额不符", "The tax bureau's total differs")
    TAX_LINE_MISSING = ("TAX_LINE_MISSING", "税务明细缺少此人", "The tax detail lacks this line")
    TAX_LINE_EXTRA = ("TAX_LINE_EXTRA", "税务明细多出此人", "The tax detail has a line that the batch lacks")
    TAX_AMOUNT_DIFFERS = ("TAX_AMOUNT_DIFFERS", "税务明细金额不符", "The tax detail has another amount")
    TAX_LINE_TWICE = ("TAX_LINE_TWICE", "税务明细重复", "The tax detail lists this line twice")
    TAX_BATCH_DIFFERS = ("TAX_BATCH_DIFFERS", "税务返回的批次不是所查批次", "The tax detail is of another batch")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: ours against theirs, in fen or as days, at the place where it was found."""

    kind: DifferenceKind
    ours_fen: int | None = None
    theirs_fen: int | None = None
    village: str | None = None
    receipt_no: str | None = None
    enrolment_id: UUID | None = None
    reference: str | None = None
    ours_on: date | None = None
    theirs_on: date | None = None

    def as_json(self) -> dict[str, object]:
        """The difference as it is stored and shown, with its words in both languages."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        for name in ("enrolment_id", "ours_on", "theirs_on"):
            if name in values:
                values[name] = str(values[name])
        return values | {"kind": self.kind.value, "zh": self.kind.zh, "en": self.kind.en}
