"""Which people are the same to the rules, so that each distinct combination of facts is decided once."""

from dataclasses import replace
from datetime import date

from shared.domain.waits import same_day_later
from shared.policy.conditions import Conditions, years_old
from shared.policy.facts import Facts
from shared.policy.pack import Pack

_ANY_DAY = date(2000, 1, 1)


def combination(pack: Pack, facts: Facts) -> Facts:
    """The facts with everything that no rule looks at set to one value; give ``schedule`` its ``as_of`` with them."""
    if any(whom.days_old_max is not None and whom.newborn is None for whom in asked(pack)):
        return facts
    if facts.newborn and (pack.newborns is not None or _looks_at_days(pack)):
        return facts
    if facts.birth_date > pack.benefit.first:  # nobody is covered before they are born
        return facts
    note = facts.hukou_note if any(whom.not_hukou_note for whom in asked(pack)) else None
    born, registered = _ages(pack, facts)
    return replace(facts, birth_date=born, registration_date=registered, hukou_note=note, newborn=facts.newborn)


def asked(pack: Pack) -> list[Conditions]:
    """Everything that a pack's rules ask of a person."""
    exempt = pack.continuity.exempt if pack.continuity else ()
    return [
        *(rule.whom for rule in pack.scope),
        *(window.whom for window in pack.windows),
        *(relief.whom for relief in pack.reliefs),
        *exempt,
        pack.exclusions.suspended_for,
    ]


def _looks_at_days(pack: Pack) -> bool:
    return any(whom.newborn is not None or whom.days_old_max is not None for whom in asked(pack))


def _ages(pack: Pack, facts: Facts) -> tuple[date, date]:
    """A birth date of the same completed years, where rules ask for an age on one day; any date, where none does."""
    counted = {
        whom.aged_on or facts.registration_date
        for whom in asked(pack)
        if whom.age_from is not None or whom.age_under is not None
    }
    if not counted and facts.other_insurance.suspended_on is None:
        return _ANY_DAY, _ANY_DAY
    if not counted:
        return _ANY_DAY, facts.registration_date
    if len(counted) > 1:
        return facts.birth_date, facts.registration_date
    (day,) = counted
    years = years_old(facts.birth_date, day)
    youngest = same_day_later(day, -12 * years) if years > 0 else facts.birth_date
    return min(youngest, pack.benefit.first), facts.registration_date
