"""The layouts that canbao brings, by name, and an installation's own, by the path of its YAML file."""

from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.payment.channels.layouts.layout import FileLayout

_DECLARED = files("services.payment.channels.layouts") / "declared"


class LayoutUnusable(ValueError):
    """No such layout, or one that does not say all that it has to."""


@cache
def declared_layouts() -> dict[str, FileLayout]:
    """Every layout that canbao brings, by its name; each says whether it is invented."""
    found = (read_layout(entry.read_text("utf-8"), entry.name) for entry in _DECLARED.iterdir() if _is_yaml(entry.name))
    return {layout.layout: layout for layout in sorted(found, key=lambda layout: layout.layout)}


def layout_named(name: str) -> FileLayout:
    """A layout by its name, or by the path of a YAML file; raises LayoutUnusable."""
    if known := declared_layouts().get(name):
        return known
    if not _is_yaml(name):
        raise LayoutUnusable(f"没有名为 {name} 的文件格式 · no layout has the name {name}")
    try:
        written = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LayoutUnusable(f"{name}: 无法读取 · cannot be read ({type(error).__name__})") from None
    return read_layout(written, name)


def read_layout(written: str, place: str) -> FileLayout:
    """A layout as YAML has it; raises LayoutUnusable with what is wrong, and where."""
    try:
        return FileLayout.model_validate(yaml.safe_load(written))
    except yaml.YAMLError as error:
        raise LayoutUnusable(f"{place}: 不是 YAML · is no YAML ({type(error).__name__})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise LayoutUnusable(f"{place}: {where}: {first['msg']}") from None


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))
