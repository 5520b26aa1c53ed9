"""``canbao policy``: cases are decided or refused by name, packs are listed, shown and checked."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from shared.policy.loader import PACKS
from shared.policy.vocabulary import EnrolmentStatus, Funder, ReasonCode
from tools.cli import app
from tools.policy import words

FARMER: dict[str, Any] = {
    "birth_date": "1980-05-01",
    "hukou": "local",
    "residence": "in_area_long_term",
    "other_insurance": {"type": "none"},
    "registration_date": "2023-11-05",
    "payment_date": "2023-11-05",
    "channel": "WECHAT",
}


def typed(*arguments: str) -> tuple[int, str]:
    """Type a command; its exit code and all that it printed."""
    result = CliRunner().invoke(app, ["policy", *arguments], env={"COLUMNS": "300"})
    return result.exit_code, result.output


def assessed(folder: Path, *cases: Any) -> tuple[int, list[dict[str, Any]]]:
    """What ``assess`` prints for these cases."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases, ensure_ascii=False), encoding="utf-8")
    code, printed = typed("assess", str(file))
    return code, [json.loads(line) for line in printed.splitlines()]


def case(policy: str = "luoshan-2024", **facts: Any) -> dict[str, Any]:
    """A farmer's case with what a test wants otherwise; an ellipsis takes a fact away."""
    asked = {name: value for name, value in (FARMER | facts).items() if value is not ...}
    return {"id": "x", "policy": policy, "facts": asked}


class TestAssess:
    def test_each_case_is_one_line_in_its_order(self, tmp_path: Path) -> None:
        code, (first, second) = assessed(tmp_path, case(), case("shantou-2022", payment_date="2021-10-20"))
        assert code == 0
        assert (first["policy"], first["answer"]["individual_due"]) == ("luoshan-2024", "380.00")
        assert second["answer"]["fiscal_subsidy"]["shares"] == {"central": "464.00", "province": "116.00"}

    @pytest.mark.parametrize(
        ("facts", "code", "pointer"),
        [
            ({"birth_date": ...}, "MISSING_FACT", "/birth_date"),
            ({"payment_date": ...}, "MISSING_FACT", "/payment_date"),
            ({"shoe_size": 42}, "UNKNOWN_FACT", "/shoe_size"),
            ({"birth_date": "1980-02-30"}, "MALFORMED_FACT", "/birth_date"),
            ({"birth_date": 19800501}, "MALFORMED_FACT", "/birth_date"),
            ({"newborn": "yes"}, "MALFORMED_FACT", "/newborn"),
            ({"hukou": "mars"}, "MALFORMED_FACT", "/hukou"),
            ({"categories": ["RICH"]}, "MALFORMED_FACT", "/categories/0"),
            ({"categories": ["AGE_70_PLUS"]}, "CONTRADICTORY_FACTS", "/categories/0"),
            ({"birth_date": "2024-01-01"}, "CONTRADICTORY_FACTS", ""),
            ({"age_days_at_registration": 3}, "CONTRADICTORY_FACTS", ""),
            ({"missed_years": [2025], "enrolled_years": [2025]}, "CONTRADICTORY_FACTS", ""),
            ({"newborn": True}, "CONTRADICTORY_FACTS", ""),
            ({"death_date": "2023-11-04"}, "CONTRADICTORY_FACTS", ""),
            ({"child_birth_date": "1980-05-01"}, "CONTRADICTORY_FACTS", ""),
            (
                {"config_overrides": {"window": ["2022-01-01", "2022-02-01"]}},
                "OVERRIDE_DOES_NOT_FIT",
                "/config_overrides/benefit_year",
            ),
            ({"amount_tendered": 380.0}, "CONTRADICTORY_FACTS", "/amount_tendered"),
            ({"amount_tendered": "380.001"}, "CONTRADICTORY_FACTS", "/amount_tendered"),
            ({"other_insurance": {"type": "employee"}}, "CONTRADICTORY_FACTS", "/other_insurance"),
            ({"config_overrides": {"benefit_year": 2025}}, "OVERRIDE_DOES_NOT_FIT", "/config_overrides/benefit_year"),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_named_on_its_line_and_stops_nobody(
        self, tmp_path: Path, facts: dict[str, Any], code: str, pointer: str
    ) -> None:
        exit_code, (refused, decided) = assessed(tmp_path, case(**facts), case())
        assert exit_code == 1
        assert (refused["error"]["code"], refused["error"]["pointer"]) == (code, pointer)
        assert " · " in refused["error"]["detail"]
        assert decided["answer"]["decision"] == "ACCEPT"

    def test_a_fact_that_only_one_rule_needs_is_asked_for_by_it(self, tmp_path: Path) -> None:
        facts = {"categories": ["FP_ONLY_CHILD_CERT"], "payment_date": "2021-10-20", "registration_date": "2021-10-20"}
        code, (refused,) = assessed(tmp_path, case("shantou-2022", **facts, agricultural_before_20150701=True))
        assert (code, refused["error"]["code"], refused["error"]["pointer"]) == (1, "MISSING_FACT", "/child_birth_date")

    def test_the_months_of_employee_insurance_are_asked_for_where_a_rule_counts_them(self, tmp_path: Path) -> None:
        left = {"type": "employee", "status": "ended", "paid_through": "2021-12-31"}
        day = {"payment_date": "2022-02-10", "registration_date": "2022-02-10"}
        _, (asked, stated) = assessed(
            tmp_path,
            case("shantou-2022", other_insurance=left, **day),
            case("shantou-2022", other_insurance=left | {"continuous_months": 24}, **day),
        )
        assert asked["error"]["pointer"] == "/other_insurance/continuous_months"
        assert stated["answer"]["decision"] == "ACCEPT"

    def test_a_misspelt_fact_is_named_before_the_one_it_hides(self, tmp_path: Path) -> None:
        _, (refused,) = assessed(tmp_path, case(birth_date=..., birthdate="1980-05-01"))
        assert (refused["error"]["code"], refused["error"]["pointer"]) == ("UNKNOWN_FACT", "/birthdate")
        assert "是否 birth_date" in refused["error"]["detail"]

    def test_a_pack_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        code, (refused, odd) = assessed(tmp_path, case("atlantis-2024", shoe_size=42), "no case")
        assert (code, refused["error"]["code"], odd["error"]["code"]) == (1, "UNKNOWN_POLICY", "MALFORMED_CASE")

    @pytest.mark.parametrize(
        ("window", "accepted"),
        [
            (["2025-09-01", "2025-12-31"], True),
            (["2025-09-01", "2026-06-30"], True),
            (["2025-09-01", "2027-01-31"], False),
            (["2024-12-31", "2025-12-31"], False),
        ],
    )
    def test_a_window_belongs_to_its_benefit_year(self, tmp_path: Path, window: list[str], accepted: bool) -> None:
        facts = {"registration_date": "2025-11-01", "payment_date": "2025-11-01"}
        asked = case("national-2025", config_overrides={"benefit_year": 2026, "window": window}, **facts)
        _, (line,) = assessed(tmp_path, asked)
        assert ("answer" in line) is accepted
        assert accepted or line["error"]["pointer"] == "/config_overrides/window"

    def test_what_is_impossible_is_said_in_both_languages(self, tmp_path: Path) -> None:
        _, (line,) = assessed(tmp_path, case(missed_years=[2025], enrolled_years=[2025]))
        detail = "2025年既断保又参保 · 2025 is both missed and insured; 核对 missed_years · check missed_years"
        assert line["error"]["detail"] == detail

    @pytest.mark.parametrize("text", ["[" * 100_000, "{", '{"id": 1}', '[{"id": 1, "id": 2}]', "\udc80"])
    def test_a_file_that_holds_no_cases_is_refused_whole(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "cases.json"
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        code, printed = typed("assess", str(file))
        assert (code, str(file) in printed) == (2, True)

    def test_reasons_are_given_in_chinese_with_their_clause(self, tmp_path: Path) -> None:
        file = tmp_path / "cases.json"
        file.write_text(json.dumps([case(categories=["DIBAO"])]), encoding="utf-8")
        code, printed = typed("assess", str(file), "--explain")
        assert code == 0
        assert "暂缓，资助金额未配置（SUBSIDY_AMOUNT_NOT_CONFIGURED）" in printed
        assert "✓ 个人缴费标准每人380元〔罗政办〔2023〕52号 一、筹资标准：“个人缴费标准为每人 380 元”〕" in printed

    def test_aid_waits_and_refunds_are_given_in_chinese_too(self, tmp_path: Path) -> None:
        file = tmp_path / "cases.json"
        asked = {"date": "2023-12-15", "reason": "JOINED_EMPLOYEE_INSURANCE"}
        dibao = {"DIBAO": {"type": "fixed", "amount": "200.00", "funder": "county_finance"}}
        aided = case(categories=["DIBAO"], config_overrides={"subsidies": dibao}, refund_request=asked)
        late = case("anon-city-2023", registration_date="2023-01-05", payment_date="2023-01-05")
        late["facts"]["config_overrides"] = {"individual_contribution": "350.00"}
        file.write_text(json.dumps([aided, late]), encoding="utf-8")
        code, printed = typed("assess", str(file), "--explain")
        assert code == 0
        assert "  个人应缴 180.00 元；资助：县级财政 200.00 元\n" in printed
        assert "  退费：退还个人 180.00 元；退回资助：县级财政 200.00 元；参保状态：终止\n" in printed
        assert "  等待 30天（LATE_PAYMENT）\n" in printed
        assert "〔默认规则 14〕" in printed
        assert printed.startswith("✓ 据此判定　✗ 试过而不适用\n")

    def test_every_code_has_a_name(self) -> None:
        assert (set(words.REASONS), set(words.FUNDERS)) == (set(ReasonCode), set(Funder))
        assert set(words.STATUSES) == set(EnrolmentStatus)


def test_questions_to_institutions_are_answered_or_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    asked = [
        {"id": 1, "policy": "luoshan-2024", "given": {"town": "灵山", "insured": 20700}},
        {"id": 2, "policy": "luoshan-2024", "given": {"town": "灵山", "insured": -1}},
        {"id": 3, "policy": "luoshan-2024", "given": {"weather": "fine"}},
        {"id": 4, "policy": "atlantis", "given": {"insured": 1}},
        {"id": 5},
    ]
    file.write_text(json.dumps(asked), encoding="utf-8")
    code, printed = typed("institutions", str(file))
    first, *refused = [json.loads(line) for line in printed.splitlines()]
    assert code == 1
    assert (first["answer"]["completion_percent"], first["answer"]["over"]) == ("100.18", 37)
    assert [line["error"]["code"] for line in refused] == [
        "MALFORMED_FACT", "UNKNOWN_QUESTION", "UNKNOWN_POLICY", "MALFORMED_CASE",
    ]  # fmt: skip


def test_the_worked_cases_of_every_pack_agree() -> None:
    code, printed = typed("test")
    assert (code, printed.count("✓")) == (0, 5)


def test_packs_are_listed_and_shown_with_their_clauses() -> None:
    assert "luoshan-2024" in typed("list")[1]
    code, printed = typed("show", "tonghe-2023", "--clause")
    assert code == 0
    assert "出生" in printed
    assert "“特困人员、孤儿、事实无人抚养儿童参加城乡居民医保个人不用缴费，由政府给予全额资助”" in printed
    assert typed("show", "atlantis-2024")[0] == 1


def test_two_packs_are_compared_value_by_value() -> None:
    code, printed = typed("diff", "luoshan-2024", "shantou-2022")
    lines = printed.splitlines()
    assert code == 1
    assert "standards.0.individual_fen: 38000 → 32000" in lines
    assert "reliefs.DIBAO.kind: open → fixed" in lines
    assert typed("diff", "luoshan-2024", "luoshan-2024") == (0, "")


def test_two_packs_differ_by_the_order_that_decides_between_equals(tmp_path: Path) -> None:
    text = (PACKS / "tonghe-2023.yaml").read_text(encoding="utf-8")
    orphan, tekun = "  - {identity: ORPHAN, full: true,", "  - {identity: FACTUAL_ORPHAN, full: true,"
    assert orphan in text
    swapped = text.replace(orphan, "  - {identity: HERE, full: true,").replace(tekun, orphan)
    swapped = swapped.replace("  - {identity: HERE, full: true,", tekun).replace("id: tonghe-2023", "id: other-2023")
    (tmp_path / "other-2023.yaml").write_text(swapped, encoding="utf-8")
    code, printed = typed("diff", "tonghe-2023", "other-2023", "--folder", str(tmp_path))
    (order,) = [line for line in printed.splitlines() if line.startswith("reliefs")]
    assert code == 1
    assert order.startswith("reliefs.order: TEKUN、ORPHAN、FACTUAL_ORPHAN")


def test_every_pack_and_overrides_file_fits_the_schema_that_editors_read() -> None:
    root = Path(__file__).parents[3]
    for schema, files in (
        ("pack", PACKS.glob("*.yaml")),
        ("overrides", (root / "deploy/counties").rglob("*amounts.yaml")),
    ):
        rules = json.loads((root / f"docs/policy/{schema}.schema.json").read_text(encoding="utf-8"))
        for file in files:
            # A YAML file is written by people: its dates are dates there, and text in JSON.
            values = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str))
            Draft202012Validator(rules).validate(values)


def test_cases_are_assessed_with_a_countys_own_amounts(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case(categories=["DIBAO"])]), encoding="utf-8")
    amounts = Path(__file__).parents[3] / "deploy/counties/luoshan-2024/example-amounts.yaml"
    code, printed = typed("assess", str(file), "--overrides", str(amounts))
    assert (code, json.loads(printed)["answer"]["individual_due"]) == (0, "180.00")
