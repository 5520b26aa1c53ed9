"""Which people are the same to the rules, so that each distinct combination of facts is decided once."""

from dataclasses import replace
from datetime import date

from shared.policy.facts import Facts

_ANY_DAY = date(2000, 1, 1)


def combination(facts: Facts) -> Facts:
    """The facts with everything that no rule looks at set to one value; give ``schedule`` its ``as_of`` with them."""
    return replace(facts, birth_date=_ANY_DAY, registration_date=_ANY_DAY, hukou_note=None, newborn=False)
