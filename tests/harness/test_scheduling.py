"""What is dear is built once: the tests that share it are one unit of work."""

import subprocess
import sys

import pytest

from tests.harness.processes import ROOT
from tests.harness.scheduling import unit_of


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/endpoints/test_regions.py::test_nothing_is_written_elsewhere[an order]", "test_regions"),
        ("tests/verify/test_breaks.py::test_a_break_is_found[x]", "verify"),
        ("tests/faults/test_servers_gone.py::test_x", "faults-ground"),
        ("tests/faults/test_stopped.py::test_x", "faults"),
        ("tests/journeys/test_up.py::TestOnce::test_what_is_generated_is_readable_by_its_owner_alone", "up"),
        ("tests/journeys/test_guides.py::test_the_commands_of_the_guides_work_as_typed", "held-season"),
        ("tests/journeys/test_readme.py::test_the_walk_through_works_as_typed", "held-season"),
    ],
)
def test_tests_that_share_something_dear_are_one_unit(test: str, unit: str) -> None:
    assert unit_of(test) == unit


@pytest.mark.parametrize(
    "test",
    [
        "tests/journeys/test_up.py::TestOnce::test_another_place_is_played_by_its_own_document[shantou-2022]",
        "tests/services/quota/test_targets.py::test_x",
    ],
)
def test_every_other_test_is_a_unit_of_its_own(test: str) -> None:
    assert unit_of(test) == test


def test_the_scheduler_sends_a_unit_to_one_worker() -> None:
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "-p", "no:cacheprovider"]
    named = ["tests/verify/test_render.py", "tests/shared/domain/test_money.py"]
    ended = subprocess.run([*command, *named], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line.split("]")[0] for line in ended.stdout.splitlines() if "PASSED tests/verify/" in line]
    assert len(lines) > 1
    assert len(set(lines)) == 1, ended.stdout
