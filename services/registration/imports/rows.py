"""From the cells of a row to an application: what spreadsheets do to cells is undone, and words become codes."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from pydantic import ValidationError

from services.registration.applications.schemas import EnrolmentIn
from services.registration.applications.service import Application, normalised
from services.registration.imports.columns import LABELS, Columns
from services.registration.imports.records import Broken
from shared.domain.identity_number import DocumentType, birth_date
from shared.errors import DomainError, ErrorCode

_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?E\+[0-9]+", re.ASCII | re.IGNORECASE)
_AS_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_DATE = re.compile(
    r"(?:([0-9]{4})([0-9]{2})([0-9]{2})|([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?)(?: 0?0:00(?::00)?)?"
)
_YEAR = re.compile(r"(2[01][0-9]{2})(?:\.0+)?(?:年度?)?")
_FORMULA = ("=", "+", "-", "@")
_NUMERIC = ("document_number", "region", "benefit_year")
_YES_NO = {"是": True, "1": True, "Y": True, "TRUE": True, "否": False, "0": False, "N": False, "FALSE": False}
# Names of documents, and their codes in the national dictionary of psn_cert_type.
_DOCUMENT_TYPES = {
    **{kind.value: kind for kind in DocumentType},
    **dict.fromkeys(("居民身份证", "身份证", "居民身份证(户口簿)", "01", "1"), DocumentType.RESIDENT_ID),
    **dict.fromkeys(("港澳台居民居住证", "居住证"), DocumentType.HMT_RESIDENCE_PERMIT),
    **dict.fromkeys(("港澳居民来往内地通行证", "04", "05", "4", "5"), DocumentType.HK_MACAO_TRAVEL_PERMIT),
    **dict.fromkeys(("台湾居民来往大陆通行证", "06", "6"), DocumentType.TAIWAN_TRAVEL_PERMIT),
    **dict.fromkeys(("外国人永久居留证", "外国人永久居留身份证", "07", "7"), DocumentType.FOREIGN_PERMANENT_RESIDENCE),
    **dict.fromkeys(("外国人护照", "护照", "08", "8"), DocumentType.PASSPORT),
    **dict.fromkeys(("外国人就业证", "外国人工作许可证", "11"), DocumentType.WORK_PERMIT),
    **dict.fromkeys(("出生医学证明",), DocumentType.BIRTH_CERTIFICATE),
}
_WORDS: Mapping[str, Mapping[str, object]] = {
    "document_type": _DOCUMENT_TYPES,
    "hukou": {"本地": "local", "外地": "nonlocal", "外籍": "foreign", "港澳台": "hmt"},
    "hukou_note": {"城镇": "urban", "农村": "rural"},
    "residence": {"长期居住": "in_area_long_term", "短期居住": "in_area_short_term", "区外居住": "outside_area"},
    "other_insurance": {"无": "none", "职工医保": "employee", "外地居民医保": "resident_elsewhere"},
    "newborn": _YES_NO,
}
_EXPECTED = {
    "name": ("1 至 60 个可见字符，无丢失的字符（? �）", "1 to 60 visible characters, none of them lost (? �)"),
    "document_number": ("5 至 40 个字符", "5 to 40 characters"),
    "birth_date": ("日期，如 1990-01-31；身份证可不填", "a date such as 1990-01-31; not needed with an identity card"),
    "region": ("12 位数字", "12 digits"),
    "benefit_year": ("2000 至 2100 的年份", "a year from 2000 to 2100"),
    **{
        field: (
            "、".join(word for word in words if not word.isascii()),
            ", ".join(sorted({str(v) for v in words.values()})),
        )
        for field, words in _WORDS.items()
    },
}


class RowMalformed(DomainError):
    """The line is no row of the file's table."""

    code = ErrorCode.IMPORT_ROW_MALFORMED


class CellMalformed(DomainError):
    """A cell holds nothing that its column may hold."""

    code = ErrorCode.IMPORT_CELL_MALFORMED


class FormulaInCell(DomainError):
    """A cell holds a formula instead of a name."""

    code = ErrorCode.IMPORT_FORMULA_IN_CELL


class NumberInScientificNotation(DomainError):
    """A spreadsheet turned a long number into scientific notation; its digits are lost."""

    code = ErrorCode.IMPORT_NUMBER_ROUNDED


class Rows:
    """Reads the rows of one file."""

    def __init__(self, columns: Columns, benefit_year: int) -> None:
        """``benefit_year`` is meant where the file names none."""
        self._width, self._benefit_year = columns.width, benefit_year
        self._plain = [(field, place) for field, place in columns.places.items() if field not in _WORDS]
        self._worded = [(field, place, _WORDS[field]) for field, place in columns.places.items() if field in _WORDS]

    def application(self, cells: Sequence[str] | Broken) -> Application:
        """The application that a row is.

        Raises ``RowMalformed``, ``CellMalformed``, ``FormulaInCell`` or ``NumberInScientificNotation``.
        """
        if isinstance(cells, Broken):
            raise RowMalformed(" · ".join(cells.value))
        if len(cells) != self._width and (len(cells) < self._width or any(cells[self._width :])):
            raise RowMalformed(
                f"{len(cells)} 格，表头 {self._width} 格 · {len(cells)} cells, {self._width} in the header"
            )
        values: dict[str, object] = {"benefit_year": self._benefit_year}
        for field, place in self._plain:
            if cell := cells[place].strip():
                values[field] = cell[1:] if cell[0] == "'" else cell
        for field, place, words in self._worded:
            if cell := cells[place].strip():
                values[field] = words[cell] if cell in words else words.get(cell.removeprefix("'").upper(), cell)
        return _application(values)


def _application(values: dict[str, object]) -> Application:
    for field in _NUMERIC:
        # Nearly every number is letters and digits alone, and so nothing that a spreadsheet made of it.
        if isinstance(cell := values.get(field), str) and not cell.isalnum():
            values[field] = _digits(field, cell)
    if isinstance(year := values["benefit_year"], str):
        values["benefit_year"] = _year(year)
    if isinstance(name := values.get("name"), str) and name.startswith(_FORMULA):
        raise FormulaInCell(LABELS["name"])
    if "birth_date" in values:
        # An identity card carries it; where both are given they are compared, as over HTTP.
        values["birth_date"] = _date(str(values["birth_date"]))
    elif born := _born(values):
        values["birth_date"] = born
    try:
        return EnrolmentIn.model_validate(values).application()
    except ValidationError as error:
        field = str(error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"][0])
        raise _malformed(field) from None


def _digits(field: str, cell: str) -> str:
    """A number as it was before a spreadsheet touched it: ``="…"`` is taken off, scientific notation cannot be."""
    if (quoted := _AS_FORMULA.fullmatch(cell)) is not None:
        cell = quoted[1].strip()
    if _SCIENTIFIC.fullmatch(cell) is not None:
        raise NumberInScientificNotation(LABELS[field])
    return cell


@lru_cache(maxsize=1 << 8)
def _year(cell: str) -> int:
    """A year as people and spreadsheets write it: 2024, ２０２４, 2024年度, 2024.0."""
    found = _YEAR.fullmatch(unicodedata.normalize("NFKC", cell))
    if found is None:
        raise _malformed("benefit_year")
    return int(found[1])


@lru_cache(maxsize=1 << 16)
def _date(cell: str) -> date:
    found = _DATE.fullmatch(cell)
    try:
        return date(*(int(part) for part in found.groups() if part)) if found is not None else _no_date()
    except ValueError:
        raise _malformed("birth_date") from None


def _no_date() -> date:
    raise ValueError


def _born(values: Mapping[str, object]) -> date | None:
    """The birth date inside the number, where there is one; raises ``InvalidNumber``."""
    kind = values.get("document_type", DocumentType.RESIDENT_ID)
    if not isinstance(kind, DocumentType):
        raise _malformed("document_type")
    return birth_date(normalised(kind, str(values["document_number"]))) if "document_number" in values else None


def _malformed(field: str) -> CellMalformed:
    zh, en = _EXPECTED[field]
    label_zh, _, label_en = LABELS[field].partition(" ")
    return CellMalformed(f"{label_zh}：应为{zh} · {label_en} should be {en}")
