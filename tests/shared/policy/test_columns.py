"""Columns decide as person by person: for every pack, whatever is told, and whatever is wrong with it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy.assessing import decided
from shared.policy.columns import ColumnsDiffer, Mistake, assess_columns
from shared.policy.decide import Decision
from shared.policy.facts import MissingFact
from shared.policy.pack import Pack
from shared.policy.question import CaseFacts
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
    def told(case: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
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

    return told


def _alone(pack: Pack, case: dict[str, Any]) -> Decision | Mistake:
    told: dict[str, Any] = {"payment_date": None}
    for name, value in case.items():
        outer, _, inner = name.partition(".")
        if value is not None and inner:
            told.setdefault(outer, {})[inner] = value
        elif value is not None:
            told[outer] = list(value) if isinstance(value, tuple) else value
    try:
        return decided(pack, CaseFacts.model_validate(told))
    except ValidationError as error:
        return Mistake(".".join(map(str, error.errors()[0]["loc"])), error.errors()[0]["msg"])
    except MissingFact as missing:
        return Mistake(missing.name, str(missing))


@pytest.mark.parametrize("pack_id", PACKS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_columns_decide_as_person_by_person(pack_id: str, data: st.DataObject) -> None:
    pack = configured(pack_id)
    cases = data.draw(_cases(pack))
    found = assess_columns(pack, {name: [case[name] for case in cases] for name in cases[0]}, {})

    for case, number in zip(cases, found.numbers, strict=True):
        assert found.answers[number] == _alone(pack, case)


def _columns(size: int, **changed: Any) -> dict[str, list[Any]]:
    day = date(2023, 11, 5)
    same = {"birth_date": date(1980, 1, 1), "registration_date": day, "payment_date": day, "hukou": "local"}
    same |= {"residence": "in_area_long_term", "other_insurance.type": "none", "channel": "WECHAT"}
    return {name: [value] * size for name, value in (same | changed).items()}


def test_many_people_come_down_to_what_rules_distinguish() -> None:
    columns = _columns(10_000)
    columns["birth_date"] = [date(1950, 1, 1) + timedelta(place) for place in range(10_000)]
    columns["payment_date"] = [date(2023, 10, 1) + timedelta(place % 90) for place in range(10_000)]
    found = assess_columns(configured("luoshan-2024"), columns, {})
    assert set(found.due_fen()) == {38_000}
    assert len({id(answer.terms) for answer in found.answers if isinstance(answer, Decision)}) <= 3


def test_what_holds_for_all_need_not_be_a_column() -> None:
    columns = _columns(3)
    same = {name: columns.pop(name)[0] for name in ("hukou", "residence", "registration_date")}
    pack = configured("luoshan-2024")
    assert assess_columns(pack, columns, same).due_fen() == assess_columns(pack, _columns(3), {}).due_fen()


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"birth_date": date(2030, 1, 1)}, ""),
        ({"birth_date": "1980"}, "birth_date"),
        ({"birth_date": date(1899, 12, 31)}, "birth_date"),
        ({"birth_date": None}, "birth_date"),
        ({"payment_date": 20231105}, "payment_date"),
        ({"payment_date": date(1800, 1, 1)}, "payment_date"),
        ({"hukou": "martian"}, "hukou"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"other_insurance.type": None}, "other_insurance"),
    ],
)
def test_one_persons_mistake_is_named_and_nobody_elses(changed: dict[str, Any], fact: str) -> None:
    columns = _columns(3)
    for name, value in changed.items():
        columns.setdefault(name, [None] * 3)
        columns[name] = [columns[name][0], value, columns[name][2]]
    found = assess_columns(configured("luoshan-2024"), columns, {})
    mistake = found.answers[found.numbers[1]]
    assert isinstance(mistake, Mistake)
    assert mistake.fact == fact
    assert list(found.due_fen()) == [38_000, -1, 38_000]


@pytest.mark.parametrize("order", [(True, 1), (1, True)])
def test_what_only_compares_equal_is_not_the_same(order: tuple[Any, Any]) -> None:
    columns = _columns(2) | {"residence_permit": list(order)}
    found = assess_columns(configured("luoshan-2024"), columns, {})
    assert [due == -1 for due in found.due_fen()] == [value is not True for value in order]


def test_each_refund_is_judged_by_its_own_persons_cover() -> None:
    pack = configured("anon-city-2023")
    days = [date(2023, 1, 5), date(2023, 1, 20)]
    asked = {"refund_request.reason": "JOINED_EMPLOYEE_INSURANCE", "refund_request.date": date(2023, 2, 12)}
    columns = _columns(2, registration_date=date(2023, 1, 5), **asked) | {"payment_date": days}
    found = assess_columns(pack, columns, {})
    refunds = [found.answers[number] for number in found.numbers]
    assert [isinstance(each, Decision) and each.refund and each.refund.allowed for each in refunds] == [False, True]


def test_columns_of_different_length_or_without_days_are_refused() -> None:
    pack = configured("luoshan-2024")
    with pytest.raises(ColumnsDiffer, match="rows"):
        assess_columns(pack, _columns(3) | {"hukou": ["local"]}, {})
    columns = _columns(3)
    del columns["payment_date"]
    with pytest.raises(ColumnsDiffer, match="payment_date"):
        assess_columns(pack, columns, {})
    with pytest.raises(ColumnsDiffer, match="rows"):
        assess_columns(pack, {}, {})
