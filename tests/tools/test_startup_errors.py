"""A command typed where nothing runs says what is missing and the mend, in a few lines."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.patience import patient

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["migrate"],
        ["serve", "payment", "--port", "1"],
        ["replay", "list", "payment"],
        ["clients", "add", "civil-affairs", "--scope", "subsidy:read", "--region", "411521"],
    ],
    ids=" ".join,
)
def test_without_a_database_or_settings_the_mend_is_named(command: list[str]) -> None:
    program = f"import sys; sys.argv[1:] = {command!r}; from tools.cli import main; main()"
    nothing_there = {"PATH": "/usr/bin:/bin", "CANBAO_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    nothing_there["CANBAO_OWNER_DATABASE_URL"] = nothing_there["CANBAO_DATABASE_URL"]
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=nothing_there,
        capture_output=True,
        text=True,
        timeout=patient(120),
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "CANBAO_DATABASE_URL" in ended.stderr
    assert len(ended.stderr.splitlines()) < 10, ended.stderr
