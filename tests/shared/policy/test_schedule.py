"""A schedule prices every day of payment, and says the same as a decision at that day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.conditions import Conditions
from shared.policy.decision import decide
from shared.policy.facts import CasePayment, Certified, Facts, OtherInsurance
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.pack import Pack, Wait, Window
from shared.policy.pricing_key import PricingKeys
from shared.policy.relief import split
from shared.policy.schedule import Outcome, schedule
from shared.policy.schema import OverridesEntry
from shared.policy.vocabulary import Funder, Identity, InsuranceStatus, InsuranceType, ReasonCode
from tests.shared.policy.luoshan import DAYS, IDENTITIES, PEOPLE, certified, luoshan, luoshan_with_amounts, person
from tests.shared.policy.price_rows import row_on

NOVEMBER_20 = date(2023, 11, 20)
TWO_YEARS = [date(2023, 1, 1) + timedelta(days=n) for n in range(731)]


def with_late_window(pack: Pack) -> Pack:
    """The pack of an invented county that lets people pay late and makes them wait."""
    late = replace(pack.windows[-1], first=date(2024, 1, 1), last=date(2024, 12, 31))
    window = Window(late.first, late.last, late.basis, wait=Wait("LATE_PAYMENT", days=30))
    return replace(pack, windows=(*pack.windows, window))


PACKS = [luoshan(), luoshan_with_amounts(), with_late_window(luoshan_with_amounts())]


def rows_of(pack: Pack, *held: Certified, facts: Facts | None = None) -> list[tuple[str, str, int, str | None]]:
    assessment = schedule(pack, facts or person(), held)
    return [(str(r.pay_from), str(r.pay_until), r.terms.due_fen, r.terms.identity) for r in assessment.rows]


def test_an_ordinary_resident_owes_the_standard_on_every_day_of_the_window() -> None:
    assert rows_of(luoshan()) == [("2023-10-01", "2023-12-31", 38000, None)]


def test_the_price_changes_on_the_day_of_the_certification() -> None:
    assert rows_of(luoshan_with_amounts(), certified("DIBAO", NOVEMBER_20), facts=person()) == [
        ("2023-10-01", "2023-11-19", 38000, None),
        ("2023-11-20", "2023-12-31", 18000, "DIBAO"),
    ]


def test_a_withdrawn_identity_counts_until_the_day_before() -> None:
    withdrawn = replace(certified("DIBAO", date(2023, 10, 8)), withdrawn_on=NOVEMBER_20)
    assert rows_of(luoshan_with_amounts(), withdrawn) == [
        ("2023-10-01", "2023-10-07", 38000, None),
        ("2023-10-08", "2023-11-19", 18000, "DIBAO"),
        ("2023-11-20", "2023-12-31", 38000, None),
    ]
    never = replace(withdrawn, withdrawn_on=withdrawn.on)
    assert rows_of(luoshan_with_amounts(), never) == [("2023-10-01", "2023-12-31", 38000, None)]


def test_a_person_fully_aided_owes_nothing_and_the_funder_pays_all() -> None:
    assessment = schedule(luoshan_with_amounts(), person(), [certified("TEKUN")])
    (row,) = assessment.rows
    assert (row.terms.due_fen, [(s.funder, s.amount_fen) for s in row.terms.shares]) == (0, [("county_finance", 38000)])


def test_an_identity_left_open_holds_the_case_and_prices_nothing() -> None:
    assessment = schedule(luoshan_with_amounts(), person(), [certified("DIBAO_MARGIN")])
    assert (assessment.outcome, assessment.reason_code) == (Outcome.HELD, "SUBSIDY_AMOUNT_NOT_CONFIGURED")
    assert assessment.rows == ()
    (held,) = [reason for reason in assessment.reasons if reason.code == "RELIEF_DIBAO_MARGIN"]
    assert "金额未配置" in held.text
    assert held.basis.origin == "default 10"
    assert held.basis.clause is not None
    assert "低保边缘家庭成员" in held.basis.clause.quote


def test_a_case_is_held_from_the_day_of_the_open_certification_only() -> None:
    held = [certified("DIBAO_MARGIN", NOVEMBER_20)]
    before = schedule(luoshan(), person(), held, as_of=date(2023, 11, 19))
    assert before.outcome is Outcome.PRICED
    assert [(row.pay_from, row.pay_until) for row in before.rows] == [(date(2023, 10, 1), date(2023, 11, 19))]
    assert schedule(luoshan(), person(), held, as_of=NOVEMBER_20).outcome is Outcome.HELD


def test_registering_before_the_window_is_priced_for_the_window() -> None:
    assert rows_of(luoshan(), facts=person(registration_date=date(2023, 9, 1)))[0][0] == "2023-10-01"


def test_registering_after_the_window_is_rejected() -> None:
    assessment = schedule(luoshan(), person(registration_date=date(2024, 1, 1)))
    assert (assessment.outcome, assessment.reason_code) == (Outcome.REJECTED, "WINDOW_CLOSED")


def test_reasons_name_the_losers_and_why_they_lost() -> None:
    held = [certified("POVERTY_MONITORED"), certified("DIBAO"), certified("SEVERE_DISABLED")]
    reasons = {reason.code: reason for reason in schedule(luoshan_with_amounts(), person(), held).reasons}
    assert reasons["RELIEF_POVERTY_MONITORED"].won
    assert not reasons["RELIEF_DIBAO"].won
    assert "资助200.00元，低于易返贫致贫户（监测对象）的228.00元，不叠加" in reasons["RELIEF_DIBAO"].text
    assert reasons["RELIEF_DIBAO"].basis.origin == "default 8"
    assert reasons["RELIEF_SEVERE_DISABLED"].basis.origin == "default 21"
    assert reasons["LOCAL_HUKOU"].basis.clause is not None


def test_invented_amounts_say_so_wherever_they_decide() -> None:
    reasons = schedule(luoshan_with_amounts(), person(), [certified("DIBAO")]).reasons
    (won,) = [reason for reason in reasons if reason.code == "RELIEF_DIBAO"]
    assert "虚构" in won.text
    assert won.basis.origin == "external: example-amounts.yaml"


@pytest.mark.parametrize("pack", PACKS, ids=["open", "amounts", "late"])
@settings(max_examples=60, deadline=None)
@given(facts=PEOPLE, held=IDENTITIES, as_of=DAYS)
def test_the_schedule_and_the_decision_agree_on_every_day_of_two_years(
    pack: Pack, facts: Facts, held: tuple[Certified, ...], as_of: date
) -> None:
    assessment = schedule(pack, facts, held, as_of)
    for day in TWO_YEARS:
        decision = decide(pack, facts, held, CasePayment(day))
        row = row_on(assessment, day)
        if assessment.outcome is Outcome.PRICED:
            assert (row.terms if row else None) == decision.terms
        if day == as_of and decision.ruling == "ACCEPT":
            assert assessment.outcome is Outcome.PRICED
        if day == as_of and decision.ruling == "HOLD":
            assert assessment.outcome is not Outcome.REJECTED


@settings(max_examples=200, deadline=None)
@given(facts=PEOPLE, held=IDENTITIES, day=DAYS, data=st.data())
def test_the_order_of_identities_never_matters(
    facts: Facts, held: tuple[Certified, ...], day: date, data: st.DataObject
) -> None:
    pack = luoshan_with_amounts()
    shuffled = data.draw(st.permutations(held))
    assert decide(pack, facts, shuffled, CasePayment(day)) == decide(pack, facts, held, CasePayment(day))


@settings(max_examples=200, deadline=None)
@given(facts=PEOPLE, held=IDENTITIES, more=IDENTITIES, day=DAYS)
def test_another_identity_never_raises_what_a_person_pays(
    facts: Facts, held: tuple[Certified, ...], more: tuple[Certified, ...], day: date
) -> None:
    pack = luoshan_with_amounts()
    before, after = (decide(pack, facts, identities, CasePayment(day)) for identities in (held, held + more))
    if before.terms is not None:
        assert after.ruling == "HOLD" or (after.terms is not None and after.terms.due_fen <= before.terms.due_fen)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**7), st.integers(0, 10_000), st.sampled_from(list(luoshan_with_amounts().reliefs)))
def test_shares_and_the_persons_part_add_up_to_the_standard(standard: int, points: int, relief: object) -> None:
    percent = with_overrides(
        luoshan(),
        OverridesEntry.model_validate(
            {
                "individual_contribution": f"{standard // 100}.{standard % 100:02d}",
                "subsidies": {
                    relief.identity.value: {  # type: ignore[attr-defined]
                        "type": "percent",
                        "value": f"{points // 100}.{points % 100:02d}",
                        "funder": "county_finance",
                    }
                },
            }
        ),
        name="property",
    )
    held = [Certified(relief.identity)]  # type: ignore[attr-defined]
    (row,) = schedule(percent, person(), held).rows
    assert row.terms.due_fen + sum(share.amount_fen for share in row.terms.shares) == standard
    assert row.terms.due_fen >= 0


def test_the_first_funder_takes_the_odd_fen() -> None:
    relief = luoshan_with_amounts().reliefs[0]
    shared = replace(
        relief, funders=((relief.funders[0][0], 3333), (Funder.TOWN_FINANCE, 3333), (Funder.PROVINCE, 3334))
    )
    assert [share.amount_fen for share in split(100, shared)] == [34, 33, 33]


def test_a_late_payer_waits_and_a_wait_past_the_year_is_held() -> None:
    pack = PACKS[2]
    covered = decide(pack, person(), (), CasePayment(date(2024, 1, 15))).covered
    assert covered is not None
    assert covered.first == date(2024, 2, 15)
    last = decide(pack, person(), (), CasePayment(date(2024, 11, 30)))
    assert last.covered is not None
    assert last.covered.first == date(2024, 12, 31)
    after = decide(pack, person(), (), CasePayment(date(2024, 12, 1)))
    assert (after.ruling, after.reason_code) == ("HOLD", "WAITING_EXCEEDS_BENEFIT_PERIOD")
    late_row = schedule(pack, person()).rows[-1]
    assert (late_row.pay_from, late_row.pay_until) == (date(2024, 1, 1), date(2024, 11, 30))


@settings(max_examples=200, deadline=None)
@given(PEOPLE, PEOPLE, IDENTITIES, DAYS)
def test_people_with_one_key_get_the_same_assessment(
    facts: Facts, another: Facts, held: tuple[Certified, ...], as_of: date
) -> None:
    pack = luoshan_with_amounts()
    other = replace(facts, birth_date=another.birth_date, registration_date=another.registration_date)
    both, keys = (facts, other), PricingKeys(pack)
    first, second = keys.keys(
        [one.birth_date for one in both], [one.registration_date for one in both], [keys.detail(facts)] * 2
    )
    if first == second:
        assert schedule(pack, facts, held, as_of) == schedule(pack, other, held, as_of)


def test_a_pack_is_the_same_in_every_loading() -> None:
    assert load_pack("luoshan-2024") == load_pack("luoshan-2024")


def test_a_fact_that_only_later_days_ask_for_holds_those_days() -> None:
    """Shantou asks people who have left work after the collecting stage only: before it everybody may pay."""
    shantou = load_pack("shantou-2022")
    left = OtherInsurance(InsuranceType.EMPLOYEE, InsuranceStatus.ENDED)
    someone = Facts(date(1980, 5, 5), date(2021, 11, 1), other_insurance=left)
    assert [(row.pay_from, row.pay_until) for row in schedule(shantou, someone).rows] == [
        (date(2021, 9, 25), date(2021, 12, 31))
    ]
    late = schedule(shantou, someone, as_of=date(2022, 3, 1))
    assert (late.outcome, late.reason_code) == (Outcome.HELD, ReasonCode.FACT_MISSING)


def test_a_relief_that_ends_some_months_after_leaving_the_forces_ends_its_row() -> None:
    pack = luoshan_with_amounts()
    for_veterans = replace(
        pack.reliefs[0], identity=Identity.VETERAN_DISCHARGED, whom=Conditions(discharged_months_max=2)
    )
    veteran = Facts(date(1990, 1, 1), date(2023, 10, 9), discharge_date=date(2023, 9, 15))
    found = schedule(replace(pack, reliefs=(for_veterans,)), veteran, [Certified(Identity.VETERAN_DISCHARGED)])
    assert [(row.pay_until, row.terms.due_fen) for row in found.rows] == [
        (date(2023, 11, 15), 0), (date(2023, 12, 31), 38_000),
    ]  # fmt: skip
