"""What institutions are held to, at every boundary of the documents' own words."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy.institutions.answering import UnknownQuestion, answer_case
from shared.policy.institutions.coverage import Insured, evaluate
from shared.policy.institutions.deadlines import uninsured
from shared.policy.institutions.money import claim_totals, three_way
from shared.policy.institutions.receipts import may_issue, write_off
from shared.policy.loading import load_pack
from shared.policy.pack import Share
from shared.policy.vocabulary import Funder

ROOT = Path(__file__).parents[3]
_EQUAL = {"statement": {"persons": 50, "amount": "19000.00"}, "receipts": {"count": 50, "amount": "19000.00"}}
_BATCH = {"notice_serial": "ZJ1", "slip": "19000.00", "exchange_detail": {"persons": 50, "amount": "19000.00"}}


@pytest.mark.parametrize(
    ("policy", "asked", "expected"),
    [
        # 附件：任务数
        ("luoshan-2024", {"town": "铁铺", "insured": 12035}, {"completion_percent": "100.00", "over": 0}),
        ("luoshan-2024", {"town": "楠杆", "insured": 0}, {"completion_percent": "0.00", "remaining": 39057}),
        ("luoshan-2024", {"town": "东铺", "insured": 40130}, {"completion_percent": "95.00", "remaining": 2112}),
        # 超过95%：恰好95%不够；95%以上：恰好95%够（默认3）
        ("anon-city-2023", {"residents": 10000, "insured": 9500}, {"coverage_percent": "95.00", "met": False}),
        ("anon-city-2023", {"residents": 10000, "insured": 9501}, {"coverage_percent": "95.01", "met": True}),
        ("tonghe-2023", {"residents": 10000, "insured": 9500}, {"met": True}),
        ("tonghe-2023", {"residents": 100000, "insured": 94999}, {"coverage_percent": "95.00", "met": False}),
        ("tonghe-2023", {"residents": 100, "insured": 96, "insured_last_year": 97}, {"met": False}),
        ("tonghe-2023", {"residents": 100, "insured": 96, "insured_last_year": 96}, {"met": True}),
        ("shantou-2022", {"residents": 1000, "insured": 990}, {"coverage_percent": "99.00", "met": True}),
        ("shantou-2022", {"residents": 1000, "insured": 989}, {"met": False}),
        (
            "anon-city-2023",
            {"residents": 100, "insured": 99, "subsidised": 10, "subsidised_insured": 9},
            {"met": False, "checks": {"coverage": True, "subsidised": False}},
        ),
        # 票、款一致
        ("luoshan-2024", _EQUAL | {"deposit_slip": "19000.00"}, {"match": True, "difference": {}}),
        ("luoshan-2024", _EQUAL | {"deposit_slip": "19000.01"}, {"match": False, "difference": {"deposit": "0.01"}}),
        (
            "luoshan-2024",
            {"statement": {"persons": 49, "amount": "19000.00"}, "receipts": {"count": 50, "amount": "19000.00"},
             "deposit_slip": "19000.00"},
            {"match": False, "difference": {"persons": -1}, "next": "HELD"},
        ),
        (
            "luoshan-2024",
            {"statement": {"persons": 50, "amount": "19000.00"}, "receipts": {"count": 51, "amount": "19380.00"},
             "deposit_slip": "19000.00"},
            {"difference": {"receipts": "380.00"}},
        ),
        # 上解
        ("luoshan-2024", _BATCH, {"treasury_amount": "19000.00", "tax_certificate": True, "refunds": []}),
        (
            "luoshan-2024",
            _BATCH | {"exchange_detail": {"persons": 49, "amount": "18620.00"}},
            {"treasury_amount": "0.00", "tax_certificate": False, "batch_state": "HELD"},
        ),
        ("luoshan-2024", _BATCH | {"notice_serial": ""}, {"tax_certificate": False, "reason_code": "SERIAL_REQUIRED"}),
        # 收据核销
        ("luoshan-2024", {"issued": [1, 100], "used": [1, 99]}, {"write_off": False, "unaccounted": 1}),
        (
            "luoshan-2024",
            {"issued": [1, 100], "used": [1, 60], "returned": [60, 100]},
            {"write_off": False, "unaccounted": 0, "twice": 1},
        ),
        ("luoshan-2024", {"issued": [1, 100], "used": [1, 101]}, {"write_off": False, "foreign": 1}),
        # 12月30日前完成修改
        ("luoshan-2024", {"correction_date": "2023-12-30"}, {"decision": "ACCEPT", "reason_code": None}),
        ("luoshan-2024", {"correction_date": "2023-12-31"}, {"decision": "REJECT", "reason_code": "DATA_FROZEN"}),
        (
            "luoshan-2024",
            {"correction_date": "2023-12-31", "override": {"by": "county_bureau", "reason": "系统故障"}},
            {"decision": "ACCEPT"},
        ),
        # 财政补助与动态清零
        ("luoshan-2024", {"insured": 1000}, {"unsplit": "640000.00", "total": "640000.00"}),
        ("shantou-2022", {"insured": 1}, {"central": "464.00", "province": "116.00", "total": "580.00"}),
        (
            "shantou-2022",
            {"check_date": "2022-01-16", "subsidised": 800, "paid": 800},
            {"cleared": True, "remaining": 0, "overdue": False},
        ),
        ("shantou-2022", {"check_date": "2022-01-15", "subsidised": 800, "paid": 798}, {"overdue": False}),
        ("shantou-2022", {"check_date": "2022-01-16", "subsidised": 800, "paid": 798}, {"overdue": True}),
    ],
)  # fmt: skip
def test_a_question_is_answered_as_the_document_says(
    policy: str, asked: dict[str, Any], expected: dict[str, Any]
) -> None:
    answered = answer_case(load_pack(policy), asked)
    assert {key: answered[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        ("luoshan-2024", {"town": "罗马", "insured": 1}),
        ("shantou-2022", {"town": "铁铺", "insured": 1}),
        ("tonghe-2023", {"insured": 1}),
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
        {"correction_date": "2023-12-31", "override": {"by": "a village", "reason": "x"}},
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
    listed = [number for first, last in parts for number in range(first, last + 1)]
    assert write_off((1, size), parts).complete == (sorted(listed) == list(range(1, size + 1)))


def test_only_a_collector_whose_entrustment_is_in_force_issues_a_receipt() -> None:
    begins, ends = date(2023, 10, 1), date(2023, 12, 30)
    days = (date(2023, 9, 30), begins, ends, date(2023, 12, 31))
    assert [may_issue(begins, ends, day) for day in days] == [False, True, True, False]
    assert may_issue(begins, None, date(2030, 1, 1))


def test_lists_and_claims_name_each_once() -> None:
    assert uninsured(["b", "a", "b", "c"], ["c"]) == ["a", "b"]
    shares = [Share(Funder.CITY_FINANCE, 175), Share(Funder.TOWN_FINANCE, 175), Share(Funder.CITY_FINANCE, 350)]
    assert claim_totals(shares) == {Funder.CITY_FINANCE: 525, Funder.TOWN_FINANCE: 175}


def test_the_targets_of_the_pack_are_those_that_the_county_enters() -> None:
    entered = yaml.safe_load((ROOT / "deploy/counties/luoshan-2024/targets.yaml").read_text(encoding="utf-8"))
    targets = dict(load_pack("luoshan-2024").evaluation.targets)
    assert targets == {town["name"]: town["target"] for town in entered["towns"]}
    assert sum(targets.values()) == entered["declared_total"] == 642_656
