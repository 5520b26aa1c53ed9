"""What holds under every pack, whoever asks and whenever they pay."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.combination import combination
from shared.policy.conditions import Conditions
from shared.policy.decide import decide
from shared.policy.facts import Facts, Payment
from shared.policy.pack import Pack
from shared.policy.schedule import Outcome, schedule
from tests.harness.patience import patient
from tests.shared.policy.everywhere import PACKS, configured, days, held, people

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
        decision = decide(pack, facts, identities, Payment(day))
        row = assessment.row_on(day)
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
    terms = decide(pack, facts, identities, Payment(day)).terms
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
    assert decide(pack, facts, shuffled, Payment(day)) == decide(pack, facts, identities, Payment(day))


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_another_identity_never_raises_what_a_person_pays(pack: Pack, data: st.DataObject) -> None:
    facts, day = data.draw(people(pack)), data.draw(days(pack))
    first, more = data.draw(held(pack)), data.draw(held(pack))
    before, after = (decide(pack, facts, identities, Payment(day)) for identities in (first, first + more))
    if before.terms is not None and before.terms.repairs == ():
        assert after.ruling == "HOLD" or (after.terms is not None and after.terms.due_fen <= before.terms.due_fen)


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_later_payment_never_begins_cover_earlier(pack: Pack, data: st.DataObject) -> None:
    facts = data.draw(people(pack))
    earlier, later = sorted((data.draw(days(pack)), data.draw(days(pack))))
    first, second = (decide(pack, facts, (), Payment(day)).covered for day in (earlier, later))
    if first is not None and second is not None:
        assert first.first <= second.first


@everywhere
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_people_who_are_the_same_to_a_pack_get_the_same_assessment(pack: Pack, data: st.DataObject) -> None:
    facts, identities, as_of = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    assert schedule(pack, facts, identities, as_of) == schedule(pack, combination(pack, facts), identities, as_of)


@everywhere
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_decision_says_what_won(pack: Pack, data: st.DataObject) -> None:
    facts, identities, day = data.draw(people(pack)), data.draw(held(pack)), data.draw(days(pack))
    decision = decide(pack, facts, identities, Payment(day))
    assert any(reason.won for reason in decision.reasons)
    for reason in decision.reasons:
        assert reason.text
        assert reason.basis.origin != "document" or reason.basis.clause is not None


def test_people_differ_by_days_of_life_wherever_a_rule_counts_them() -> None:
    luoshan = configured("luoshan-2024")
    infants = replace(luoshan, scope=(replace(luoshan.scope[0], whom=Conditions(days_old_max=90)),))
    day = luoshan.windows[0].first
    adult = Facts(date(1980, 1, 1), day)
    assert combination(infants, adult) == adult
    assert schedule(infants, adult).outcome is Outcome.REJECTED


_ASK = """
import json, sys
from shared.policy.assessing import assess
from shared.policy.loading import load_pack
from shared.policy.overriding import with_overrides
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
            timeout=patient(120),
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(answers) == 1
    assert len(answers.pop().splitlines()) > 300
