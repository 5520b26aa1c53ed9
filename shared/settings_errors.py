"""What is wrong with the settings: for each problem the variable or file, the line, and the field; never a value."""

import os
from json import JSONDecodeError
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import SettingsError


def setting_problems(error: ValidationError | SettingsError) -> list[str]:
    """One line per problem, Chinese first."""
    if isinstance(error, ValidationError):
        return [
            f"{_place(str(each['loc'][0]) if each['loc'] else '')}{_within(each['loc'][1:])}: {_said(each['msg'])}"
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    fault = error.__cause__
    name = str(error).split('"')[1] if str(error).count('"') > 1 else ""
    if isinstance(fault, JSONDecodeError):
        at = f"第 {fault.lineno} 行第 {fault.colno} 列 line {fault.lineno} column {fault.colno}"
        return [f"{_place(name)}: {at}: 不是 JSON · not JSON: {fault.msg}"]
    return [f"{_place(name)}: 无法读懂 · cannot be read"]


def _place(name: str) -> str:
    """The variable, or the secret file that it was read from."""
    variable = f"CANBAO_{name.upper()}"
    folder = os.environ.get("CANBAO_SECRETS_DIR")
    file = Path(folder, variable.lower()) if folder else None
    return str(file) if variable not in os.environ and file is not None and file.is_file() else variable


def _within(rest: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def _said(message: str) -> str:
    """pydantic's sentence, or our own validator's."""
    return message.removeprefix("Value error, ")
