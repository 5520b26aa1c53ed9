"""Variables and secret files that begin like a setting and are none: a typo, which would pass in silence."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

PREFIX = "CANBAO_"
# Read by docker-compose.yml and by tests; no process of canbao reads them.
OF_COMPOSE = frozenset({"CANBAO_ADDRESS", "CANBAO_SECRETS_FOLDER"})
_OF_TESTS = "CANBAO_TEST_"
# Kubernetes sets these in every container beside a service that is called canbao, canbao-payment or the like.
_OF_KUBERNETES = re.compile(
    r"CANBAO_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)=.*|CANBAO_(\w+_)?PORT=(tcp|udp)://.*"
)
_ASSIGNED = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
_SECRET_FILE = re.compile(r"canbao_[a-z0-9_]+")


def unknown_settings(known: Collection[str], files: Collection[Path], folder: Path | None) -> list[str]:
    """A line per variable, of the environment or of files that assign some, and per secret file, that no setting has.

    ``known`` are the settings' variables. A variable that stands in one of the files is named by file and line.
    """
    lines = {name: f"{file}:{line}: {name}" for file in files for name, line in _assigned_in(file)}
    environment = {name.upper(): value for name, value in os.environ.items()}
    unknown = sorted(name for name in environment.keys() | lines.keys() if not _is_known(name, known, environment))
    said = [f"{lines.get(name, name)}: {_nearest(name, known)}" for name in unknown]
    secrets = (file for file in sorted(folder.iterdir()) if _SECRET_FILE.fullmatch(file.name)) if folder else ()
    strange = (file for file in secrets if file.name.upper() not in known)
    return said + [f"{file}: {_nearest(file.name.upper(), known)}" for file in strange]


def _assigned_in(file: Path) -> Iterator[tuple[str, int]]:
    """The variables that a file assigns, in capitals, with their lines; nothing where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if assigned := _ASSIGNED.match(line):
            yield assigned[1].upper(), number


def _is_known(name: str, known: Collection[str], environment: Mapping[str, str]) -> bool:
    if not name.startswith(PREFIX) or name in known or name in OF_COMPOSE or name.startswith(_OF_TESTS):
        return True
    return _OF_KUBERNETES.fullmatch(f"{name}={environment.get(name, '')}") is not None


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    if near:
        return f"没有这项设置，是否为 {near[0]} · no such setting, is it {near[0]}?"
    return "没有这项设置 · there is no such setting"
