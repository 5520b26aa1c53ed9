"""Money as whole fen: read and written exactly, never through a float."""

import re

_YUAN = re.compile(r"(-?)(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,2}))?", re.ASCII)
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,2})(?:\.([0-9]{1,2}))?", re.ASCII)
_BASIS_POINTS = 10_000


class InvalidAmount(ValueError):
    """The text is not an exact amount of yuan (or percentage) with at most two decimals."""


def parse_yuan(text: str) -> int:
    """Read yuan such as "380.00" as fen; refuses floats, a third decimal, separators and "+"."""
    if not isinstance(text, str):
        raise InvalidAmount(f'an amount is quoted text such as "380.00", not {type(text).__name__}')
    match = _YUAN.fullmatch(text)
    if match is None:
        raise InvalidAmount(f'{text!r} is not an amount of yuan such as "380.00"')
    sign, yuan, decimals = match.groups()
    fen = int(yuan) * 100 + int((decimals or "").ljust(2, "0"))
    return -fen if sign else fen


def format_yuan(fen: int) -> str:
    """Write fen as yuan with two decimals: 38000 is "380.00"."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def parse_percent(text: str) -> int:
    """Read a percentage such as "60" or "12.50" between 0 and 100 as basis points."""
    if not isinstance(text, str):
        raise InvalidAmount(f'a percentage is quoted text such as "60", not {type(text).__name__}')
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise InvalidAmount(f'{text!r} is not a percentage such as "60"')
    whole, decimals = match.groups()
    points = int(whole) * 100 + int((decimals or "").ljust(2, "0"))
    if points > _BASIS_POINTS:
        raise InvalidAmount(f"{text!r} is more than 100 percent")
    return points


def part_of(amount_fen: int, basis_points: int) -> int:
    """Take a part of a non-negative amount, half a fen rounding up."""
    if amount_fen < 0 or basis_points < 0:
        raise InvalidAmount("a part is taken of a non-negative amount")
    return (amount_fen * basis_points + _BASIS_POINTS // 2) // _BASIS_POINTS
