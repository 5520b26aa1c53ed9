"""Values of fields, each read strictly: what could be read in two ways is not read."""

import re
from datetime import date, datetime, time
from functools import lru_cache
from typing import Final

from services.payment.channels.layouts.faults import LineFault, UnreadableField
from services.payment.channels.layouts.layout import AmountForm, DayForm
from shared.domain.clock import SHANGHAI

_YUAN = re.compile(r"(0|[1-9][0-9]{0,10})(?:\.([0-9]{1,2}))?", re.ASCII)
_YUAN_PADDED = re.compile(r"([0-9]{1,24})(?:\.([0-9]{1,2}))?", re.ASCII)
_FEN = re.compile(r"0|[1-9][0-9]{0,12}", re.ASCII)
_FEN_PADDED = re.compile(r"[0-9]{1,24}", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,12}", re.ASCII)
_NUMBER = re.compile(r"[!-~]{1,64}", re.ASCII)
_SEQUENCE = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_DAYS: Final = {
    DayForm.COMPACT: re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII),
    DayForm.DASHES: re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII),
}
_TIME = re.compile(r"([0-9]{2}):?([0-9]{2}):?([0-9]{2})", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_MOST_FEN: Final = 10**13
_LONGEST_NAME: Final = 60
# Where a file says the day alone, no moment of it is better than another.
NOON: Final = time(12)


def fen_of(written: str, form: AmountForm, *, padded: bool) -> int:
    """An amount in fen; raises UnreadableField. A sign, an exponent, a comma or a third place is no amount."""
    if form is AmountForm.YUAN:
        found = (_YUAN_PADDED if padded else _YUAN).fullmatch(written)
        if found is None:
            raise UnreadableField(LineFault.WRONG_AMOUNT)
        fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    elif (_FEN_PADDED if padded else _FEN).fullmatch(written):
        fen = int(written)
    else:
        raise UnreadableField(LineFault.WRONG_AMOUNT)
    if fen > _MOST_FEN:
        raise UnreadableField(LineFault.WRONG_AMOUNT)
    return fen


def count_of(written: str) -> int:
    """A count, perhaps with zeros before it; raises UnreadableField."""
    if _COUNT.fullmatch(written) is None:
        raise UnreadableField(LineFault.WRONG_VALUE)
    return int(written)


# Files of a day name few days.
@lru_cache(maxsize=4096)
def day_of(written: str, form: DayForm) -> date:
    """A day; raises UnreadableField, also for one that no calendar has or that is out of our time."""
    found = _DAYS[form].fullmatch(written) if form in _DAYS else None
    if found is None:
        raise UnreadableField(LineFault.WRONG_DAY)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise UnreadableField(LineFault.WRONG_DAY) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise UnreadableField(LineFault.WRONG_DAY)
    return day


def year_of(written: str, form: DayForm) -> int:
    """A benefit year, as such or as the first of a period written with a day; raises UnreadableField."""
    if form is not DayForm.YEAR:
        return day_of(written[: 8 if form is DayForm.COMPACT else 10], form).year
    if not (len(written) == 4 and written.isascii() and written.isdecimal()):
        raise UnreadableField(LineFault.WRONG_DAY)
    year = int(written)
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UnreadableField(LineFault.WRONG_DAY)
    return year


def moment_on(day: date, written: str | None) -> datetime:
    """A moment in Beijing time, noon where no time is given; raises UnreadableField."""
    if written is None:
        return datetime.combine(day, NOON, SHANGHAI)
    found = _TIME.fullmatch(written)
    try:
        if found is None:
            raise ValueError
        return datetime.combine(day, time(int(found[1]), int(found[2]), int(found[3])), SHANGHAI)
    except ValueError:
        raise UnreadableField(LineFault.WRONG_DAY) from None


def moment_of(written: str, form: DayForm) -> datetime:
    """A day and a time, together or with a blank between; raises UnreadableField."""
    length = 8 if form is DayForm.COMPACT else 10
    return moment_on(day_of(written[:length], form), written[length:].removeprefix(" "))


def number_of(written: str) -> str:
    """A number by which something is known: printable ASCII without blanks; raises UnreadableField."""
    if _NUMBER.fullmatch(written) is None:
        raise UnreadableField(LineFault.WRONG_VALUE)
    return written


def sequence_of(written: str) -> str:
    """An institution's number of a payment; raises UnreadableField."""
    if _SEQUENCE.fullmatch(written) is None:
        raise UnreadableField(LineFault.WRONG_VALUE)
    return written


def name_of(written: str) -> str:
    """A person's name; raises UnreadableField."""
    if len(written) > _LONGEST_NAME:
        raise UnreadableField(LineFault.WRONG_VALUE)
    return written
