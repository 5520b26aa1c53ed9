"""A layout is data: those that canbao brings say that they are invented; one that leaves something open is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from services.payment.channels.layouts.catalogue import LayoutUnusable, declared_layouts, layout_named, read_layout
from tests.services.payment.layouts.invented_files import HARBIN, layout

WHOLE: dict[str, Any] = {
    "layout": "some-bank",
    "title_zh": "某银行",
    "title_en": "some bank",
    "invented": True,
    "source": "a test",
    "encoding": "gbk",
    "separator": "|",
    "names_files": "S{day}.txt",
    "channel": "BANK_COUNTER",
    "document_type": "RESIDENT_ID",
    "header": [{"name": "n", "is": "count"}, {"name": "t", "is": "total"}],
    "detail": [
        {"name": "d", "is": "day"},
        {"name": "s", "is": "sequence"},
        {"name": "p", "is": "document_number"},
        {"name": "a", "is": "amount"},
    ],
}


def written(**changes: Any) -> str:
    """The whole layout with changes; None takes a part out."""
    return yaml.safe_dump({name: value for name, value in (WHOLE | changes).items() if value is not None})


def test_every_layout_that_comes_with_canbao_says_that_it_is_invented() -> None:
    found = declared_layouts()
    assert set(found) == {"harbin-bank-day-end", "ccb-yunongtong-day-end", "tax-exchange-detail"}
    assert all(each.invented and "虚构" in each.title_zh and "虚构" in each.source for each in found.values())


def test_an_installation_brings_its_own_by_the_path_of_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(written(), "utf-8")
    assert layout_named(str(own)).layout == "some-bank"
    assert layout_named(HARBIN) is layout(HARBIN)


@pytest.mark.parametrize("name", ["no-such-layout", "../declared/harbin-bank-day-end", "/nowhere/own.yaml"])
def test_a_layout_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(LayoutUnusable):
        layout_named(name)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoding": "latin-1"}, "encoding"),
        ({"separator": None}, "width"),
        ({"header": None}, "count"),
        ({"header": [{"name": "n", "is": "count"}]}, "total"),
        ({"trailer": WHOLE["header"]}, "count"),
        ({"detail": WHOLE["detail"][:3]}, "amount"),
        ({"detail": [*WHOLE["detail"], {"name": "a2", "is": "amount"}]}, "same thing"),
        ({"detail": [*WHOLE["detail"], {"name": "d", "is": "ignored"}]}, "one name"),
        ({"detail": [*WHOLE["detail"], {"name": "n", "is": "count"}]}, "does not stand there"),
        ({"detail": [*WHOLE["detail"], {"name": "m", "is": "moment"}]}, "either a day or a moment"),
        ({"detail": [*WHOLE["detail"], {"name": "o", "is": "original"}]}, "original"),
        ({"detail": [*WHOLE["detail"], {"name": "k", "is": "kind"}]}, "codes"),
        ({"detail": [*WHOLE["detail"], {"name": "k", "is": "kind", "codes": {"GIFT": ["1"]}}]}, "GIFT"),
        (
            {"detail": [*WHOLE["detail"], {"name": "k", "is": "kind", "codes": {"PAYMENT": ["1"], "REVERSAL": ["1"]}}]},
            "one thing",
        ),
        ({"detail": [*WHOLE["detail"], {"name": "x", "is": "constant"}]}, "constant"),
        ({"channel": None}, "channel"),
        ({"document_type": None}, "type of document"),
        ({"names_files": "no day.txt"}, "names_files"),
        ({"names_files": "../{day}.txt"}, "names_files"),
        ({"more": "than is known"}, "more"),
        ({"columns_named": True, "separator": None}, "width"),
        ({"longest_line": 1 << 30}, "longest_line"),
    ],
)
def test_what_a_layout_leaves_open_or_says_twice_is_refused_when_it_is_loaded(
    changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(LayoutUnusable, match=said):
        read_layout(written(**changes), "own.yaml")


def test_what_is_no_yaml_or_no_mapping_is_refused() -> None:
    for text in ("a: [", "- 1", ""):
        with pytest.raises(LayoutUnusable):
            read_layout(text, "own.yaml")
