"""What the page shows of an OpenAPI document, in one language."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup, escape

from shared.web.vocabulary.words import SEPARATOR

Lang = Literal["zh", "en"]
_REF = "#/components/schemas/"
_LISTED = re.compile(r"(- `[^`]+` )(.*)", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """A field, a parameter or an answer."""

    name: str
    kind: Markup
    required: bool
    lines: tuple[Markup, ...]
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with what it takes and gives."""

    anchor: str
    method: str
    path: str
    name: str
    lines: tuple[Markup, ...]
    scope: str
    parameters: tuple[Row, ...]
    body: Markup | None
    example: str
    answers: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """One object of the API with its fields."""

    name: str
    lines: tuple[Markup, ...]
    fields: tuple[Row, ...]


class Content:
    """The operations and objects of one document."""

    def __init__(self, document: Mapping[str, Any], lang: Lang) -> None:
        """Read the document's halves in ``lang``."""
        self._document = document
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]
        self._lang = lang

    def operations(self) -> Iterator[Operation]:
        """Each operation in the document's order."""
        prefix = self._document["servers"][0]["url"].rstrip("/")
        for path, methods in self._document["paths"].items():
            for method, operation in methods.items():
                body, example = self._body(operation)
                yield Operation(
                    anchor=operation["operationId"],
                    method=method.upper(),
                    path=prefix + path,
                    name=half(operation["summary"], self._lang),
                    lines=self._lines(operation["description"]),
                    scope=", ".join(scope for each in operation["security"] for scope in each["canbao"]),
                    parameters=tuple(self._parameter(each) for each in operation.get("parameters", ())),
                    body=body,
                    example=example,
                    answers=tuple(self._answer(*each) for each in operation["responses"].items()),
                )

    def entities(self) -> Iterator[Entity]:
        """Each object by its name."""
        for name, schema in sorted(self._schemas.items()):
            required = schema.get("required", ())
            rows = (
                self._field(field, shape, field in required) for field, shape in schema.get("properties", {}).items()
            )
            yield Entity(name, self._lines(schema.get("description", "")), tuple(rows))

    def _field(self, name: str, shape: Mapping[str, Any], required: bool) -> Row:
        return Row(name, _kind(shape), required, self._lines(shape.get("description", "")))

    def _parameter(self, parameter: Mapping[str, Any]) -> Row:
        lines = self._lines(parameter.get("description", ""))
        kind = _kind(parameter["schema"])
        return Row(parameter["name"], kind, parameter.get("required", False), lines, parameter["in"])

    def _answer(self, status: str, answer: Mapping[str, Any]) -> Row:
        schemas = [content["schema"] for content in answer.get("content", {}).values()]
        kind = Markup(" / ").join(_kind(schema) for schema in schemas)
        return Row(status, kind, False, self._lines(answer["description"]))

    def _body(self, operation: Mapping[str, Any]) -> tuple[Markup | None, str]:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            named = self._schemas.get(schema.get("$ref", "").removeprefix(_REF), schema)
            example = content.get("example", next(iter(named.get("examples", ())), None))
            shown = "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)
            return _kind(schema), shown
        return None, ""

    def _lines(self, text: str) -> tuple[Markup, ...]:
        return tuple(_marked(half(line, self._lang)) for line in text.splitlines() if line.strip())


def half(text: str, lang: Lang) -> str:
    """The half of a text "中文 · English" in one language; a code listed before it stays."""
    listed = _LISTED.fullmatch(text)
    head, rest = (listed[1], listed[2]) if listed else ("", text)
    zh, both, en = rest.partition(SEPARATOR)
    return head + (en if both and lang == "en" else zh)


def _marked(line: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(line.removeprefix("- ")))))  # noqa: S704 - escaped before


def _kind(shape: Mapping[str, Any]) -> Markup:
    """A type in words, linked to the object that it names."""
    if "$ref" in shape:
        name = shape["$ref"].removeprefix(_REF)
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "allOf" in shape:
        return _kind(shape["allOf"][0])
    if "anyOf" in shape:
        return Markup(" | ").join(_kind(each) for each in shape["anyOf"])
    if "const" in shape or "enum" in shape:
        values = shape.get("enum", [shape.get("const")])
        return Markup(" | ").join(Markup("<code>{}</code>").format(value) for value in values)
    if shape.get("type") == "array":
        return Markup("{}[]").format(_kind(shape.get("items", {})))
    return escape(shape.get("format", shape.get("type", "object")))
