"""How many residents a folder holds."""

import json
from pathlib import Path

from simulator.prepare import journal_of, prepare


def test_a_folder_keeps_the_pack_that_it_began_with(tmp_path: Path) -> None:
    assert prepare(tmp_path, residents=700, seed=None, pack="shantou-2022")["pack"] == "shantou-2022"
    assert prepare(tmp_path, residents=None, seed=None)["pack"] == "shantou-2022"
    assert prepare(tmp_path, residents=None, seed=None, pack="national-2025")["pack"] == "shantou-2022"


def test_a_folder_from_before_there_was_a_choice_is_luoshans(tmp_path: Path) -> None:
    prepare(tmp_path, residents=100, seed=None)
    file = tmp_path / "simulator.json"
    declared = json.loads(file.read_text(encoding="utf-8"))
    del declared["pack"]
    file.write_text(json.dumps(declared), encoding="utf-8")
    assert prepare(tmp_path, residents=None, seed=None)["pack"] == "luoshan-2024"


def test_the_number_of_residents_stays_open_until_a_season_has_begun(tmp_path: Path) -> None:
    assert prepare(tmp_path, residents=700, seed=None)["residents"] == 700
    assert prepare(tmp_path, residents=1500, seed=None)["residents"] == 1500, "the first start came to no season"
    assert prepare(tmp_path, residents=None, seed=None)["residents"] == 1500
    journal_of(tmp_path).touch()
    assert prepare(tmp_path, residents=700, seed=7)["residents"] == 1500
