"""The page of attacks and guards says what the tests say, and leaves no cell empty."""

from pathlib import Path

import pytest

from tests.harness.guard_table import PAGE, MarkNotUnderstood, marked, page
from tests.harness.guards import ATTACKS, DOES_NOT_APPLY, MECHANISMS, NOT_YET_COVERED, Mechanism

CELLS = {(attack, mechanism) for attack in ATTACKS for mechanism in MECHANISMS}


def test_the_page_is_what_the_tests_say() -> None:
    """Write it again: python -m tests.harness.guard_table."""
    assert PAGE.read_text(encoding="utf-8") == page(marked())


def test_every_cell_is_shown_or_does_not_apply_or_is_named_as_open() -> None:
    shown = set(marked())
    assert shown | set(DOES_NOT_APPLY) | NOT_YET_COVERED == CELLS
    assert shown & set(DOES_NOT_APPLY) == set(), "a test shows what does not apply"
    assert set(DOES_NOT_APPLY) & NOT_YET_COVERED == set()
    assert set(MECHANISMS) == set(Mechanism)


def test_nothing_is_open_that_a_test_shows() -> None:
    """Take the cell out of NOT_YET_COVERED."""
    assert set(marked()) & NOT_YET_COVERED == set()


def _tests(folder: Path, name: str, source: str) -> Path:
    (folder / "tests").mkdir()
    (folder / "tests" / name).write_text(source, encoding="utf-8")
    return folder


def test_marks_are_read_on_functions_and_methods_each_with_its_place(tmp_path: Path) -> None:
    mark = '@pytest.mark.guard("BOMB", mechanism="ALIPAY")\n'
    source = f"{mark}def test_one(): ...\nclass TestTwo:\n    {mark}    async def test_three(self): ...\n"
    ((place, found),) = marked(_tests(tmp_path, "test_x.py", source)).items()
    assert place == ("BOMB", Mechanism.ALIPAY)
    assert [(one.file, one.name) for one in found] == [
        ("tests/test_x.py", "test_one"),
        ("tests/test_x.py", "TestTwo::test_three"),
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("test_x.py", '@pytest.mark.guard("NO_SUCH", mechanism="ALIPAY")\ndef test_one(): ...\n'),
        ("test_x.py", '@pytest.mark.guard("BOMB", mechanism="PAYPAL")\ndef test_one(): ...\n'),
        ("test_x.py", '@pytest.mark.guard("BOMB", "ALIPAY")\ndef test_one(): ...\n'),
        ("test_x.py", '@pytest.mark.guard(BOMB, mechanism="ALIPAY")\ndef test_one(): ...\n'),
        ("test_x.py", '@pytest.mark.guard("BOMB", mechanism="ALIPAY")\ndef helper(): ...\n'),
        ("peer.py", '@pytest.mark.guard("BOMB", mechanism="ALIPAY")\ndef test_one(): ...\n'),
    ],
)
def test_a_mark_that_would_show_nothing_is_refused(tmp_path: Path, name: str, source: str) -> None:
    with pytest.raises(MarkNotUnderstood):
        marked(_tests(tmp_path, name, source))
