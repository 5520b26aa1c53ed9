"""What a rule may ask of a person: each condition is named, and all that a rule names must hold."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.domain.identity_number import DocumentType
from shared.domain.waits import same_day_later
from shared.policy.facts import Certified, Facts, MissingFact
from shared.policy.vocabulary import (
    Hukou,
    Identity,
    InsuranceStatus,
    InsuranceType,
    Relation,
    Residence,
    SchoolLevel,
)


@dataclass(frozen=True, slots=True)
class Conditions:
    """None asks for nothing. Ages are completed years, counted on ``aged_on`` or else on the day of registration."""

    hukou: frozenset[Hukou] | None = None
    not_hukou_note: str | None = None
    residence: frozenset[Residence] | None = None
    id_types: frozenset[DocumentType] | None = None
    residence_permit: bool | None = None
    guardian_residence_permit: bool | None = None
    age_from: int | None = None
    age_under: int | None = None
    aged_on: date | None = None
    newborn: bool | None = None
    days_old_max: int | None = None
    relation: Relation | None = None
    employed: bool | None = None
    not_employed: bool | None = None  # nobody says that the person works
    employee_suspended: bool | None = None
    difficult_enterprise: bool | None = None
    migrant_worker: bool | None = None
    school_levels: frozenset[SchoolLevel] | None = None
    school_in_area: bool | None = None
    full_time: bool | None = None
    child_born_before: date | None = None
    agricultural: bool | None = None
    discharged_in_year: int | None = None
    sponsor_discharged_in_year: int | None = None
    discharged_months_max: int | None = None  # without a date the certificate speaks for itself
    employee_months_min: int | None = None
    employee_gap_months_max: int | None = None  # ends of months count by the calendar
    employee_gap_months_over: int | None = None
    certified: frozenset[Identity] | None = None  # one of them counts on the day
    certified_after: date | None = None

    def hold(self, facts: Facts, held: Sequence[Certified], day: date) -> bool:
        """Whether the person meets all of them on a day.

        What would have to be shown is absent where nobody stated it. Raises MissingFact where a date or a number that
        has to be counted is not known.
        """
        return (
            _place(self, facts)
            and _age(self, facts)
            and _work(self, facts)
            and _school(self, facts)
            and _employee_gap(self, facts, day)
            and _certified(self, held, day)
            and _family(self, facts)
            and _army(self, facts, day)
        )


ANYBODY = Conditions()


def years_old(born: date, day: date) -> int:
    """Completed years of age; a person born on 29 February completes a year on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def months_later(day: date, months: int) -> date:
    """So many whole months after a day; the end of a month stays the end of a month."""
    later = same_day_later(day, months)
    if day.day == monthrange(day.year, day.month)[1]:
        return later.replace(day=monthrange(later.year, later.month)[1])
    return later


def _is(value: bool | None, wanted: bool | None) -> bool:
    return wanted is None or value is wanted


def _place(asked: Conditions, facts: Facts) -> bool:
    return (
        (asked.hukou is None or facts.hukou in asked.hukou)
        and (asked.not_hukou_note is None or facts.hukou_note != asked.not_hukou_note)
        and (asked.residence is None or facts.residence in asked.residence)
        and (asked.id_types is None or facts.id_type in asked.id_types)
        and _is(facts.residence_permit, asked.residence_permit)
        and _is(facts.guardian_residence_permit, asked.guardian_residence_permit)
    )


def _age(asked: Conditions, facts: Facts) -> bool:
    age = years_old(facts.birth_date, asked.aged_on or facts.registration_date)
    return (
        (asked.age_from is None or age >= asked.age_from)
        and (asked.age_under is None or age < asked.age_under)
        and _is(facts.newborn, asked.newborn)
        and (asked.days_old_max is None or facts.days_old <= asked.days_old_max)
    )


def _work(asked: Conditions, facts: Facts) -> bool:
    return (
        (asked.relation is None or facts.relation is asked.relation)
        and _is(facts.employed, asked.employed)
        and not (asked.not_employed and facts.employed)
        and (asked.employee_suspended is None or _suspended(facts) is asked.employee_suspended)
        and _is(facts.difficult_enterprise, asked.difficult_enterprise)
        and _is(facts.migrant_worker, asked.migrant_worker)
    )


def _suspended(facts: Facts) -> bool:
    other = facts.other_insurance
    return other.type is InsuranceType.EMPLOYEE and other.status is InsuranceStatus.SUSPENDED


def _school(asked: Conditions, facts: Facts) -> bool:
    if asked.school_levels is None:
        return True
    student = facts.student
    return (
        student is not None
        and student.level in asked.school_levels
        and _is(student.school_in_area, asked.school_in_area)
        and _is(student.full_time is not False, asked.full_time)  # part-time is what somebody says
    )


def _employee_gap(asked: Conditions, facts: Facts, day: date) -> bool:
    most, over = asked.employee_gap_months_max, asked.employee_gap_months_over
    if most is None and over is None and asked.employee_months_min is None:
        return True
    other = facts.other_insurance
    left = (InsuranceStatus.INTERRUPTED, InsuranceStatus.ENDED)
    if other.type is not InsuranceType.EMPLOYEE or other.status not in left:
        return False
    if asked.employee_months_min is not None:
        if other.continuous_months is None:
            raise MissingFact("other_insurance.continuous_months")
        if other.continuous_months < asked.employee_months_min:
            return False
    if other.paid_through is None:
        raise MissingFact("other_insurance.paid_through")
    if most is not None and day > months_later(other.paid_through, most):
        return False
    return over is None or day > months_later(other.paid_through, over)


def _certified(asked: Conditions, held: Sequence[Certified], day: date) -> bool:
    if asked.certified is None:
        return True
    counting = [one for one in held if one.identity in asked.certified and one.counts_on(day)]
    after = asked.certified_after
    return any(after is None or (one.on is not None and one.on > after) for one in counting)


def _family(asked: Conditions, facts: Facts) -> bool:
    rural, born = facts.agricultural, facts.child_birth_date
    if asked.agricultural is not None and rural is not None and rural is not asked.agricultural:
        return False
    if asked.child_born_before is not None and born is not None and born >= asked.child_born_before:
        return False
    if asked.agricultural is not None and rural is None:
        raise MissingFact("agricultural_before_20150701")
    if asked.child_born_before is not None and born is None:
        raise MissingFact("child_birth_date")
    return True


def _army(asked: Conditions, facts: Facts, day: date) -> bool:
    for year, name, discharged in (
        (asked.discharged_in_year, "discharge_date", facts.discharge_date),
        (asked.sponsor_discharged_in_year, "sponsor_discharge_date", facts.sponsor_discharge_date),
    ):
        if year is not None:
            if discharged is None:
                raise MissingFact(name)
            if discharged.year != year or discharged > day:
                return False
    months, left = asked.discharged_months_max, facts.discharge_date
    return months is None or left is None or day <= months_later(left, months)
