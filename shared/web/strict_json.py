"""JSON read without guessing: UTF-8, no key twice, no NaN, bounded in depth and in digits, text that can be stored."""

import json
import re
from typing import Any, NoReturn

MAX_DEPTH = 32
MAX_DIGITS = 30
# Escapes that may stand for NUL or for half a character; only a body that holds one is walked through.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether a text holds neither half characters nor control characters other than tab and line break."""
    return _UNSTORABLE.search(text) is None


def read_json(body: bytes) -> Any:
    """The value of a JSON text (RFC 8259); raises JSONDecodeError with the reason, never with the content."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        refuse("the text is not UTF-8")
    _bound_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_decimal
        )
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(error.msg, "", 0) from None
    if _SUSPECT.search(body):
        _refuse_unstorable(value)
    return value


def refuse(reason: str) -> NoReturn:
    """Raise with the reason why the text is not read."""
    raise json.JSONDecodeError(reason, "", 0)


def _bound_depth(text: str) -> None:
    """Refuse nesting deeper than any request of ours, before a parser recurses into it.

    Brackets in strings count too, which errs on the side of looking: only then is the text walked through.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = deepest = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"|[^\[\]{}"]+', "", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        refuse(f"the text is nested deeper than {MAX_DEPTH} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        refuse("a key stands twice in one object")
    return value


def _no_constant(_: str) -> NoReturn:
    refuse("NaN and Infinity are no JSON numbers")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        refuse(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _decimal(digits: str) -> float:
    value = float(digits)
    if len(digits) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        refuse("a number is out of range")
    return value


def _refuse_unstorable(value: Any) -> None:
    """Walk through a value whose depth is bounded."""
    if isinstance(value, str):
        if not is_storable(value):
            refuse("a text holds a control character or half a character")
    elif isinstance(value, dict):
        for key, each in value.items():
            _refuse_unstorable(key)
            _refuse_unstorable(each)
    elif isinstance(value, list):
        for each in value:
            _refuse_unstorable(each)
