"""From when a paid person is covered."""

import dataclasses
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registration.periods.decision import WAITING_EXCEEDS_BENEFIT_PERIOD, decide_period
from shared.contracts.subsidy import BenefitRule, WaitRule
from shared.policy.benefit import covered_days
from shared.policy.pack import Pack
from shared.policy.schedule import schedule
from tests.shared.policy.everywhere import PACKS, configured, days, held, people

YEAR = BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
AFTER_WAIT = BenefitRule(start="DAY_AFTER_WAIT", starts_on=date(2023, 1, 1), ends_on=date(2023, 12, 31))


def test_paid_in_the_window_is_covered_from_the_first_of_january() -> None:
    period = decide_period(date(2023, 10, 9), WaitRule(), YEAR)
    assert (period.starts_on, period.ends_on, period.wait) == (date(2024, 1, 1), date(2024, 12, 31), None)


@pytest.mark.parametrize(
    ("paid_on", "wait", "starts_on"),
    [
        (date(2023, 1, 15), WaitRule(code="LATE_PAYMENT", days=30), date(2023, 2, 15)),
        (date(2023, 1, 15), WaitRule(code="LATE_PAYMENT", days=90), date(2023, 4, 16)),
        (date(2023, 1, 31), WaitRule(code="FIXED_WAIT_LATE", months=3), date(2023, 5, 1)),
        (date(2023, 2, 1), WaitRule(), date(2023, 2, 2)),
    ],
)
def test_cover_begins_the_day_after_the_wait(paid_on: date, wait: WaitRule, starts_on: date) -> None:
    assert decide_period(paid_on, wait, AFTER_WAIT).starts_on == starts_on


def test_a_wait_that_outlasts_the_year_is_held_and_not_priced_away() -> None:
    period = decide_period(date(2023, 12, 20), WaitRule(code="LATE_PAYMENT", days=30), AFTER_WAIT)
    assert (period.starts_on, period.held) == (None, WAITING_EXCEEDS_BENEFIT_PERIOD)


@pytest.mark.parametrize("pack", [configured(pack_id) for pack_id in PACKS], ids=PACKS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_registration_counts_as_the_rules_do_whatever_the_place(pack: Pack, data: st.DataObject) -> None:
    facts, identities, as_of = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    for row in schedule(pack, facts, identities, as_of).rows:
        terms = row.terms
        wait = WaitRule(code=terms.wait.code, days=terms.wait.days, months=terms.wait.months)
        benefit = BenefitRule.model_validate(dataclasses.asdict(terms.benefit))
        for day in (row.pay_from, row.pay_until):
            covered, period = covered_days(terms.benefit, terms.wait, day), decide_period(day, wait, benefit)
            assert (period.starts_on, period.ends_on) == ((covered.first, covered.last) if covered else (None, None))
