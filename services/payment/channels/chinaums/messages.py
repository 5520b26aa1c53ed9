"""ChinaUMS's messages about money, field by field: what each field has to be, to the letter.

A form has texts only; what is inside ``billPayment``, and in an answer, has JSON's own types. Sums are whole fen. A
moment is written without its zone and is Chinese time.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.domain.clock import SHANGHAI

_CODE = re.compile(r"[!-~]{1,64}")
_FEN = re.compile(r"[1-9][0-9]{0,12}")
_FEN_LIMIT: Final = 10**12
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_FIRST, _BEYOND = datetime(2010, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_PADDED = re.compile(r"0{0,12}([1-9][0-9]{0,12})")
_OTHER_MOMENTS: Final = ("%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S")
_YUAN: Final = ("CNY", "RMB", "156")


class NotInForm(ValueError):
    """A field is not what it has to be; names the field and never what stands there."""


def code(fields: Mapping[str, Any], name: str) -> str:
    """A number or word by which something is known; raises NotInForm."""
    value = fields.get(name)
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise NotInForm(name)
    return value


def fen(fields: Mapping[str, Any], name: str, *, generously: bool = False) -> int:
    """A sum of fen, as a text of digits or as JSON's whole number; raises NotInForm.

    Generously, with leading noughts. With a point it has two meanings, yuan and fen: nobody reads it as one of them.
    """
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise NotInForm(name)
    found = (_PADDED if generously else _FEN).fullmatch(str(value))
    amount = int(found[found.lastindex or 0]) if found else 0
    if not 0 < amount <= _FEN_LIMIT:
        raise NotInForm(name)
    return amount


def moment(fields: Mapping[str, Any], name: str, *, generously: bool = False) -> datetime:
    """A moment of Chinese time; raises NotInForm. Generously, in the other ways of writing the same."""
    value = fields.get(name)
    found = _moment(value, generously=generously) if isinstance(value, str) else None
    if found is None or not _FIRST <= found < _BEYOND:
        raise NotInForm(name)
    return found


def only_yuan(fields: Mapping[str, Any]) -> str:
    """CNY, which no message needs to say; what it says instead, where it does."""
    said = [fields[name] for name in ("currency", "currencyCode") if fields.get(name)]
    others = [str(each)[:8] for each in said if each not in _YUAN]
    return others[0] if others else "CNY"


def object_in(text: Any) -> dict[str, Any]:
    """A JSON object that says nothing twice; raises NotInForm."""
    if isinstance(text, dict):
        return text
    try:
        value = json.loads(text, object_pairs_hook=_said_once, parse_constant=_no_number)
    except (ValueError, TypeError, RecursionError):
        raise NotInForm("JSON") from None
    if not isinstance(value, dict):
        raise NotInForm("JSON")
    return value


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotInForm("JSON")
    return value


def _no_number(constant: str) -> float:
    raise NotInForm(constant)


def _moment(written: str, *, generously: bool) -> datetime | None:
    forms = ("%Y-%m-%d %H:%M:%S", *_OTHER_MOMENTS) if generously else ("%Y-%m-%d %H:%M:%S",)
    if not generously and not _MOMENT.fullmatch(written):
        return None
    for form in forms:
        try:
            return datetime.strptime(written, form).replace(tzinfo=SHANGHAI)
        except ValueError:
            continue
    return None
