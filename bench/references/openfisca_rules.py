"""The same rules as OpenFisca computes them: one vector formula for a pack, money in floating point, no reasons."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit, Period
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from shared.domain.waits import same_day_later
from shared.policy.conditions import Conditions
from shared.policy.pack import Pack, Relief, ReliefKind
from shared.policy.vocabulary import BY_AGE

_PERSON = build_entity("person", "persons", "one person", is_person=True)
_DAYS = ("birth_date", "registration_date", "payment_date")
_FLAGS = ("residence_permit",)
_WORDS = ("hukou", "hukou_note", "residence")
# Asked only of people of whom more is known than these columns hold: nobody here meets such a condition.
_NOT_DISCLOSED = (
    "newborn",
    "days_old_max",
    "relation",
    "employed",
    "difficult_enterprise",
    "migrant_worker",
    "school_levels",
    "guardian_residence_permit",
    "discharged_in_year",
    "sponsor_discharged_in_year",
    "employee_months_min",
    "employee_gap_months_max",
    "employee_gap_months_over",
    "certified_after",
)

Arrays = Mapping[str, Any]


def system_of(pack: Pack) -> TaxBenefitSystem:
    """A system with one input per column and one variable, ``due``: yuan, or -1 where nothing can be collected."""
    system = TaxBenefitSystem([_PERSON])
    for name in _DAYS:
        system.add_variable(_input(name, int))
    for name in (*_FLAGS, *(f"held_{relief.identity.value}" for relief in pack.reliefs)):
        system.add_variable(_input(name, bool))
    for name in _WORDS:
        system.add_variable(_input(name, int))

    def formula(person: Any, period: Period) -> Any:
        known = {name: person(name, period) for name in (*_DAYS, *_FLAGS, *_WORDS)}
        held = {relief.identity.value: person(f"held_{relief.identity.value}", period) for relief in pack.reliefs}
        return _due(pack, known, held)

    system.add_variable(
        type("due", (Variable,), {**_COMMON, "value_type": float, "default_value": -1.0, "formula": formula})
    )
    return system


_COMMON = {"entity": _PERSON, "definition_period": DateUnit.YEAR, "label": "as the pack says"}


def _input(name: str, kind: type) -> type[Variable]:
    return type(name, (Variable,), {**_COMMON, "value_type": kind})


def arrays_of(pack: Pack, columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Columns as OpenFisca takes them: ordinals of days, numbers for words, a flag for each identity."""
    size = len(columns["birth_date"])
    made: dict[str, Any] = {
        name: np.fromiter((day.toordinal() for day in columns[name]), dtype=np.int32, count=size) for name in _DAYS
    }
    made |= {name: np.fromiter(map(_number, columns[name]), dtype=np.int32, count=size) for name in _WORDS}
    made |= {name: np.fromiter(map(bool, columns[name]), dtype=bool, count=size) for name in _FLAGS}
    for relief in pack.reliefs:
        word = relief.identity.value
        made[f"held_{word}"] = np.fromiter((word in each for each in columns["categories"]), dtype=bool, count=size)
    return made


def dues(system: TaxBenefitSystem, arrays: Arrays, year: int) -> Any:
    """Build a simulation of these people and compute what each pays."""
    simulation = SimulationBuilder().build_default_simulation(system, len(arrays["birth_date"]))
    for name, values in arrays.items():
        simulation.set_input(name, str(year), values)
    return simulation.calculate("due", str(year))


_NUMBERS: dict[str | None, int] = {}


def _number(word: str | None) -> int:
    return _NUMBERS.setdefault(word, len(_NUMBERS))


def _due(pack: Pack, known: Arrays, held: Arrays) -> Any:
    day = known["payment_date"]
    in_scope = np.any([_hold(rule.whom, known, held) for rule in pack.scope], axis=0)
    opened = np.any(
        [_between(day, window.first, window.last) & _hold(window.whom, known, held) for window in pack.windows], axis=0
    )
    periods = [day <= standard.last.toordinal() for standard in pack.standards]
    amount = np.select(
        periods, [_yuan(s.individual_fen) for s in pack.standards], _yuan(pack.standards[-1].individual_fen)
    )
    aided_as = np.select(
        periods,
        [_yuan(s.individual_fen if s.aided_as_fen is None else s.aided_as_fen) for s in pack.standards],
        _yuan(pack.standards[-1].individual_fen),
    )
    aid = np.max([_aid(relief, amount, aided_as, known, held) for relief in pack.reliefs], axis=0)
    return np.where(in_scope & opened, amount - aid, -1.0)


def _yuan(fen: int | None) -> float:
    return -1.0 if fen is None else fen / 100


def _between(days: Any, first: date, last: date) -> Any:
    return (days >= first.toordinal()) & (days <= last.toordinal())


def _aid(relief: Relief, amount: Any, aided_as: Any, known: Arrays, held: Arrays) -> Any:
    certified = True if relief.identity in BY_AGE else held[relief.identity.value]
    counts = _hold(relief.whom, known, held) & certified
    if relief.kind is ReliefKind.FULL:
        aid = amount
    elif relief.kind is ReliefKind.PERCENT:
        aid = np.floor(aided_as * relief.basis_points / 100 + 0.5 + 1e-9) / 100
    else:
        aid = np.minimum(relief.amount_fen / 100, amount)
    return np.where(counts, aid, 0.0)


def _hold(whom: Conditions, known: Arrays, held: Arrays) -> Any:
    size = len(known["birth_date"])
    if any(getattr(whom, name) not in (None, False) for name in _NOT_DISCLOSED):
        return np.zeros(size, dtype=bool)
    holds = np.ones(size, dtype=bool)
    for column, words in (("hukou", whom.hukou), ("residence", whom.residence)):
        if words is not None:
            holds &= np.isin(known[column], [_number(word.value) for word in words])
    if whom.not_hukou_note is not None:
        holds &= known["hukou_note"] != _number(whom.not_hukou_note)
    if whom.residence_permit is not None:
        holds &= known["residence_permit"]
    if whom.id_types is not None and "RESIDENT_ID" not in {kind.value for kind in whom.id_types}:
        holds &= False
    if whom.certified is not None:
        holds &= np.any([held[one.value] for one in whom.certified if one.value in held], axis=0)
    for age, reached in ((whom.age_from, True), (whom.age_under, False)):
        if age is not None:
            holds &= _has_reached(age, whom.aged_on, known) == reached
    return holds


def _has_reached(age: int, day: date | None, known: Arrays) -> Any:
    if day is not None:
        return known["birth_date"] <= same_day_later(day, -12 * age).toordinal()
    # The registration's year, month and day less so many years, for every person.
    days, places = np.unique(known["registration_date"], return_inverse=True)
    limits = np.array([same_day_later(date.fromordinal(int(each)), -12 * age).toordinal() for each in days])
    return known["birth_date"] <= limits[places]
