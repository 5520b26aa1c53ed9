"""The Chinese guides: their commands work as typed, in a season held at a day, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.journeys.held_season import HeldSeason
from tests.journeys.up_process import ROOT

GUIDES = ROOT / "docs" / "guides" / "zh"
_TYPED = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What stands in the last words that each guide prints.
ENDINGS = {
    "部门.md": '"withdrawn_on":"2023-10-21"',
    "乡镇.md": '"benefit_year":2024,"notices"',
    "支付机构.md": '"state":"PAID"',
    "财务.md": '"kind":"cash_refunds_under_way"',
    "运维.md": '"event": "serving"',
}


def test_every_guide_is_run() -> None:
    assert {path.name for path in GUIDES.glob("*.md")} == ENDINGS.keys()


def test_the_commands_of_the_guides_work_as_typed(held_season: HeldSeason, tmp_path: Path) -> None:
    for name, ending in ENDINGS.items():
        commands = "".join(_TYPED.findall((GUIDES / name).read_text(encoding="utf-8")))
        ended = held_season.typed(commands, tmp_path)
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
        assert ending in ended.stdout, name


@pytest.mark.parametrize("name", ENDINGS)
def test_links_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", (GUIDES / name).read_text(encoding="utf-8")):
        assert link.startswith("http") or (GUIDES / link).exists(), link
