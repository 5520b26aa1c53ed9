"""What institutions are held to, at every boundary of the documents' own words."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy import institutions
from shared.policy.institutions.answers import UnknownQuestion, answer_case
from shared.policy.institutions.coverage import Insured, evaluate
from shared.policy.institutions.money import confirm, most_due, three_way
from shared.policy.institutions.receipts import write_off
from shared.policy.institutions.rosters import RosterMember, aggregate
from shared.policy.institutions.worked_cases import InstitutionCase, institution_cases
from shared.policy.loader import load_pack
from shared.policy.overrides import with_overrides
from shared.policy.schema import OverridesEntry
from tests.shared.policy.everywhere import PACKS

ROOT = Path(__file__).parents[3]
CASES = [(pack_id, case) for pack_id in PACKS for case in institution_cases(pack_id)]
_EQUAL = {"statement": {"persons": 50, "amount": "19000.00"}, "receipts": {"count": 50, "amount": "19000.00"}}


@pytest.mark.parametrize(("pack_id", "case"), CASES, ids=lambda each: getattr(each, "id", each))
def test_a_question_is_answered_as_the_document_says(pack_id: str, case: InstitutionCase) -> None:
    assert case.disagreements(load_pack(pack_id)) == {}


def test_no_two_questions_have_one_name() -> None:
    assert len({(pack_id, case.id) for pack_id, case in CASES}) == len(CASES) >= 55


@pytest.mark.parametrize(("pack_id", "case"), CASES, ids=lambda each: getattr(each, "id", each))
def test_a_case_is_decided_by_the_function_that_it_names(pack_id: str, case: InstitutionCase) -> None:
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        name = frame.f_globals.get("__name__", "")
        if event == "call" and name.startswith(institutions.__name__):
            called.add(f"{name.rpartition('.')[2]}.{frame.f_code.co_name}")

    pack, before = load_pack(pack_id), sys.getprofile()
    sys.setprofile(note)
    try:
        answer_case(pack, case.given)
    finally:
        sys.setprofile(before)
    deciding = {name for name in called if name.partition(".")[0] not in ("answers", "question")}
    assert case.by in deciding if case.by else deciding == set()


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        ("luoshan-2024", {"town": "罗马", "insured": 1}),
        ("shantou-2022", {"town": "铁铺", "insured": 1}),
        ("luoshan-2024", {"weather": "fine"}),
        ("luoshan-2024", {}),
    ],
)
def test_what_a_document_does_not_say_is_not_answered(policy: str, asked: dict[str, Any]) -> None:
    with pytest.raises(UnknownQuestion):
        answer_case(load_pack(policy), asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"town": "铁铺", "insured": -1},
        {"town": "铁铺", "insured": "1"},
        {"town": "铁铺", "insured": 1, "rank": 1},
        _EQUAL | {"deposit_slip": 19000},
        {"issued": [100, 1]},
        {"issued": [1, 100], "voided": [[5, 4]]},
        {"issued": [1, 100], "villages": [{"issued": [1, 50], "lost": [1, 2]}]},
        {"correction_date": "2023-12-31", "override": {"by": 7, "reason": "x"}},
        {"town": "铁铺", "insured": 1, "config_overrides": {"individual_contribution": 380}},
        {"issued": [1, 100], "villages": [{"issued": [1, 50], "label": "only the question has one"}]},
    ],
)
def test_facts_of_the_wrong_shape_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer_case(load_pack("luoshan-2024"), asked)


def test_what_nobody_counted_is_not_judged() -> None:
    rule = load_pack("tonghe-2023").evaluation
    assert evaluate(rule, Insured(insured=5)).reasons == ()
    assert [reason.code for reason in evaluate(rule, Insured(5, residents=5)).reasons] == ["COVERAGE"]


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_three_accounts_agree_or_each_difference_is_named(statement: int, receipts: int, deposit: int) -> None:
    differing = three_way(statement, receipts, deposit)
    assert (differing == {}) == (statement == receipts == deposit)
    assert all(differing.values())


@given(st.integers(1, 50), st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9)), max_size=5))
def test_a_book_is_complete_only_if_each_number_stands_in_one_place(size: int, spans: list[tuple[int, int]]) -> None:
    parts = [(first, first + more) for first, more in spans]
    times = Counter(number for first, last in parts for number in range(first, last + 1))
    issued = range(1, size + 1)
    found = write_off((1, size), parts)
    assert found.unaccounted == sum(number not in times for number in issued)
    assert found.twice == sum(count > 1 for count in times.values())
    assert found.foreign == sum(number not in issued for number in times)
    assert found.complete == (times == Counter(issued))


def test_a_book_of_any_size_is_accounted_for_at_once() -> None:
    assert write_off((1, 10**15), [(1, 10**15 - 7)]).unaccounted == 7


def test_the_most_that_anybody_may_owe_counts_newborns_of_two_years() -> None:
    assert {pack_id: most_due(load_pack(pack_id)) for pack_id in PACKS} == {
        "luoshan-2024": 38_000,
        "anon-city-2023": None,
        "tonghe-2023": 99_000,
        "shantou-2022": 32_000,
        "national-2025": 40_000,
    }
    given = OverridesEntry(benefit_year=2027, individual_contribution="400.00")
    later = with_overrides(load_pack("national-2025"), given, name="test")
    assert most_due(later) == 3 * 40_000, "two earlier years can be bought beside it"
    tonghe = load_pack("tonghe-2023")
    assert most_due(replace(tonghe, standards=tonghe.standards[:1])) == 73_000


@given(st.integers(10**6, 10**9), st.integers(-10, 120_000), st.integers(0, 3), st.integers(0, 30_000))
def test_what_leaves_the_account_is_what_was_paid_in_and_failures_explain_no_more(
    slip: int, missing: int, failed: int, persons: int
) -> None:
    confirmed = confirm(slip, slip - missing, persons, failed, 38_000)
    explained = failed <= missing <= failed * 38_000
    assert (confirmed is not None) == (explained and slip - missing <= persons * 38_000)
    if confirmed is not None:
        assert confirmed.treasury_fen + confirmed.back_fen == slip


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from([None, *"甲乙丙"]), st.sampled_from("12"))))
def test_every_row_stands_or_goes_back_and_nobody_stands_twice(listed: list[tuple[str, str | None, str]]) -> None:
    rows = [RosterMember(source, number, person, identity) for number, (source, person, identity) in enumerate(listed)]
    found = aggregate(rows)
    assert sorted([*found.rows, *(each.row for each in found.returned)], key=lambda row: row.number) == rows
    assert len({(row.person, row.identity) for row in found.rows}) == len(found.rows)
    assert found.people().keys() == {person for _, person, _ in listed} - {None}
    for each in found.returned:
        stands = each.stands
        assert (stands is None) == (each.row.person is None)
        assert stands is None or (stands in found.rows and stands.number < each.row.number)


def test_the_targets_of_the_pack_are_those_that_the_county_enters() -> None:
    entered = yaml.safe_load((ROOT / "deploy/counties/luoshan-2024/targets.yaml").read_text(encoding="utf-8"))
    targets = dict(load_pack("luoshan-2024").evaluation.targets)
    assert targets == {town["name"]: town["target"] for town in entered["towns"]}
    assert sum(targets.values()) == entered["declared_total"] == 642_656
