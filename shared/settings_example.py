"""The settings as ``.env.example`` shows them: every variable, what it means, its default."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from shared.settings import Settings


def env_example() -> str:
    """One commented line per variable, in the order of ``Settings``."""
    lines = [
        "# canbao 的全部设置；前缀 CANBAO_。取消注释即生效。",
        "# Every setting of canbao; uncomment to change. Written by: canbao config example > .env.example",
        "",
    ]
    for name, field in Settings.model_fields.items():
        lines += [f"# {field.description}", f"#CANBAO_{name.upper()}={_shown(field.default)}", ""]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, dict | tuple | list | BaseModel):
        return json.dumps(value, default=str)
    return str(value) if not isinstance(value, Path) else value.as_posix()
