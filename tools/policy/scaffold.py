"""A new pack to begin from, with what to replace marked in it."""

import re
from pathlib import Path

_TEMPLATE = Path(__file__).with_name("starting-pack.yaml")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class CannotBegin(ValueError):
    """No pack can be begun under that name there; the message names the remedy."""


def begin(pack_id: str, folder: Path) -> Path:
    """Write a starting pack; raises CannotBegin, and then writes nothing."""
    if not _ID.fullmatch(pack_id):
        raise CannotBegin(f"编号应如 qinghe-2026 · an id is like qinghe-2026, not {pack_id!r}")
    file = folder / f"{pack_id}.yaml"
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(_TEMPLATE.read_text(encoding="utf-8").replace("__ID__", pack_id))
    except FileExistsError:
        raise CannotBegin(f"{file} 已存在 · it exists already: choose another id") from None
    except OSError as error:
        raise CannotBegin(f"{file} 无法写入 · cannot be written: {error.strerror}") from None
    return file
