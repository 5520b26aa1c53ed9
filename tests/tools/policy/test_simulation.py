"""What a change costs: a person admitted or turned away counts with all of their contribution and their aid."""

from pathlib import Path

import pytest

from shared.policy.equal_cases import DecidedCase, decide_alone
from shared.policy.loader import load_pack
from shared.policy.vocabulary import Funder
from tests.tools.policy.test_commands import FARMER
from tools.policy.case_lines import CaseLine
from tools.policy.simulation import change, effect_lines

AMOUNTS = Path(__file__).parents[3] / "deploy/counties/luoshan-2024/example-amounts.yaml"


def _decided(overrides: Path | None) -> CaseLine:
    pack = load_pack("luoshan-2024", overrides=overrides)
    found = decide_alone(pack, FARMER | {"categories": ["DIBAO"]})
    assert isinstance(found, DecidedCase)
    return CaseLine("aided", pack.id, found)


@pytest.mark.parametrize("sign", [1, -1])
def test_somebody_held_on_one_side_counts_whole_on_the_other(sign: int) -> None:
    held, priced = _decided(None), _decided(AMOUNTS)
    found = change([(held, priced) if sign > 0 else (priced, held)])
    assert (found.admitted, found.turned_away) == ((1, 0) if sign > 0 else (0, 1))
    assert found.people_fen == sign * 18_000
    assert found.funders == {Funder.COUNTY_FINANCE: sign * 20_000, Funder.UNSPLIT: sign * 64_000}


def test_who_is_held_on_both_sides_is_not_called_the_same_and_who_cannot_be_decided_is_named() -> None:
    held, refused = (
        _decided(None),
        CaseLine("newborn", "luoshan-2024", error={"code": "MISSING_FACT", "detail": "缺少"}),
    )
    found = change([(held, held), *[(held, refused)] * 21])
    assert (found.compared, found.same, found.neither, found.not_decided) == (1, 0, 1, 21)
    assert list(effect_lines(found))[1:22] == ["  newborn：缺少"] * 20 + ["  …另有 1 人 · and others"]
