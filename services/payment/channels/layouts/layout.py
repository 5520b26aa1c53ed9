"""What a declared layout may say. All of it is checked when it is loaded: a layout in force leaves nothing to guess."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.domain.identity_number import DocumentType
from shared.policy.vocabulary import Channel

_WORD = StringConstraints(min_length=1, max_length=64)
_TITLE = StringConstraints(min_length=1, max_length=120)
_MOST_BYTES = 4 << 30


class Encoding(StrEnum):
    """How characters are written; each is decoded strictly."""

    GBK = "gbk"
    GB18030 = "gb18030"
    UTF_8 = "utf-8"


class Packing(StrEnum):
    """Whether the file comes packed."""

    NONE = "none"
    GZIP = "gzip"
    ZIP = "zip"


class Meaning(StrEnum):
    """What a field is to us. IGNORED is named by the layout and read by nobody."""

    SEQUENCE = "sequence"
    ORIGINAL = "original"
    ORIGINAL_DAY = "original_day"
    DAY = "day"
    TIME = "time"
    MOMENT = "moment"
    DOCUMENT_NUMBER = "document_number"
    DOCUMENT_TYPE = "document_type"
    NAME = "name"
    AMOUNT = "amount"
    KIND = "kind"
    CHANNEL = "channel"
    BENEFIT_YEAR = "benefit_year"
    REMITTED_DAY = "remitted_day"
    TREASURY_DAY = "treasury_day"
    VOUCHER = "voucher"
    COUNT = "count"
    TOTAL = "total"
    FILE_DAY = "file_day"
    INSTITUTION = "institution"
    CONSTANT = "constant"
    IGNORED = "ignored"


class LineKind(StrEnum):
    """What a line is about: money that came, or money that the institution took back (冲正, 退费)."""

    PAYMENT = "PAYMENT"
    REVERSAL = "REVERSAL"


class DayForm(StrEnum):
    """How a day is written; of a period (费款所属期) its first year counts."""

    COMPACT = "yyyymmdd"
    DASHES = "yyyy-mm-dd"
    YEAR = "yyyy"


class AmountForm(StrEnum):
    """How money is written: ``380.00`` yuan, or ``38000`` fen."""

    YUAN = "yuan"
    FEN = "fen"


class TotalOf(StrEnum):
    """What a declared total adds up: payments alone, payments less reversals, or all amounts without their sign."""

    PAYMENTS = "payments"
    NET = "net"
    ABSOLUTE = "absolute"


class CountOf(StrEnum):
    """What a declared count counts."""

    LINES = "lines"
    PAYMENTS = "payments"


_SUMMARY = frozenset({Meaning.COUNT, Meaning.TOTAL, Meaning.FILE_DAY, Meaning.INSTITUTION})
_REPEATABLE = frozenset({Meaning.CONSTANT, Meaning.IGNORED})
_CODED = frozenset({Meaning.KIND, Meaning.CHANNEL, Meaning.DOCUMENT_TYPE})
_VOCABULARY = {Meaning.KIND: LineKind, Meaning.CHANNEL: Channel, Meaning.DOCUMENT_TYPE: DocumentType}


class LayoutField(BaseModel):
    """One field: its name in the institution's own words, what it is, and how it is written.

    ``width`` is in bytes. ``padded``: filled up on the left with zeros to its width, or with any number of them where
    fields are separated. ``codes`` says what the institution's codes mean.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, _WORD]
    means: Annotated[Meaning, Field(alias="is")]
    width: Annotated[int, Field(ge=1, le=512)] | None = None
    optional: bool = False
    padded: bool = False
    day_form: DayForm = DayForm.COMPACT
    amount_form: AmountForm = AmountForm.YUAN
    value: str | None = None
    codes: Annotated[dict[Annotated[str, _WORD], tuple[str, ...]], Field(max_length=64)] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.means is Meaning.CONSTANT) != (self.value is not None):
            raise ValueError(f"{self.name}: a constant, and only one, has a value")
        if (self.means in _CODED) != bool(self.codes):
            raise ValueError(f"{self.name}: codes are for a kind, a channel or a type of document")
        if known := _VOCABULARY.get(self.means):
            if unknown := sorted(set(self.codes) - {each.value for each in known}):
                raise ValueError(f"{self.name}: {', '.join(unknown)} is none of ours")
            written = [code for codes in self.codes.values() for code in codes]
            if not written or len(set(written)) != len(written) or not all(written):
                raise ValueError(f"{self.name}: a code stands for one thing, and is something")
        return self

    @property
    def meaning_of(self) -> dict[str, str]:
        """What each code stands for."""
        return {code: meaning for meaning, codes in self.codes.items() for code in codes}


Fields = Annotated[tuple[LayoutField, ...], Field(min_length=1, max_length=64)]


class FileLayout(BaseModel):
    """The form of one institution's file.

    With ``columns_named`` a row of names comes before the details, and fields are found by it; else they stand in the
    order declared. ``days_before`` is how many days before the file's own a line may be dated. ``names_files`` is how
    dropped files are called, ``{day}`` being the file's day as YYYYMMDD.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    title_zh: Annotated[str, _TITLE]
    title_en: Annotated[str, _TITLE]
    invented: bool
    source: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    encoding: Encoding
    packing: Packing = Packing.NONE
    separator: Annotated[str, StringConstraints(min_length=1, max_length=4)] | None = None
    ends_with_separator: bool = False
    columns_named: bool = False
    header: Fields | None = None
    detail: Fields
    trailer: Fields | None = None
    count_of: CountOf = CountOf.LINES
    total_of: TotalOf = TotalOf.PAYMENTS
    channel: Channel | None = None
    document_type: DocumentType | None = None
    days_before: Annotated[int, Field(ge=0, le=800)] = 1
    names_files: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,40}\{day\}[A-Za-z0-9_.-]{0,40}$")]
    most_lines: Annotated[int, Field(ge=1, le=10_000_000)] = 5_000_000
    longest_line: Annotated[int, Field(ge=16, le=16_384)] = 2_048
    most_bytes: Annotated[int, Field(ge=1, le=_MOST_BYTES)] = 1 << 30

    @property
    def fixed(self) -> bool:
        """Whether fields are cut by their width in bytes."""
        return self.separator is None

    def has(self, meaning: Meaning) -> bool:
        """Whether details have such a field."""
        return any(field.means is meaning for field in self.detail)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        groups = {"header": self.header or (), "detail": self.detail, "trailer": self.trailer or ()}
        for name, fields in groups.items():
            self._check_group(name, fields)
        summed = [field.means for fields in (groups["header"], groups["trailer"]) for field in fields]
        for needed in (Meaning.COUNT, Meaning.TOTAL):
            if summed.count(needed) != 1:
                raise ValueError(f"a file says its {needed} once, in its header or its trailer")
        self._check_details()
        if self.columns_named and self.fixed:
            raise ValueError("columns are named where they are separated")
        if self.ends_with_separator and self.fixed:
            raise ValueError("a separator ends a line where there is one")
        return self

    def _check_group(self, group: str, fields: tuple[LayoutField, ...]) -> None:
        means = [field.means for field in fields]
        once = [each for each in means if each not in _REPEATABLE]
        if len(set(once)) != len(once):
            raise ValueError(f"{group}: two fields are the same thing")
        allowed = set(_REPEATABLE) | (set(Meaning) - _SUMMARY if group == "detail" else _SUMMARY)
        if wrong := [each.value for each in means if each not in allowed]:
            raise ValueError(f"{group}: {', '.join(wrong)} does not stand there")
        if any((field.width is None) == self.fixed for field in fields):
            raise ValueError(f"{group}: either every field has a width, or there is a separator")
        if group == "detail" and len({field.name for field in fields}) != len(fields):
            raise ValueError("detail: two fields have one name")

    def _check_details(self) -> None:
        for needed in (Meaning.SEQUENCE, Meaning.AMOUNT, Meaning.DOCUMENT_NUMBER):
            if not self.has(needed):
                raise ValueError(f"detail: no {needed}")
        if self.has(Meaning.DAY) == self.has(Meaning.MOMENT):
            raise ValueError("detail: either a day or a moment")
        if self.has(Meaning.CHANNEL) == (self.channel is not None):
            raise ValueError("either the layout or a field says the channel")
        if self.has(Meaning.DOCUMENT_TYPE) == (self.document_type is not None):
            raise ValueError("either the layout or a field says the type of document")
        if (self.has(Meaning.ORIGINAL) or self.has(Meaning.ORIGINAL_DAY)) and not self.has(Meaning.KIND):
            raise ValueError("an original is named where there are reversals")
