"""The log of an installation: in its folder, never between the lines of the season."""

import json
import subprocess
import sys
from pathlib import Path

from tools.up.folder import log_file

# A process of its own, because how logs are written is set once per process.
LOGGING = """
import logging, sys
from pathlib import Path
import structlog
from tools.up.folder import opened_log
from shared.observability.logs import configure_logs
configure_logs(to=opened_log(Path(sys.argv[1])))
structlog.get_logger("payment").warning("stamina.retry_scheduled", retry_num=int(sys.argv[2]))
logging.getLogger("aiokafka").error("no broker %s", sys.argv[2])
"""


def logged(folder: Path, number: int) -> str:
    """What the process printed while it logged."""
    command = [sys.executable, "-c", LOGGING, str(folder), str(number)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    return ended.stdout + ended.stderr


def test_what_services_log_is_in_the_folder_and_nowhere_else(tmp_path: Path) -> None:
    assert logged(tmp_path, 1) == ""
    written = log_file(tmp_path).read_text(encoding="utf-8")
    assert '"retry_num": 1' in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert {"event": "no broker 1", "level": "error", "logger": "aiokafka"}.items() <= lines[1].items()


def test_the_last_log_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        logged(tmp_path, number)
    assert "no broker 3" in log_file(tmp_path).read_text(encoding="utf-8")
    assert "no broker 2" in (tmp_path / "canbao.previous.log").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 2
