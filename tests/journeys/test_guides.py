"""The Chinese guides: their commands work as typed, in a season held at a day, and their links lead somewhere."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.cluster import scratch_folder
from tests.harness.ports import free_port
from tests.journeys.up_process import ROOT, going
from tools.up.refusal import Exit

GUIDES = ROOT / "docs" / "guides" / "zh"
_TYPED = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What stands in the last words that each guide prints.
ENDINGS = {
    "部门.md": '"withdrawn_on":"2023-10-21"',
    "乡镇.md": '"benefit_year":2024,"notices"',
    "支付机构.md": '"state":"PAID"',
    "运维.md": '"event": "serving"',
}


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that does not exist yet."""
    folder = scratch_folder()
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def test_every_guide_is_run() -> None:
    assert {path.name for path in GUIDES.glob("*.md")} == ENDINGS.keys()


def test_the_commands_of_the_guides_work_as_typed(data: Path) -> None:
    port = free_port()
    with going(data, port, data.parent / "log", "--until", "2023-10-20", "--residents", "100") as started:
        started.wait_for("held at 2023-10-20")
        for name, ending in ENDINGS.items():
            ended = _typed(GUIDES / name, data, port)
            assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
            assert ending in ended.stdout, name
        assert started.end(signal.SIGTERM) == Exit.FINE


def _typed(guide: Path, data: Path, port: int) -> subprocess.CompletedProcess[str]:
    """Type a guide's commands: with the reader's address, folder and environment, and all else as it stands."""
    typed = "".join(_TYPED.findall(guide.read_text(encoding="utf-8")))
    here = typed.replace("127.0.0.1:8000", f"127.0.0.1:{port}").replace(".canbao/", f"{data}/")
    for program in ("canbao", "python"):
        here = here.replace(f".venv/bin/{program}", str(Path(sys.executable).with_name(program)))
    folder = data.parent / "typed"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here], cwd=folder, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.parametrize("name", ENDINGS)
def test_links_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", (GUIDES / name).read_text(encoding="utf-8")):
        assert link.startswith("http") or (GUIDES / link).exists(), link
