"""Many cases under one pack: those that its rules treat alike are decided once."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.policy.answer import answer
from shared.policy.benefit import covered_days
from shared.policy.case_decision import decided
from shared.policy.decision import Decision, decide
from shared.policy.facts import MissingFact
from shared.policy.overrides import OverrideProblem, with_overrides
from shared.policy.pack import Pack
from shared.policy.pricing_key import Detail, PricingKeys
from shared.policy.question import CaseFacts, Day
from shared.policy.schedule import ONE_DAY, stretches
from shared.policy.schema import OverridesEntry

_DAYS = ("birth_date", "registration_date", "payment_date")
_REMARKS = ("label", "cash_receipt_no")  # they change nothing
# What is checked against a person's birth date or day of registration, or judged by them.
_BESIDE_BIRTH = ("newborn", "age_days_at_registration", "child_birth_date", "death_date")
# What came after the payment is judged by the day of payment itself.
_AFTER_PAYMENT = ("refund_request", "payments", "import_result")
_OWN = frozenset((*_DAYS, *_REMARKS))
_DAY = TypeAdapter(Day)
_DAYS_KNOWN = 100_000  # every day that a case may name

CannotDecide = ValidationError | MissingFact | OverrideProblem


@dataclass(frozen=True, eq=False)
class DecidedCase:
    """The decision that equal cases share, and one of these cases."""

    pack: Pack
    case: CaseFacts
    decision: Decision

    @cached_property
    def answer(self) -> Mapping[str, Any]:
        """The decision as people and other programs read it."""
        return answer(self.pack, self.decision, self.case.person())


class EqualCases:
    """Decides the cases of one pack; what was decided is remembered for the cases to come."""

    def __init__(self, pack: Pack) -> None:
        self._pack = with_overrides(pack, OverridesEntry(), name="config_overrides")
        self._keys = PricingKeys(pack)
        self._details: dict[str, Detail] = {}
        self._groups: dict[tuple[Any, ...], _Group] = {}

    def decide_all(self, cases: Sequence[Mapping[str, Any]]) -> Sequence[DecidedCase | CannotDecide]:
        """Each case in its order, given as it is written; equal ones have one and the same answer."""
        found: list[Any] = [None] * len(cases)
        places: list[int] = []
        said: list[str] = []
        days: list[tuple[date, date, date | None]] = []
        for place, facts in enumerate(cases):
            own, rest = _days(facts), _said(facts)
            if own is None or rest is None:
                found[place] = decide_alone(self._pack, facts)
            else:
                places.append(place)
                said.append(rest)
                days.append(own)
        if places:
            details = [self._detail(one, cases[place]) for one, place in zip(said, places, strict=True)]
            births, registered, paid = zip(*days, strict=True)
            keys = self._keys.keys(births, registered, details)
            for place, one, key, first, on in zip(places, said, keys, registered, paid, strict=True):
                # A person who has not paid is priced on the day of registration.
                found[place] = self._group((one, key, None if on else first), cases[place]).on(on)
        return found

    def _detail(self, said: str, facts: Mapping[str, Any]) -> Detail:
        """How much of two days the rules, and the checks of a case, look at in everybody of whom this is said."""
        if said not in self._details:
            try:
                known = self._keys.detail(CaseFacts.model_validate(facts).person())
            except ValidationError:
                known = Detail.AGES  # refused in the same words, whatever the days
            beside = any(facts.get(name) is not None for name in _BESIDE_BIRTH)
            self._details[said] = Detail.BIRTH if beside else known
        return self._details[said]

    def _group(self, key: tuple[Any, ...], facts: Mapping[str, Any]) -> "_Group":
        if key not in self._groups:
            self._groups[key] = _Group(self._pack, facts)
        return self._groups[key]


class _Group:
    """Cases that differ in nothing but the day of payment, answered for one such day after the other."""

    def __init__(self, pack: Pack, facts: Mapping[str, Any]) -> None:
        self._pack, self._facts = pack, facts
        self._by_day: dict[date | None, DecidedCase | CannotDecide] = {}
        self._by_stretch: dict[int, Decision] = {}

    def on(self, day: date | None) -> DecidedCase | CannotDecide:
        """The answer for a day of payment; None where nothing has been paid."""
        if day not in self._by_day:
            try:
                self._by_day[day] = self._decided(day)
            except (ValidationError, MissingFact) as problem:
                self._by_day[day] = problem
        return self._by_day[day]

    def _decided(self, day: date | None) -> DecidedCase:
        if any(self._facts.get(name) is not None for name in _AFTER_PAYMENT):
            case = CaseFacts.model_validate({**self._facts, "payment_date": day})
            return DecidedCase(self._pack, case, decided(self._pack, case))
        stretch = self._stretch_of(day)
        decision = None if stretch is None else self._by_stretch.get(stretch)
        if decision is None:
            payment = replace(self._case.payment(), on=day)
            decision = decide(self._pack, self._case.person(), self._case.identities(), payment)
        if stretch is not None and day is not None:
            self._by_stretch[stretch] = decision
            if decision.terms is not None:
                covered = covered_days(decision.terms.benefit, decision.terms.wait, day)
                decision = replace(decision, covered=covered)
        return DecidedCase(self._pack, self._case, decision)

    @cached_property
    def _case(self) -> CaseFacts:
        return CaseFacts.model_validate(self._facts)

    @cached_property
    def _turns(self) -> Sequence[date]:
        """The days on which another stretch of one price begins; none where they cannot be known."""
        try:
            found = list(stretches(self._pack, self._case.person(), self._case.identities()))
        except MissingFact:
            return ()
        return [*(first for first, _ in found), found[-1][1] + ONE_DAY]

    def _stretch_of(self, day: date | None) -> int | None:
        """The number of the stretch that holds a day; None before the first and after the last."""
        if day is None:
            return None
        number = bisect_right(self._turns, day)
        return number if 0 < number < len(self._turns) else None


def decide_alone(pack: Pack, facts: Mapping[str, Any]) -> DecidedCase | CannotDecide:
    """One case by itself, whatever is wrong with it."""
    try:
        case = CaseFacts.model_validate(facts)
        configured = with_overrides(pack, case.config_overrides, name="config_overrides")
        return DecidedCase(configured, case, decided(configured, case))
    except (ValidationError, MissingFact, OverrideProblem) as problem:
        return problem


def _days(facts: Mapping[str, Any]) -> tuple[date, date, date | None] | None:
    """Birth, registration and payment; None where one is missing or no day, or nobody is born by the registration."""
    born, registered = _day(facts.get("birth_date")), _day(facts.get("registration_date"))
    text = facts.get("payment_date", "")
    paid = None if text is None else _day(text)
    if born is None or registered is None or born > registered or (paid is None and text is not None):
        return None
    return born, registered, paid


def _day(text: Any) -> date | None:
    return _day_written(text) if type(text) is str else None


@lru_cache(maxsize=_DAYS_KNOWN)
def _day_written(text: str) -> date | None:
    try:
        return _DAY.validate_python(text)
    except ValidationError:
        return None


def _said(facts: Mapping[str, Any]) -> str | None:
    """What is said of a person beside the days and remarks; None where that has to be looked at by itself.

    Written out, so that 1 and true, which Python takes for equal, are two things.
    """
    if "config_overrides" in facts or any(type(facts.get(name, "")) is not str for name in _REMARKS):
        return None
    try:
        return repr({name: value for name, value in facts.items() if name not in _OWN})
    except RecursionError:
        return None
