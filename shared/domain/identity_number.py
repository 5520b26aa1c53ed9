"""Numbers of identity documents: read strictly, written in one form, shown masked.

Resident identity cards and residence permits follow GB 11643-1999: six digits of region, birth date, three digits of
sequence and a check character by ISO 7064 MOD 11-2.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import lru_cache

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_FIFTEEN = re.compile(r"[0-9]{15}", re.ASCII)
_PROVINCES = frozenset(
    str(code)
    for codes in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66), (71,))
    for code in codes
)
_PERMIT_REGIONS = frozenset({"810000", "820000", "830000"})  # residents of Hong Kong, Macao and Taiwan
_CENTENARIAN_SEQUENCES = frozenset({"996", "997", "998", "999"})  # kept in 15-digit numbers for births before 1900


class DocumentType(StrEnum):
    """The identity documents with which a person may be enrolled."""

    RESIDENT_ID = "RESIDENT_ID"
    HMT_RESIDENCE_PERMIT = "HMT_RESIDENCE_PERMIT"
    HK_MACAO_TRAVEL_PERMIT = "HK_MACAO_TRAVEL_PERMIT"
    TAIWAN_TRAVEL_PERMIT = "TAIWAN_TRAVEL_PERMIT"
    PASSPORT = "PASSPORT"
    FOREIGN_PERMANENT_RESIDENCE = "FOREIGN_PERMANENT_RESIDENCE"
    WORK_PERMIT = "WORK_PERMIT"
    BIRTH_CERTIFICATE = "BIRTH_CERTIFICATE"


class NumberFault(StrEnum):
    """What is wrong with an identity number."""

    UNKNOWN_DOCUMENT_TYPE = "UNKNOWN_DOCUMENT_TYPE"
    FORM = "FORM"
    REGION = "REGION"
    BIRTH_DATE = "BIRTH_DATE"
    CHECK_CHARACTER = "CHECK_CHARACTER"


_ZH = {
    NumberFault.UNKNOWN_DOCUMENT_TYPE: "证件类型不存在",
    NumberFault.FORM: "号码位数或字符与证件类型不符",
    NumberFault.REGION: "号码开头的地区代码与证件类型不符",
    NumberFault.BIRTH_DATE: "号码中的出生日期不存在",
    NumberFault.CHECK_CHARACTER: "最后一位校验码不符",
}


class InvalidIdentityNumber(ValueError):
    """The number cannot belong to a document of that type; never repeats the number itself."""

    def __init__(self, reason: NumberFault, en: str) -> None:
        super().__init__(f"{reason.value}: {en}")
        self.reason = reason
        self.detail = f"{_ZH[reason]} · {en}"


def check_digit(first_seventeen: str) -> str:
    """The check character of an 18-character number (GB 11643, ISO 7064 MOD 11-2)."""
    if len(first_seventeen) != len(_WEIGHTS):
        raise ValueError("a check character is computed over 17 digits")
    total = _weighed(0, first_seventeen[:6]) + _weighed(6, first_seventeen[6:14]) + _weighed(14, first_seventeen[14:])
    return _CHECK_CHARACTERS[total % 11]


def birth_date(number: str) -> date | None:
    """The birth date inside an 18-character number; None for documents that carry none."""
    return _calendar_date(number[6:14]) if len(number) == 18 and _EIGHTEEN.fullmatch(number) else None


def mask(number: str) -> str:
    """Hide the middle of a number: "411521199001010013" is shown as "411521********0013"."""
    if len(number) >= 15:
        return number[:6] + "*" * (len(number) - 10) + number[-4:]
    if len(number) >= 7:
        return number[:1] + "*" * (len(number) - 3) + number[-2:]
    return "*" * len(number)


def normalise(document_type: str, number: str) -> str:
    """Write a number in its one form (15 digits become 18, the check character is X); raises InvalidIdentityNumber."""
    try:
        kind = DocumentType(document_type)
    except ValueError:
        raise InvalidIdentityNumber(NumberFault.UNKNOWN_DOCUMENT_TYPE, f"no document type {document_type!r}") from None
    if not number.isascii():
        number = unicodedata.normalize("NFKC", number)
    return _FORMS[kind]("".join(number.split()).upper())


def _resident_id(text: str) -> str:
    if len(text) == 15 and _FIFTEEN.fullmatch(text):
        century = "18" if text[12:] in _CENTENARIAN_SEQUENCES else "19"
        first_seventeen = text[:6] + century + text[6:]
        text = first_seventeen + check_digit(first_seventeen)
    _check_eighteen(text, "an identity card has 18 characters, or 15 digits if it is an old one")
    if text[:6] in _PERMIT_REGIONS:
        raise InvalidIdentityNumber(NumberFault.REGION, "81, 82 and 83 are residence permits: use HMT_RESIDENCE_PERMIT")
    if text[:2] not in _PROVINCES:
        raise InvalidIdentityNumber(NumberFault.REGION, "the first two digits name no province")
    return text


def _residence_permit(text: str) -> str:
    _check_eighteen(text, "a residence permit has 18 characters")
    if text[:6] not in _PERMIT_REGIONS:
        raise InvalidIdentityNumber(NumberFault.REGION, "a residence permit begins with 810000, 820000 or 830000")
    return text


def _permanent_residence(text: str) -> str:
    """The card of 2023 has 18 digits from 9 on; the older ones three letters of nationality and 12 digits."""
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", text, re.ASCII):
        _calendar_date_of_two_digit_year(text[7:13])
        return text
    _check_eighteen(
        text, "a permanent residence card has 18 characters, or 3 letters and 12 digits if it is an old one"
    )
    if text[0] != "9" or text[1:3] not in _PROVINCES:
        raise InvalidIdentityNumber(NumberFault.REGION, "a permanent residence card begins with 9 and a province")
    return text


def _travel_permit(text: str) -> str:
    """A permit for Hong Kong and Macao residents: the two digits that count its renewals are dropped."""
    return _matching(r"([HM][0-9]{8})(?:[0-9]{2})?", text, "a travel permit is H or M and 8 digits")


def _check_eighteen(text: str, form: str) -> None:
    if _EIGHTEEN.fullmatch(text) is None:
        raise InvalidIdentityNumber(NumberFault.FORM, form)
    if _calendar_date(text[6:14]) is None:
        raise InvalidIdentityNumber(NumberFault.BIRTH_DATE, "digits 7 to 14 are no date")
    if check_digit(text[:17]) != text[17]:
        raise InvalidIdentityNumber(NumberFault.CHECK_CHARACTER, "the last character does not fit the first seventeen")


# A county's people share few regions, birth dates and sequences: what was worked out once is looked up for the next.
@lru_cache(maxsize=1 << 16)
def _weighed(place: int, digits: str) -> int:
    """The part of the check sum that a run of digits adds, beginning at ``place``."""
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS[place:], digits, strict=False))


@lru_cache(maxsize=1 << 16)
def _calendar_date(digits: str) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return born if born.year >= 1800 else None


def _calendar_date_of_two_digit_year(digits: str) -> None:
    if _calendar_date("19" + digits) is None and _calendar_date("20" + digits) is None:
        raise InvalidIdentityNumber(NumberFault.BIRTH_DATE, "digits 8 to 13 are no date")


def _matching(pattern: str, text: str, form: str) -> str:
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise InvalidIdentityNumber(NumberFault.FORM, form)
    return match.group(1)


_FORMS: dict[DocumentType, Callable[[str], str]] = {
    DocumentType.RESIDENT_ID: _resident_id,
    DocumentType.HMT_RESIDENCE_PERMIT: _residence_permit,
    DocumentType.FOREIGN_PERMANENT_RESIDENCE: _permanent_residence,
    DocumentType.HK_MACAO_TRAVEL_PERMIT: _travel_permit,
    DocumentType.TAIWAN_TRAVEL_PERMIT: lambda text: _matching(
        r"([0-9]{8}|[0-9]{10}[A-Z]?)", text, "a travel permit of Taiwan residents is 8 digits"
    ),
    DocumentType.PASSPORT: lambda text: _matching(
        r"([A-Z0-9]{5,20})", text, "a passport has 5 to 20 letters and digits"
    ),
    DocumentType.WORK_PERMIT: lambda text: _matching(
        r"([A-Z0-9]{5,20})", text, "a work permit has 5 to 20 letters and digits"
    ),
    DocumentType.BIRTH_CERTIFICATE: lambda text: _matching(
        r"([A-Z][0-9]{9})", text, "a birth certificate has one letter and 9 digits"
    ),
}
