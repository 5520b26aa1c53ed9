"""Reads the vocabulary: what an operation, a field, an object or an answer is called, in Chinese and English."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_FOLDER = Path(__file__).parent
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SEPARATOR = " · "


class Text(NamedTuple):
    """One description in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        """Both halves, Chinese first."""
        return f"{self.zh}{SEPARATOR}{self.en}"


class OperationText(NamedTuple):
    """An operation's short name in both languages, and in Chinese what its docstring says in English."""

    name: Text
    more: str


class Vocabulary(NamedTuple):
    """Everything that the files say."""

    operations: Mapping[str, Mapping[str, OperationText]]
    fields: Mapping[str, Text | str]
    schemas: Mapping[str, str]
    answers: Mapping[str, Text]

    def field_key(self, owner: str, name: str, kind: str) -> str | None:
        """The entry that describes a field: the first of ``Owner.field``, ``field#type`` and ``field``; else None."""
        found = next((key for key in (f"{owner}.{name}", f"{name}#{kind}", name) if key in self.fields), None)
        while found is not None and isinstance(alias := self.fields[found], str):
            found = alias if alias in self.fields else None
        return found

    def field(self, owner: str, name: str, kind: str) -> Text | None:
        """What a field means; None where the vocabulary does not say it."""
        key = self.field_key(owner, name, kind)
        text = self.fields[key] if key is not None else None
        return text if isinstance(text, Text) else None


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read when it is first asked for: a service starts without it."""
    return Vocabulary(
        operations={
            service: {
                operation: OperationText(Text(said["zh"], said["en"]), said["more"])
                for operation, said in found.items()
            }
            for service, found in _read("operations").items()
        },
        fields={
            key: text if isinstance(text, str) else Text(text["zh"], text["en"])
            for key, text in _read("fields").items()
        },
        schemas=_read("schemas"),
        answers={key: Text(text["zh"], text["en"]) for key, text in _read("answers").items()},
    )


def _read(name: str) -> dict[str, Any]:
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in C where it is
    return found
