"""A person's name: what may be entered, and the one form in which two spellings of it are one. Pure.

What is entered rests and is shown as it was written, without the spaces around it. Two names are one where their
canonical forms are equal:

| Written | Canonical | Because |
| --- | --- | --- |
| full width, compatibility forms | NFKC | keyboards and older systems write both |
| capitals or not | small (Unicode case folding) | passports are in capitals |
| spaces between Han characters, and around a dot | none | ``张　三`` is set to fill a column |
| other spaces, however many | one | ``JOHN  SMITH`` |
| ``· • ‧ ・ ･ ∙ ⋅`` and their kind; between Han characters also ``. ．`` | ``·`` U+00B7 | every keyboard has another |
| ``’ ‘ ʼ `` and their kind, ``‐ – −`` and their kind | ``'`` and ``-`` | the same |
| variation selectors | none | they say how a character is drawn |

Simplified and traditional characters, and a dot that is left out, stay different: those are other names until a person
has looked at the document.
"""

import re
import unicodedata
from enum import StrEnum

MAX_LENGTH = 60

_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_PLAIN = re.compile(r"[\u4e00-\u9fff]+")
# Planes 2 and 3 hold nothing but ideographs: rare names are written with those that Python's tables do not know yet.
_IDEOGRAPHIC_PLANES = range(0x20000, 0x3FFFE)
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that are drawn as nothing: fillers, joiners of vowels, a Braille blank.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# What a system that did not know a character wrote instead of it.
_LOST = frozenset("?？\ufffd")
_VARIATIONS = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_DOTS = dict.fromkeys(map(ord, "·•‧・∙⋅●⸱⸳ꞏ᛫"), "·")
_DRAWN = _DOTS | dict.fromkeys(map(ord, "’‘‛ʼʻ`´′"), "'") | dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_FULL_STOP = re.compile(rf"(?<=[{_HAN}])[ ]*\.[ ]*(?=[{_HAN}])")
_SPACES = re.compile(r"\s+")
_NO_SPACE = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])| ?(·) ?")


class NameFault(StrEnum):
    """What keeps a text from being a person's name."""

    EMPTY = "EMPTY"
    LENGTH = "LENGTH"
    CHARACTER = "CHARACTER"
    LOST_CHARACTER = "LOST_CHARACTER"


_SAID = {
    NameFault.EMPTY: ("姓名为空或没有文字", "a name has at least one letter or character"),
    NameFault.LENGTH: (f"姓名最多 {MAX_LENGTH} 个字符", f"a name has at most {MAX_LENGTH} characters"),
    NameFault.CHARACTER: ("姓名含有不可见字符或控制字符", "a name has visible characters only"),
    NameFault.LOST_CHARACTER: (
        "姓名中有字符已丢失（显示为 ? 或 �），请按证件重新录入",
        "a character of the name was lost (it shows as ? or �): enter it again from the document",
    ),
}


class InvalidPersonName(ValueError):
    """The text cannot be a person's name; never repeats the text itself."""

    def __init__(self, fault: NameFault) -> None:
        self.fault = fault
        self.detail = " · ".join(_SAID[fault])
        super().__init__(self.detail)


def entered_name(text: str) -> str:
    """A name as it rests and is shown: as written, without the spaces around it.

    Raises InvalidPersonName.
    """
    if _PLAIN.fullmatch(text) is not None and len(text) <= MAX_LENGTH:
        return text
    name = text.strip()
    if len(name) > MAX_LENGTH:
        raise InvalidPersonName(NameFault.LENGTH)
    if not all(map(_visible, text)):
        raise InvalidPersonName(NameFault.CHARACTER)
    if not _LOST.isdisjoint(name):
        raise InvalidPersonName(NameFault.LOST_CHARACTER)
    if not any(map(_is_letter, name)):
        raise InvalidPersonName(NameFault.EMPTY)
    return name


def canonical_name(name: str) -> str:
    """The form in which a name is compared, and never shown. It is the same of what is canonical already."""
    if _PLAIN.fullmatch(name) is not None:
        return name
    folded = _folded(_VARIATIONS.sub("", name).translate(_DRAWN))
    drawn = _SPACES.sub(" ", folded.translate(_DRAWN)).strip()
    dotted = _FULL_STOP.sub("·", drawn)
    return _NO_SPACE.sub(r"\1", dotted)


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name."""
    return canonical_name(one) == canonical_name(other)


def _folded(name: str) -> str:
    """Compatibility forms and case taken away; either may make work for the other."""
    while (folded := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())) != name:
        name = folded
    return name


def _visible(character: str) -> bool:
    return ord(character) in _IDEOGRAPHIC_PLANES or (
        unicodedata.category(character) not in _REFUSED and character not in _UNSEEN
    )


def _is_letter(character: str) -> bool:
    return ord(character) in _IDEOGRAPHIC_PLANES or unicodedata.category(character)[0] in "LN"
