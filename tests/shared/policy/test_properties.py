"""What holds under every pack, for every person and every day of payment."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.conditions import Conditions
from shared.policy.decision import decide
from shared.policy.facts import CasePayment, Facts
from shared.policy.pack import Pack
from shared.policy.pricing_key import Detail, PricingKeys
from shared.policy.schedule import Outcome, price_calendar, schedule
from tests.harness.timeouts import stretched
from tests.shared.policy.everywhere import PACKS, configured, days, held, people
from tests.shared.policy.price_rows import row_on

everywhere = pytest.mark.parametrize("pack", [configured(pack_id) for pack_id in PACKS], ids=PACKS)


def two_years(pack: Pack) -> list[date]:
    """Every day from half a year before the window to after the benefit year."""
    first = pack.windows[0].first - timedelta(days=183)
    return [first + timedelta(days=number) for number in range(731)]


@everywhere
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_schedule_and_the_decision_agree_on_every_day_of_two_years(pack: Pack, data: st.DataObject) -> None:
    facts, identities, as_of = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    assessment = schedule(pack, facts, identities, as_of)
    for day in two_years(pack):
        decision = decide(pack, facts, identities, CasePayment(day))
        row = row_on(assessment, day)
        if assessment.outcome is Outcome.PRICED:
            assert (row.terms if row else None) == decision.terms, day
        if day == as_of and decision.ruling == "ACCEPT":
            assert assessment.outcome is Outcome.PRICED
        if day == as_of and decision.ruling == "HOLD":
            assert assessment.outcome is not Outcome.REJECTED


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_shares_and_the_persons_part_add_up_to_the_standard(pack: Pack, data: st.DataObject) -> None:
    facts, identities, day = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    terms = decide(pack, facts, identities, CasePayment(day)).terms
    if terms is not None:
        years = sum(premium.amount_fen for premium in terms.premiums) + sum(terms.repairs)
        assert terms.due_fen + sum(share.amount_fen for share in terms.shares) == terms.standard_fen == years
        assert terms.due_fen >= 0
        assert all(share.amount_fen > 0 for share in terms.shares)


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_order_of_identities_never_matters(pack: Pack, data: st.DataObject) -> None:
    facts, identities, day = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    shuffled = data.draw(st.permutations(identities))
    assert decide(pack, facts, shuffled, CasePayment(day)) == decide(pack, facts, identities, CasePayment(day))


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_another_identity_never_raises_what_a_person_pays(pack: Pack, data: st.DataObject) -> None:
    facts, day = data.draw(people(pack)), data.draw(days(pack))
    first, more = data.draw(held(pack)), data.draw(held(pack))
    before, after = (decide(pack, facts, identities, CasePayment(day)) for identities in (first, first + more))
    if before.terms is not None and before.terms.repairs == ():
        assert after.ruling == "HOLD" or (after.terms is not None and after.terms.due_fen <= before.terms.due_fen)


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_later_payment_never_begins_cover_earlier(pack: Pack, data: st.DataObject) -> None:
    facts = data.draw(people(pack))
    earlier, later = sorted((data.draw(days(pack)), data.draw(days(pack))))
    first, second = (decide(pack, facts, (), CasePayment(day)).covered for day in (earlier, later))
    if first is not None and second is not None:
        assert first.first <= second.first


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_people_with_one_key_get_the_same_assessment(pack: Pack, data: st.DataObject) -> None:
    facts, identities, as_of = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    others = [
        replace(facts, birth_date=born, registration_date=data.draw(st.just(facts.registration_date) | days(pack)))
        for born in data.draw(st.lists(st.dates(date(1930, 1, 1), pack.benefit.last), min_size=3, max_size=6))
    ]
    keys = PricingKeys(pack)
    everybody = [facts, *others]
    key, *theirs = keys.keys(
        [one.birth_date for one in everybody],
        [one.registration_date for one in everybody],
        [keys.detail(facts)] * len(everybody),
    )
    for other, another in zip(others, theirs, strict=True):
        if another == key:
            assert schedule(pack, other, identities, as_of) == schedule(pack, facts, identities, as_of)


@everywhere
def test_a_birth_date_is_no_more_than_the_ages_in_rules(pack: Pack) -> None:
    first = pack.windows[0].first
    births = [date(1930, 1, 1) + timedelta(number) for number in range(0, 30_000, 7)]
    adults = [born for born in births if born < pack.benefit.first]
    found = PricingKeys(pack).keys(adults, [first] * len(adults), [Detail.AGES] * len(adults))
    assert len(set(found)) <= 10


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_calendar_of_a_person_answers_for_every_day_as_of_which_it_is_asked(
    pack: Pack, data: st.DataObject
) -> None:
    facts, identities = data.draw(people(pack)), data.draw(held(pack))
    calendar = price_calendar(pack, facts, identities)
    for as_of in data.draw(st.lists(days(pack), min_size=1, max_size=4)):
        found, decision = calendar.assessment(as_of), decide(pack, facts, identities, CasePayment(as_of))
        if found.outcome is Outcome.PRICED:
            assert found is calendar.priced
        elif decision.ruling == "ACCEPT":
            pytest.fail(f"{as_of} has a price")


@everywhere
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_decision_says_what_won(pack: Pack, data: st.DataObject) -> None:
    facts, identities, day = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    decision = decide(pack, facts, identities, CasePayment(day))
    assert any(reason.won for reason in decision.reasons)
    for reason in decision.reasons:
        assert reason.text
        assert reason.basis.origin != "document" or reason.basis.clause is not None


def test_people_differ_by_days_of_life_wherever_a_rule_counts_them() -> None:
    luoshan = configured("luoshan-2024")
    infants = replace(luoshan, scope=(replace(luoshan.scope[0], whom=Conditions(days_old_max=90)),))
    day = luoshan.windows[0].first
    adult = Facts(date(1980, 1, 1), day)
    assert PricingKeys(luoshan).detail(adult) is Detail.AGES
    assert PricingKeys(infants).detail(adult) is Detail.BIRTH
    assert schedule(infants, adult).outcome is Outcome.REJECTED


def test_the_day_of_registration_counts_where_whom_a_pack_admits_depends_on_it() -> None:
    luoshan = configured("luoshan-2024")
    soldiers = replace(luoshan, scope=(replace(luoshan.scope[0], whom=Conditions(discharged_months_max=1)),))
    day = luoshan.windows[0].first
    soldier = Facts(date(1980, 1, 1), day, discharge_date=day - timedelta(days=20))
    late = replace(soldier, registration_date=day + timedelta(days=60))
    keys = PricingKeys(soldiers)
    assert [schedule(soldiers, one, (), day).outcome for one in (soldier, late)] == [Outcome.PRICED, Outcome.REJECTED]
    first, second = keys.keys([soldier.birth_date] * 2, [day, late.registration_date], [keys.detail(soldier)] * 2)
    assert first != second


_ASK = """
import json, sys
from shared.policy.case_decision import assess
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.schedule import schedule
from shared.policy.worked_cases import worked_cases
for pack_id in sys.argv[1:]:
    pack = load_pack(pack_id)
    for case in worked_cases(pack_id):
        facts = case.facts
        decided = with_overrides(pack, facts.config_overrides, name="config_overrides")
        reasons = schedule(decided, facts.person(), facts.identities()).reasons
        print(pack_id, case.id, json.dumps(assess(decided, facts), sort_keys=True), reasons)
"""


def test_the_same_facts_get_the_same_answer_in_any_process() -> None:
    """Sets and dictionaries are ordered by a seed of the process: no answer and no reason may follow it."""
    answers = {
        subprocess.run(
            [sys.executable, "-c", _ASK, *PACKS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=stretched(120),
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1
    assert len(answers.pop().splitlines()) > 300
