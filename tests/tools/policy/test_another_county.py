"""docs/policy-packs.md, done to the letter for a county that does not exist."""

import json
from pathlib import Path

import pytest

from services.subsidy.resources import open_resources
from tests.harness.installation import Installation
from tests.tools.policy.test_commands import FARMER, typed

GUIDE = Path(__file__).parents[3] / "docs/policy-packs.md"
QINGHE = Path(__file__).parents[3] / "tests/shared/policy/counties"


def test_a_starting_pack_is_whole_from_the_start(tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path))
    assert typed("new", "pingyuan-2026", *folder)[0] == 0
    code, printed = typed("lint", "pingyuan-2026", *folder)
    assert (code, printed.splitlines()[-1]) == (0, "✓ pingyuan-2026")
    assert printed in (GUIDE.read_text(encoding="utf-8").replace("qinghe", "pingyuan")), (
        "the page shows what is printed"
    )
    assert "◀" in (tmp_path / "pingyuan-2026.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["pingyuan-2026", "../elsewhere", "Pingyuan", ""])
def test_no_pack_is_begun_over_another_or_outside_the_folder(tmp_path: Path, name: str) -> None:
    folder = ("--folder", str(tmp_path))
    typed("new", "pingyuan-2026", *folder)
    written = (tmp_path / "pingyuan-2026.yaml").read_bytes()
    assert typed("new", name, *folder)[0] == 2
    assert [file.name for file in tmp_path.iterdir()] == ["pingyuan-2026.yaml"]
    assert (tmp_path / "pingyuan-2026.yaml").read_bytes() == written


def test_qinghes_pack_stands_on_its_document_and_its_cases_agree(tmp_path: Path) -> None:
    folder = ("--folder", str(QINGHE))
    assert typed("lint", "qinghe-2026", *folder, "--documents", str(QINGHE)) == (
        0,
        "✓ qinghe-2026：16 处引文 clauses looked for\n",
    )
    code, printed = typed("test", "qinghe-2026", *folder)
    assert (code, "9 例" in printed) == (0, True)
    file = tmp_path / "cases.json"
    facts = FARMER | {"registration_date": "2025-11-05", "payment_date": "2025-11-05"}
    file.write_text(json.dumps([{"id": 1, "policy": "qinghe-2026", "facts": facts}]), encoding="utf-8")
    code, printed = typed("assess", str(file), "--explain", *folder)
    assert (code, "清政办〔2025〕18号" in printed) == (0, True)


def test_the_case_in_the_guide_is_decided(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(GUIDE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0], encoding="utf-8")
    code, printed = typed("assess", str(file), "--folder", str(QINGHE))
    assert (code, json.loads(printed)["answer"]["individual_due"]) == (0, "400.00")


def test_a_folder_of_ones_own_stands_before_the_packs_that_are_shipped(tmp_path: Path) -> None:
    assert typed("diff", "qinghe-2026", "luoshan-2024", "--folder", str(QINGHE))[0] == 1
    code, printed = typed("show", "qinghe-2025", "--folder", str(QINGHE))
    assert (code, "qinghe-2026" in printed, "luoshan-2024" in printed) == (1, True, True)


def test_an_installation_prices_by_a_pack_of_its_own(installation: Installation) -> None:
    settings = installation.with_settings(policy_folder=QINGHE, policy_pack="qinghe-2026").settings
    assert open_resources(settings).pack.document == "清政办〔2025〕18号"


def test_a_change_of_policy_is_simulated_on_the_same_people(tmp_path: Path) -> None:
    before = (QINGHE / "qinghe-2026.yaml").read_text(encoding="utf-8")
    (tmp_path / "qinghe-2026.yaml").write_text(before, encoding="utf-8")
    after = before.replace("id: qinghe-2026", "id: qinghe-plan").replace('fixed: "240.00"', 'fixed: "300.00"')
    after = after.replace('individual: "400.00"', 'individual: "420.00"')
    (tmp_path / "qinghe-plan.yaml").write_text(after, encoding="utf-8")
    facts = FARMER | {"registration_date": "2025-11-05", "payment_date": "2025-11-05"}
    people = [
        {"id": "farmer", "facts": facts},
        {"id": "aided", "facts": facts | {"categories": ["DIBAO"]}},
        {"id": "elsewhere", "facts": facts | {"hukou": "nonlocal"}},
    ]
    file = tmp_path / "people.json"
    file.write_text(json.dumps(people), encoding="utf-8")
    asked = ("--from", "qinghe-2026", "--to", "qinghe-plan", "--people", str(file), "--folder", str(tmp_path))
    code, printed = typed("simulate", *asked)
    assert code == 0
    assert "少缴 pay less 1，多缴 pay more 1，不变 the same 0" in printed
    assert "priced by neither 1" in printed
    assert "个人缴费合计 people pay -20.00 元" in printed
    assert "county_finance +60.00 元" in printed
    file.write_text(json.dumps([*people, {"id": "unsaid", "facts": {}}]), encoding="utf-8")
    code, printed = typed("simulate", *asked)
    assert (code, "未能判定 not decided 1 人" in printed) == (1, True)


def test_the_same_people_a_year_later_with_each_years_amounts(tmp_path: Path) -> None:
    """The days move with the year, the fiscal subsidy counts, and either side may have amounts of its own."""
    before = (QINGHE / "qinghe-2026.yaml").read_text(encoding="utf-8")
    (tmp_path / "qinghe-2026.yaml").write_text(before, encoding="utf-8")
    year = (
        before.replace("2026-", "2027-").replace("2025-", "2026-").replace("benefit_year: 2026", "benefit_year: 2027")
    )
    (tmp_path / "qinghe-2027.yaml").write_text(year.replace("id: qinghe-2026", "id: qinghe-2027"), encoding="utf-8")
    amounts = tmp_path / "amounts.yaml"
    amounts.write_text('individual_contribution: "430.00"\nfiscal_floor: "760.00"\n', encoding="utf-8")
    facts = FARMER | {"registration_date": "2025-11-05", "payment_date": "2025-11-05"}
    file = tmp_path / "people.json"
    file.write_text(json.dumps([{"id": "farmer", "facts": facts}]), encoding="utf-8")
    asked = ("--from", "qinghe-2026", "--to", "qinghe-2027", "--people", str(file), "--folder", str(tmp_path))
    code, printed = typed("simulate", *asked)
    assert (code, "移 +1 年" in printed, "不变 the same 1" in printed) == (0, True, True)
    code, printed = typed("simulate", *asked, "--to-overrides", str(amounts))
    assert (code, "people pay +30.00 元" in printed, "unsplit +60.00 元" in printed) == (0, True, True)
