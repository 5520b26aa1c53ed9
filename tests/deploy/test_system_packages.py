"""`deploy/system-packages` on machines that lack things."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "system-packages"
TOOLS = ("sh", "tr", "sed", "head", "cat")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs with the few that the script itself needs."""
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "sh"), str(SCRIPT)], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def equip(folder: Path) -> None:
    program(folder, "java", "echo 'openjdk version \"21.0.4\" 2024-07-16' >&2")
    program(folder, "mvn", ":")
    program(folder, "chromium", ":")
    program(folder, "fc-list", "echo 'WenQuanYi Zen Hei'")


def test_where_all_is_there_it_says_nothing(bare: Path) -> None:
    equip(bare)
    outcome = run(bare)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")


def test_without_rights_it_names_what_is_missing_and_what_to_type(bare: Path) -> None:
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 1000")
    outcome = run(bare)
    assert outcome.returncode != 0
    wanted = "default-jre-headless maven chromium fontconfig fonts-wqy-zenhei"
    command = f"sudo apt-get update && sudo apt-get install --yes --no-install-recommends {wanted}"
    assert command in outcome.stderr


def test_an_old_java_counts_as_missing(bare: Path) -> None:
    equip(bare)
    program(bare, "java", "echo 'openjdk version \"11.0.2\"' >&2")
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 1000")
    assert "install --yes --no-install-recommends default-jre-headless\n" in run(bare).stderr


def test_root_installs_only_what_is_missing(bare: Path) -> None:
    equip(bare)
    (bare / "chromium").unlink()
    program(bare, "chmod", f'exec {shutil.which("chmod")} "$@"')
    program(
        bare,
        "apt-get",
        f'echo "$@" >> {bare}/asked; case "$1" in install)'
        f" printf '#!/bin/sh\\n' > {bare}/chromium; chmod +x {bare}/chromium;; esac",
    )
    program(bare, "id", "echo 0")
    outcome = run(bare)
    assert outcome.returncode == 0, outcome.stderr
    asked = (bare / "asked").read_text().splitlines()
    assert asked == ["update -qq", "install --yes --quiet=2 --no-install-recommends chromium"]


def test_an_installation_that_fails_is_a_failure(bare: Path) -> None:
    program(bare, "apt-get", "exit 100")
    program(bare, "id", "echo 0")
    assert run(bare).returncode != 0
