"""What is wrong with an entry that does not fit its schema, and how to correct it, in its author's words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.policy.schema_parts import Mistake
from shared.policy.source import PackSyntaxError, Source
from shared.policy.vocabulary import Identity

_CORRECT = "改正该值 · correct the value"
_KNOWN = re.compile(r"'([^']+)'")
_LIMITS = {
    "less_than_equal": ("最大", "at most", "le"),
    "greater_than_equal": ("最小", "at least", "ge"),
}
_TYPES = {
    "string_type": ("应为文字 · is no text", "加上引号 · write it in quotes"),
    "int_type": ("应为整数 · is no whole number", "写整数，不加引号 · write a whole number without quotes"),
    "int_parsing": ("应为整数 · is no whole number", "写整数，不加引号 · write a whole number without quotes"),
    "int_from_float": ("应为整数 · is no whole number", "写整数，不加引号 · write a whole number without quotes"),
    "bool_type": ("应为是或否 · is neither true nor false", "写 true 或 false · write true or false"),
    "bool_parsing": ("应为是或否 · is neither true nor false", "写 true 或 false · write true or false"),
    "list_type": ("应为列表 · is no list", "写成 [一, 二] · write it as [one, two]"),
    "dict_type": ("应为条目 · holds no entries", "写成 {键: 值} · write it as {key: value}"),
    "model_type": ("应为条目 · holds no entries", "写成 {键: 值} · write it as {key: value}"),
    "string_too_short": ("是空的 · is empty", "写明内容 · write what belongs there"),
    "too_short": ("是空的 · is empty", "至少写一项 · write at least one"),
}


def faults(refused: ValidationError, schema: type[BaseModel], source: Source) -> Iterator[PackSyntaxError]:
    """Everything that a schema refused; a misspelt name is one fault, not also a missing one."""
    errors = refused.errors(include_url=False)
    missing = {error["loc"] for error in errors if error["type"] == "missing"}
    likely = {error["loc"]: _likely(error["loc"], schema, missing) for error in errors if _unknown(error)}
    misspelt = {(*where[:-1], name) for where, name in likely.items() if name is not None}
    for error in errors:
        if error["loc"] not in misspelt:
            problem, remedy = explained(error, likely.get(error["loc"]))
            yield PackSyntaxError(source.line_of(error["loc"]), f"{_name(error)} {problem}", remedy)


def _unknown(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden"


def _name(error: ErrorDetails) -> str:
    return ".".join(str(step) for step in error["loc"] if step != "[key]")


def explained(error: ErrorDetails, likely: str | None) -> tuple[str, str]:
    """What is wrong and how to correct it; ``likely`` is the name that was meant, where one was misspelt."""
    kind, context = error["type"], error.get("ctx", {})
    if _unknown(error):
        return "不是已知条目 · is no known entry", _remedy_of_name(str(error["loc"][-1]), likely)
    if kind == "missing":
        return "缺少 · is missing", "加上 · add it"
    if isinstance(mistake := context.get("error"), Mistake):
        return mistake.problem, mistake.remedy
    if kind in ("enum", "literal_error"):
        given, known = str(error["input"]), _KNOWN.findall(str(context["expected"]))
        if not known:
            return f"不能是 {given} · cannot be {given}", "写 true 或去掉该键 · write true or remove the key"
        meant = _identity_of(given, known)
        close = [meant] if meant else get_close_matches(given, known, 1)
        remedy = f"是否 {close[0]} · perhaps {close[0]}" if close else f"写其一 · write one of {', '.join(known)}"
        return f"没有 {given} · there is no {given}", remedy
    if kind in _LIMITS:
        zh, en, limit = _LIMITS[kind]
        return f"超出范围 · is out of range: {error['input']}", f"{zh} {context[limit]} · {en} {context[limit]}"
    if kind.startswith("date_"):
        return "不是日期 · is no date", "写成 2024-01-31，不加引号 · correct it: 2024-01-31, without quotes"
    return _TYPES.get(kind, (f"取值不符 · {error['msg']}", _CORRECT))


def _remedy_of_name(name: str, likely: str | None) -> str:
    if likely:
        return f"是否 {likely} · perhaps {likely}"
    if any(ord(character) > 0x2E7F for character in name):
        return "引文含逗号或冒号时加单引号 · put words that hold a comma or a colon into quotes"
    return "去掉或改正拼写 · remove it or correct its spelling"


def _identity_of(given: str, known: Sequence[str]) -> str | None:
    """The code of an identity that was written by its Chinese name, or a part of it."""
    named = (each for each in Identity if each.value in known and given and given in each.name_zh)
    return next((each.value for each in named), None)


def _likely(where: tuple[str | int, ...], schema: type[BaseModel], missing: set[tuple[str | int, ...]]) -> str | None:
    """The name that was meant: one that is missing beside it, else any that may stand there."""
    beside = [str(each[-1]) for each in missing if each[:-1] == where[:-1]]
    known = _entries(schema, where[:-1])
    return next(iter(get_close_matches(str(where[-1]), beside, 1) + get_close_matches(str(where[-1]), known, 1)), None)


def _entries(schema: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """The names that may stand at a place of a file."""
    whole = _as_json(schema)
    node: Mapping[str, Any] = whole
    for step in (*where, None):
        node = _resolved(node, whole)
        if step is None:
            return list(node.get("properties", ()))
        node = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
    return []


def _resolved(node: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference, or a choice between an entry and nothing, stands for."""
    while "$ref" in node or "anyOf" in node:
        choice = next((each for each in node.get("anyOf", ()) if each.get("type") != "null"), node)
        node = whole["$defs"][choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
    return node


@lru_cache
def _as_json(schema: type[BaseModel]) -> Mapping[str, Any]:
    return schema.model_json_schema(by_alias=True)
