"""The locks: every version pinned by hash, and no word about where it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def pins(name: str) -> dict[str, str]:
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["run", "test"])
class TestLock:
    def test_every_version_has_a_hash(self, name: str) -> None:
        text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
        blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(blocks) == len(pins(name)) > 20
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []

    def test_it_names_no_registry_and_no_folder(self, name: str) -> None:
        text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
        assert re.findall(r"\S*://\S*|^-\S+.*|(?<=\s)/\S+", text, re.MULTILINE) == []

    def test_everything_asked_for_is_locked(self, name: str) -> None:
        asked = re.findall(
            r"^[A-Za-z0-9][A-Za-z0-9_-]*", (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8"), re.MULTILINE
        )
        # A name missing here: run `make lock`.
        assert [each for each in asked if each.lower() not in {known.lower() for known in pins(name)}] == []


def test_tests_run_on_the_versions_that_production_runs() -> None:
    tested = pins("test")
    assert {name: tested.get(name) for name in pins("run")} == pins("run")
