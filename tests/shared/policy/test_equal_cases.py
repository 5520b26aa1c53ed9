"""Equal cases are decided as each by itself: for every pack, whatever is said, and whatever is wrong with it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy.equal_cases import CannotDecide, DecidedCase, EqualCases, decide_alone
from shared.policy.overrides import OverrideProblem
from shared.policy.pack import Pack
from tests.shared.policy.everywhere import PACKS, configured

_IDENTITIES = (
    "TEKUN",
    "DIBAO",
    "SEVERE_DISABLED",
    "FP_ONE_DAUGHTER",
    "FP_ONLY_CHILD_CERT",
    "VETERAN_DISCHARGED",
    "MILD_DISABLED",
)


_CASH = {"date": "2023-11-05", "amount": "380.00", "channel": "VILLAGE_CASH"}


def _cases(pack: Pack) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some people, with few values each, so that many are the same to the rules; None is what nobody said."""
    first, year = pack.windows[0].first, pack.benefit.first
    turns = [first, year, *(window.last for window in pack.windows), *(standard.first for standard in pack.standards)]
    near = [turn + timedelta(shift) for turn in turns for shift in (-91, -1, 0, 1, 40)]
    birthdays = [
        date(year.year - age, month, day) for age in (17, 18, 60, 70) for month, day in ((1, 1), (2, 28), (12, 31))
    ]
    births = st.sampled_from([*birthdays, date(1996, 2, 29), *(day - timedelta(90) for day in near[:6])])
    one = (
        st.fixed_dictionaries(
            {
                "birth_date": births,
                "registration_date": st.sampled_from(near),
                "payment_date": st.sampled_from([None, *near]),
                "hukou": st.sampled_from(["local", "nonlocal"]),
                "hukou_note": st.sampled_from([None, "urban"]),
                "residence": st.just("in_area_long_term"),
                "residence_permit": st.sampled_from([None, True]),
                "categories": st.lists(st.sampled_from(_IDENTITIES), max_size=2, unique=True).map(tuple),
                "category_certified_on": st.sampled_from([None, *near]),
                "newborn": st.sampled_from([None, False, True]),
                "migrant_worker": st.sampled_from([None, True]),
                "agricultural_before_20150701": st.sampled_from([None, True]),
                "child_birth_date": st.sampled_from([None, date(2015, 12, 31)]),
                "discharge_date": st.sampled_from([None, year]),
                "channel": st.sampled_from(["WECHAT", "HRB_BANK_COUNTER", "ROSTER", "PIGEON"]),
                "amount_tendered": st.sampled_from([None, "380.00"]),
                "payments": st.sampled_from(
                    [None, None, [{"date": "2023-11-05", "amount": "380.00", "channel": "WECHAT"}]]
                ),
                "import_result": st.sampled_from([None, None, "FAILED_AFTER_CORRECTION"]),
                "student": st.sampled_from([None, None, {"level": "college", "school_in_area": False}]),
                "label": st.sampled_from([None, "one", "another", 7]),
                "missed_years": st.sampled_from([None, (2024,), (2025,)]),
                "death_date": st.sampled_from([None, date(1979, 1, 1), year + timedelta(40)]),
                "age_days_at_registration": st.sampled_from([None, None, None, 0]),
                "refund_request.reason": st.just("JOINED_EMPLOYEE_INSURANCE"),
                "refund_request.date": st.sampled_from(near),
                "asks": st.booleans(),
            }
        )
        .map(_with_refund)
        .flatmap(_with_insurance(near))
    )
    return st.lists(one, min_size=1, max_size=12)


def _with_refund(case: dict[str, Any]) -> dict[str, Any]:
    if not case.pop("asks"):
        case |= {"refund_request.reason": None, "refund_request.date": None}
    return case


def _with_insurance(near: list[date]) -> Any:
    def described(case: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        kind = st.sampled_from(["none", "none", "none", "employee"])
        return kind.flatmap(
            lambda type_: st.fixed_dictionaries(
                {
                    "other_insurance.type": st.just(type_),
                    "other_insurance.status": st.sampled_from(["active", "ended"])
                    if type_ == "employee"
                    else st.none(),
                    "other_insurance.paid_through": st.sampled_from([None, *near])
                    if type_ == "employee"
                    else st.none(),
                    "other_insurance.continuous_months": st.sampled_from([None, 24])
                    if type_ == "employee"
                    else st.none(),
                }
            ).map(lambda insurance: case | insurance)
        )

    return described


def _written(case: dict[str, Any]) -> dict[str, Any]:
    """As a file of cases says it: days as text, facts inside others; what nobody said is left out."""
    facts: dict[str, Any] = {"payment_date": None}
    for name, value in case.items():
        outer, _, inner = name.partition(".")
        shown = value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
        if value is not None and inner:
            facts.setdefault(outer, {})[inner] = shown
        elif value is not None:
            facts[outer] = shown
    return facts


def _outcome(found: DecidedCase | CannotDecide) -> object:
    """What becomes of a case, so that two ways to it can be compared."""
    if isinstance(found, DecidedCase):
        return found.decision, found.answer
    if isinstance(found, ValidationError):
        return [(error["loc"], error["type"], error["msg"]) for error in found.errors()]
    return type(found), str(found)


@pytest.mark.parametrize("pack_id", PACKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_equal_cases_are_decided_as_each_by_itself(pack_id: str, data: st.DataObject) -> None:
    pack = configured(pack_id)
    cases = [_written(case) for case in data.draw(_cases(pack))]
    equals, half = EqualCases(pack), len(cases) // 2
    found = [*equals.decide_all(cases[:half]), *equals.decide_all(cases[half:])]
    assert [_outcome(one) for one in found] == [_outcome(decide_alone(pack, case)) for case in cases]


def _farmer(**changed: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "birth_date": "1980-01-01",
        "registration_date": "2023-11-05",
        "payment_date": "2023-11-05",
        "hukou": "local",
        "residence": "in_area_long_term",
        "other_insurance": {"type": "none"},
        "channel": "WECHAT",
    }
    return facts | changed


def _dues(found: DecidedCase | CannotDecide) -> int | None:
    terms = found.decision.terms if isinstance(found, DecidedCase) else None
    return None if terms is None else terms.due_fen


def test_many_people_come_down_to_what_rules_distinguish() -> None:
    cases = [
        _farmer(
            birth_date=(date(1950, 1, 1) + timedelta(number)).isoformat(),
            payment_date=(date(2023, 10, 1) + timedelta(number % 90)).isoformat(),
        )
        for number in range(10_000)
    ]
    found = EqualCases(configured("luoshan-2024")).decide_all(cases)
    assert {_dues(one) for one in found} == {38_000}
    assert len({id(one.decision.terms) for one in found if isinstance(one, DecidedCase)}) <= 3


def test_a_person_who_has_not_paid_is_priced_on_the_day_of_registration() -> None:
    pack = configured("shantou-2022")
    days = [pack.windows[0].first, pack.windows[-1].last, pack.windows[-1].last + timedelta(1)]
    cases = [_farmer(registration_date=day.isoformat(), payment_date=None) for day in days]
    found = EqualCases(pack).decide_all(cases)
    assert [_outcome(one) for one in found] == [_outcome(decide_alone(pack, case)) for case in cases]
    assert len({str(_outcome(one)) for one in found}) > 1


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"birth_date": "2030-01-01"}, ()),
        ({"birth_date": "1980"}, ("birth_date",)),
        ({"birth_date": "1899-12-31"}, ("birth_date",)),
        ({"birth_date": None}, ("birth_date",)),
        ({"birth_date": ["1980-01-01"]}, ("birth_date",)),
        ({"payment_date": 20231105}, ("payment_date",)),
        ({"payment_date": "1800-01-01"}, ("payment_date",)),
        ({"registration_date": "2023-W45-7"}, ("registration_date",)),
        ({"hukou": "martian"}, ("hukou",)),
        ({"unheard_of": 1}, ("unheard_of",)),
        ({"label": 7}, ("label",)),
        ({"cash_receipt_no": ["1"]}, ("cash_receipt_no",)),
        ({"other_insurance": None}, ("other_insurance",)),
    ],
)
def test_one_persons_mistake_is_named_and_nobody_elses(changed: dict[str, Any], fact: tuple[str, ...]) -> None:
    before, mistaken, after = EqualCases(configured("luoshan-2024")).decide_all(
        [_farmer(), _farmer(**changed), _farmer()]
    )
    assert isinstance(mistaken, ValidationError)
    assert mistaken.errors()[0]["loc"][:1] == fact
    assert (_dues(before), _dues(after)) == (38_000, 38_000)


@pytest.mark.parametrize("order", [(True, 1), (1, True)])
def test_what_only_compares_equal_is_not_the_same(order: tuple[Any, Any]) -> None:
    found = EqualCases(configured("luoshan-2024")).decide_all([_farmer(residence_permit=value) for value in order])
    assert [_dues(one) is None for one in found] == [value is not True for value in order]


def test_each_childs_birth_is_held_against_its_own_parents() -> None:
    cases = [_farmer(birth_date=born, child_birth_date="1990-01-01") for born in ("1980-01-01", "1995-01-01")]
    parent, child = EqualCases(configured("luoshan-2024")).decide_all(cases)
    assert (_dues(parent), isinstance(child, ValidationError)) == (38_000, True)


def test_each_refund_is_judged_by_its_own_persons_cover() -> None:
    asked = {"refund_request": {"reason": "JOINED_EMPLOYEE_INSURANCE", "date": "2023-02-12"}}
    cases = [_farmer(registration_date="2023-01-05", payment_date=day, **asked) for day in ("2023-01-05", "2023-01-20")]
    found = EqualCases(configured("anon-city-2023")).decide_all(cases)
    refunds = [one.decision.refund for one in found if isinstance(one, DecidedCase)]
    assert [refund is not None and refund.allowed for refund in refunds] == [False, True]


def test_an_override_of_one_case_is_nobody_elses() -> None:
    cases = [
        _farmer(),
        _farmer(config_overrides={"individual_contribution": "100.00"}),
        _farmer(config_overrides={"benefit_year": 2025}),
    ]
    plain, cheap, misfit = EqualCases(configured("luoshan-2024")).decide_all(cases)
    assert (_dues(plain), _dues(cheap), isinstance(misfit, OverrideProblem)) == (38_000, 10_000, True)
