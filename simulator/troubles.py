"""What goes wrong around a payment, and on which days the bank's side does: drawn once for a seed."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from simulator.localities.locality import Calendar

Key = tuple[int, int]  # the step of a payment, and who pays
_ENOUGH = 3  # payments of a day that is paid out in two parts
_DAYS_BETWEEN = 2  # the day on which the channel books, and the one on which it pays out


class Trouble(StrEnum):
    """What happens around an order besides being paid."""

    NONE = "NONE"
    TWICE = "TWICE"  # the channel takes the money a second time, and gives it back on the same day
    CONSOLE = "CONSOLE"  # the same, but somebody gives it back in the channel's console, without asking canbao
    CROSSED = "CROSSED"  # cancelled while the money was on its way; then paid again
    SHORT = "SHORT"  # a notice with one fen too few; then paid again
    LATE_NOTICE = "LATE_NOTICE"  # the notice comes days after the payment
    AFTER_MATCH = "AFTER_MATCH"  # the notice comes when bank and bill have agreed on the day without it
    CUT_OFF = "CUT_OFF"  # paid in the last second of a day, booked by the channel in the first ones of the next
    STORM = "STORM"  # the same notice fifty times at once


# All that follows is as if nothing had gone wrong.
PAID_ONCE = frozenset({Trouble.NONE, Trouble.AFTER_MATCH, Trouble.CUT_OFF, Trouble.CONSOLE})


@dataclass(frozen=True, slots=True)
class BankTroubles:
    """Steps whose money the bank books otherwise than in one line as it came; None where too few people pay."""

    in_two_parts: int | None  # the channel pays the day out twice
    mistyped: int | None  # the bank's clerk enters another amount, and two people reverse it


def troubles(chance: Random, keys: list[Key]) -> dict[Key, Trouble]:
    """Which payments go wrong where nobody but payer and channel is concerned."""
    count = len(keys)
    return _draw(
        chance,
        keys,
        {
            Trouble.TWICE: max(1, count // 200),
            Trouble.CROSSED: max(1, count // 400),
            Trouble.SHORT: max(1, count // 500),
            Trouble.LATE_NOTICE: max(1, count // 50),
            Trouble.STORM: 1,
        },
    )


def days_that_differ(
    chance: Random, keys: list[Key], alone: Collection[Key], calendar: Calendar
) -> tuple[dict[Key, Trouble], BankTroubles]:
    """Which of these payments make canbao's day, the channel's and the bank's differ, and on which steps the bank does.

    Only where some days lie before the next step: there the channel books and pays out what is left of a day.
    ``alone`` are those who pay for nobody else: one of these is given back in the console.
    """
    early = [key for key in keys if _is_early(calendar, key[0])]
    payments = Counter(step for step, _ in early)
    many = [step for step in sorted(payments) if payments[step] >= _ENOUGH]
    in_two_parts, mistyped = (*chance.sample(many, min(2, len(many))), None, None)[:2]
    several = max(1, len(keys) // 500)
    of_payments = _draw(chance, [key for key in early if key in alone], {Trouble.CONSOLE: several})
    others = [key for key in early if key[0] != in_two_parts and key not in of_payments]
    of_payments |= _draw(chance, others, {Trouble.AFTER_MATCH: several, Trouble.CUT_OFF: several})
    return of_payments, BankTroubles(in_two_parts, mistyped)


def _is_early(calendar: Calendar, step: int) -> bool:
    return step < calendar.last_online and (calendar.steps[step + 1] - calendar.steps[step]).days > _DAYS_BETWEEN


def _draw(chance: Random, keys: list[Key], wanted: dict[Trouble, int]) -> dict[Key, Trouble]:
    drawn = chance.sample(keys, min(len(keys), sum(wanted.values())))
    return {drawn.pop(): trouble for trouble, times in wanted.items() for _ in range(times) if drawn}
