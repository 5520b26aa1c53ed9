"""``docker-compose.yml`` as data: merged, and interpolated with the defaults that it states itself."""

import re
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def compose(**values: str) -> dict[str, Any]:
    """The file with ``values`` for its variables and the stated defaults for the others."""
    text = _VARIABLE.sub(lambda found: values.get(found[1], found[2]), FILE.read_text(encoding="utf-8"))
    assert "${" not in text, "a variable without a default"
    described: dict[str, Any] = yaml.safe_load(text)
    return described


def ours(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run canbao's own image."""
    return {name: each for name, each in described["services"].items() if each["image"].startswith("canbao:")}


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    """Its variables; one without a value is the shell's to give, and is left out."""
    return {name: str(value) for name, value in service.get("environment", {}).items() if value is not None}


def secret_files(described: dict[str, Any], service: dict[str, Any]) -> dict[str, Path]:
    """Each secret that the service is handed, by the name under which it finds it."""
    return {each["target"]: Path(described["secrets"][each["source"]]["file"]) for each in service.get("secrets", ())}
