"""The settings as ``.env.example`` shows them: every variable, what it means, its default."""

import json
from pathlib import Path
from typing import Any, get_args

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
        described = _fields_of(field.annotation)
        lines += [f"# {field.description}", *described, f"#CANBAO_{name.upper()}={_shown(field.default)}", ""]
    return "\n".join(lines)


def _fields_of(annotation: Any) -> list[str]:
    """The fields of a merchant, a line each, and an example: what its JSON has to hold."""
    found = [each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    return [line for model in found for line in _described(model)]


def _described(model: type[BaseModel]) -> list[str]:
    fields = [f"#   {each}: {field.description}" for each, field in model.model_fields.items()]
    shown = model.model_config.get("json_schema_extra")
    examples = shown.get("examples") if isinstance(shown, dict) else None
    listed = examples if isinstance(examples, list) else []
    return [*fields, *(f"#   {json.dumps([one], ensure_ascii=False)}" for one in listed)]


def _shown(value: Any) -> str:
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, dict | tuple | list):
        return json.dumps(value, default=str)
    return str(value) if not isinstance(value, Path) else value.as_posix()
