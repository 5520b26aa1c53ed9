"""Resident identity numbers for people who do not exist: right in form, region, birth date and check character."""

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BY_VALUE = "0123456789X"


def check_character(body: str) -> str:
    """The eighteenth character by GB 11643: together with the weighted seventeen it leaves 1 modulo 11."""
    return _BY_VALUE[(1 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))) % 11]


class Registry:
    """Hands out numbers, each once: the sequence counts the births of a day, odd for men and even for women."""

    def __init__(self, division: str) -> None:
        """``division`` is the county that issues the numbers."""
        self._division = division
        self._next: dict[tuple[date, bool], int] = {}

    def number(self, born: date, *, male: bool) -> str:
        """A number that nobody else holds."""
        key = (born, male)
        sequence = self._next.get(key, 1 if male else 2)
        if sequence > 995:  # 996-999 marked centenarians in old numbers
            raise ValueError("too many births on one day")
        self._next[key] = sequence + 2
        body = f"{self._division}{born:%Y%m%d}{sequence:03d}"
        return body + check_character(body)
