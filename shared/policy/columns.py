"""Many people at once, given as columns: each distinct combination of what a pack looks at is decided once.

A person is a place in every column. What no rule distinguishes is taken out of the comparison first: a birth date is no
more than the ages between which rules distinguish, a day of payment no more than the stretch of days with one price.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import compress, count, repeat
from operator import add, gt, le
from typing import Any

from pydantic import ValidationError

from shared.domain.waits import same_day_later
from shared.policy.benefit import covered_days
from shared.policy.combination import asked
from shared.policy.decide import Decision, decide
from shared.policy.facts import MissingFact
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
from shared.policy.schedule import ONE_DAY, stretches

_DAYS = ("birth_date", "registration_date", "payment_date")
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 12, 31)
_APART = 100  # more ages than rules ask for
# What looks at single days of a person: whoever has such a fact is decided alone.
_BY_DAY = frozenset(
    {
        "newborn",
        "age_days_at_registration",
        "death_date",
        "other_insurance.suspended_on",
        "refund_request",
        "payments",
        "import_result",
    }
)


class ColumnsDiffer(ValueError):
    """Columns of different length, or one without which nobody can be decided is missing."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a combination cannot be decided: which fact, and what is wrong with it."""

    fact: str
    problem: str


@dataclass(frozen=True, slots=True)
class Assessed:
    """The distinct answers, with all their reasons, and for each person the number of theirs."""

    answers: tuple[Decision | Mistake, ...]
    numbers: Sequence[int]

    def due_fen(self) -> "array[int]":
        """What each person pays, in fen; -1 where nothing can be collected."""
        due = [_due(answer) for answer in self.answers]
        return array("q", map(due.__getitem__, self.numbers))


def _due(answer: Decision | Mistake) -> int:
    return answer.terms.due_fen if isinstance(answer, Decision) and answer.terms is not None else -1


def assess_columns(pack: Pack, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> Assessed:
    """Decide everybody; columns, and ``same`` for what holds for all, are named as the facts of a case.

    Values are plain and hashable: text, numbers, ``date``, tuples of text; None is what nobody said. A fact inside
    another is named with a dot (``student.level``). The answers are those of ``decide``, person by person. Raises
    ColumnsDiffer.
    """
    people = _People(columns, same)
    kinds, kind_of = _numbered(zip(*people.plain(), _ages_or_days(pack, people), strict=True))
    paid, paid_of = _numbered(people.column("payment_date"))
    cases, case_of = _numbered(map(add, map(len(paid).__mul__, kind_of), paid_of))
    answering = [
        _Answering(pack, people.facts(place), alone=isinstance(kind[-1], tuple))
        for kind, place in zip(kinds, _firsts(kind_of, len(kinds)), strict=True)
    ]
    answers = []
    for case in cases:
        kind, day = divmod(case, len(paid))
        answers.append(answering[kind].on(paid[day]))
    return Assessed(tuple(answers), case_of)


def _numbered(keys: Iterable[Hashable]) -> tuple[list[Any], list[int]]:
    """The distinct keys in order of appearance, and the number of each; what happens row by row happens inside C."""
    numbers: defaultdict[Any, int] = defaultdict(count().__next__)
    each = list(map(numbers.__getitem__, keys))
    return list(numbers), each


def _firsts(numbers: list[int], kinds: int) -> Iterator[int]:
    """Where each number appears first; numbers were given in order of appearance."""
    place = 0
    for number in range(kinds):
        place = numbers.index(number, place)
        yield place


class _People:
    """The columns, and what holds for all."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> None:
        lengths = {len(column) for column in columns.values()}
        if len(lengths) != 1:
            raise ColumnsDiffer(f"the columns have {sorted(lengths)} rows")
        missing = [name for name in _DAYS if name not in columns and name not in same]
        if missing:
            raise ColumnsDiffer(f"{missing[0]} is missing")
        (self.size,) = lengths
        self._columns, self._same = columns, same

    def column(self, name: str) -> Sequence[Any]:
        """One fact of everybody."""
        return self._columns[name] if name in self._columns else (self._same.get(name),) * self.size

    def plain(self) -> list[Sequence[Any]]:
        """The facts that are compared as they stand; where 1 and True meet in a column, with their types."""
        compared = []
        for column in (column for name, column in self._columns.items() if name not in _DAYS):
            numbers = any(isinstance(value, int | float) for value in set(column))
            mixed = numbers and len(set(map(type, column)) - {type(None)}) > 1
            compared.append(list(zip(map(type, column), column, strict=True)) if mixed else column)
        return compared

    def facts(self, place: int) -> dict[str, Any]:
        """What is told of one person, as a case says it."""
        told: dict[str, Any] = {}
        for name, value in {**self._same, **{name: column[place] for name, column in self._columns.items()}}.items():
            outer, _, inner = name.partition(".")
            if value is None:
                continue
            if inner:
                told.setdefault(outer, {})[inner] = value
            else:
                told[outer] = list(value) if isinstance(value, tuple) else value
        return told

    def alone(self) -> Iterable[int]:
        """The places of people whose single days decide, or who have not paid: on the day they register."""
        for name in dict.fromkeys((*self._same, *self._columns)):
            if name in _BY_DAY or name.partition(".")[0] in _BY_DAY:
                told = (value is not None and value is not False for value in self.column(name))
                yield from compress(count(), told)
        paid = self.column("payment_date")
        if None in paid:
            yield from (place for place, day in enumerate(paid) if day is None)


def _ages_or_days(pack: Pack, people: _People) -> Iterable[Hashable]:
    """For each person the ages that rules distinguish, or birth and registration themselves where days decide."""
    births, registered = people.column("birth_date"), people.column("registration_date")
    alone = set(people.alone())
    if any(whom.days_old_max is not None and whom.newborn is None for whom in asked(pack)):
        alone = set(range(people.size))
    if not _orderly(births, registered):
        # A birth after the registration, or no date at all, is for the case to refuse in its own words.
        alone |= {
            place
            for place in range(people.size)
            if not _orderly(births[place : place + 1], registered[place : place + 1])
        }
        births = [_EARLIEST if place in alone else born for place, born in enumerate(births)]
        registered = [_EARLIEST if place in alone else day for place, day in enumerate(registered)]
    if max(births, default=_EARLIEST) > pack.benefit.first:  # nobody is covered before they are born
        alone |= {place for place, born in enumerate(births) if born > pack.benefit.first}
    ages: list[Hashable] = list(_ages(pack, births, registered))
    told_births, told_days = people.column("birth_date"), people.column("registration_date")
    for place in alone:
        ages[place] = (told_births[place], told_days[place])
    return ages


def _orderly(births: Sequence[Any], registered: Sequence[Any]) -> bool:
    """Whether all are dates that a case takes, nobody born after the registration."""
    born, days = set(births), set(registered)  # far fewer than people
    if {*map(type, born), *map(type, days)} != {date} or min(born) < _EARLIEST or max(days) > _LATEST:
        return False
    return bool(max(born) <= min(days)) or not any(map(gt, births, registered))


def _ages(pack: Pack, births: Sequence[date], registered: Sequence[date]) -> Iterable[int]:
    """How many of the ages in rules each person has reached, one figure for each day on which ages count."""
    limits: defaultdict[date | None, set[int]] = defaultdict(set)
    for whom in asked(pack):
        limits[whom.aged_on] |= {age for age in (whom.age_from, whom.age_under) if age is not None}
    found: Iterable[int] = repeat(0, len(births))
    for number, (day, ages) in enumerate((day, ages) for day, ages in limits.items() if ages):
        reached = _reached(births, registered if day is None else (day,) * len(births), ages)
        found = map(add, found, map((_APART**number).__mul__, reached))
    return found


def _reached(births: Sequence[date], counted_on: Sequence[date], ages: set[int]) -> Iterable[int]:
    # Whoever was born on or before the same day so many years earlier has reached the age.
    days = set(counted_on)
    if len(days) == 1:
        (day,) = days
        limits = sorted(same_day_later(day, -12 * age) for age in ages)
        reached = {born: len(limits) - bisect_left(limits, born) for born in set(births)}
        return map(reached.__getitem__, births)
    found: Iterable[int] = repeat(0, len(births))
    for age in ages:
        born_by = {day: same_day_later(day, -12 * age) for day in days}
        found = map(add, found, map(le, births, map(born_by.__getitem__, counted_on)))
    return found


class _Answering:
    """One combination of facts, answered for one day of payment after the other."""

    def __init__(self, pack: Pack, told: dict[str, Any], *, alone: bool) -> None:
        self._pack, self._told, self._alone = pack, told, alone
        self._case: CaseFacts | None = None
        self._turns: list[date] | None = None
        self._decided: dict[int, Decision] = {}

    def on(self, day: Any) -> Decision | Mistake:
        """The answer for that day; days of one stretch share a decision and differ in their cover."""
        try:
            alone = self._alone or type(day) is not date or not _EARLIEST <= day <= _LATEST
            return self._decide_alone(day) if alone else self._decide(day)
        except ValidationError as error:
            first = error.errors()[0]
            return Mistake(".".join(map(str, first["loc"])), first["msg"])
        except MissingFact as missing:
            return Mistake(missing.name, str(missing))

    def _decide_alone(self, day: Any) -> Decision:
        return _decided(self._pack, CaseFacts.model_validate(self._told | {"payment_date": day}))

    def _decide(self, day: date) -> Decision:
        if self._case is None:
            self._case = CaseFacts.model_validate(self._told | {"payment_date": day})
            self._turns = self._stretches(self._case)
        if self._turns is None:
            return _decided(self._pack, self._case, day)
        stretch = bisect_right(self._turns, day)
        if stretch not in self._decided:
            self._decided[stretch] = _decided(self._pack, self._case, day)
        decision = self._decided[stretch]
        if decision.terms is None or decision.covered is None:
            return decision
        return replace(decision, covered=covered_days(decision.terms.benefit, decision.terms.wait, day))

    def _stretches(self, case: CaseFacts) -> list[date] | None:
        """The days on which another stretch begins; None where one of them cannot be told."""
        try:
            found = list(stretches(self._pack, case.person(), case.identities()))
        except MissingFact:
            return None
        return [*(first for first, _ in found), found[-1][1] + ONE_DAY]


def _decided(pack: Pack, case: CaseFacts, day: date | None = None) -> Decision:
    payment = case.payment()
    payment = payment if day is None else replace(payment, on=day)
    return decide(pack, case.person(), case.identities(), payment, case.aftermath())
