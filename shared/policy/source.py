"""Reads YAML or refuses it, remembering the line of every entry, so that a refusal can point at it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

Where = tuple[str | int, ...]


class PackError(ValueError):
    """A pack that cannot be trusted: which file, which line, what is wrong and how to mend it."""

    def __init__(self, file: Path, line: int, problem: str, mend: str) -> None:
        super().__init__(f"{file.name}:{line}: {problem} -> {mend}")
        self.file, self.line, self.problem, self.mend = file, line, problem, mend


class UnknownPack(PackError):
    """No file holds the pack that is asked for."""

    def __init__(self, folder: Path, pack_id: str, known: Sequence[str]) -> None:
        """``known`` are the ids that there are, told to whoever mistyped one."""
        super().__init__(folder / f"{pack_id}.yaml", 1, "there is no such pack", "check its name")
        there = ", ".join(known)
        self.args = (f"没有政策包 {pack_id} · there is no pack {pack_id}; 现有 known: {there}",)


class Source:
    """The values of one YAML file and the line on which each was written."""

    def __init__(self, file: Path) -> None:
        """Read the file; raises PackError if it cannot be read, is no mapping, or writes a key twice."""
        self.file = file
        self._lines: dict[Where, int] = {}
        try:
            root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except FileNotFoundError:
            raise PackError(file, 1, "there is no such file", "check the name of the pack") from None
        except UnicodeDecodeError:
            raise PackError(file, 1, "the file is not UTF-8", "save it as UTF-8") from None
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise PackError(file, line, getattr(problem, "problem", None) or "not YAML", "correct the YAML") from None
        if not isinstance(root, yaml.MappingNode):
            raise PackError(file, 1, "the file holds no entries", "write key: value pairs")
        self._constructor = yaml.SafeLoader("")
        self.values: dict[str, Any] = self._value(root, ())

    def line_of(self, where: Iterable[str | int]) -> int:
        """The line of an entry, or of the nearest entry around it."""
        place: Where = ()
        for step in where:  # steps that name no entry (a branch that the schema tried) are passed over
            place = (*place, step) if (*place, step) in self._lines else place
        return self._lines.get(place, 1)

    def _value(self, node: yaml.Node, place: Where) -> Any:
        self._lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*place, index)) for index, item in enumerate(node.value)]
        try:
            return self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as problem:
            raise PackError(self.file, node.start_mark.line + 1, str(problem), "correct the value") from None

    def _mapping(self, node: yaml.MappingNode, place: Where) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in values:
                raise PackError(self.file, line, f"{key} is written twice", "keep one of the two")
            self._lines[*place, key] = line
            values[key] = self._value(value_node, (*place, key))
        return values
