"""Reads YAML or refuses it, remembering the line of every entry, so that a refusal can point at it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Where = tuple[str | int, ...]


class PackSyntaxError(NamedTuple):
    """One thing that is wrong with a file: on which line, what, and how to correct it; both in Chinese and English."""

    line: int
    problem: str
    remedy: str


class PackError(ValueError):
    """A file that cannot be trusted, with everything that is wrong with it, from the first line on."""

    def __init__(self, file: Path, *faults: PackSyntaxError) -> None:
        """Name at least one fault."""
        self.file, self.faults = file, tuple(sorted(faults))
        lines = (f"{file.name}:{fault.line}: {fault.problem} -> {fault.remedy}" for fault in self.faults)
        super().__init__("\n".join(lines))


class UnknownPack(PackError):
    """No file holds the pack that is asked for."""

    def __init__(self, folder: Path, pack_id: str, known: Sequence[str]) -> None:
        """``known`` are the ids that there are, shown to a reader who mistyped one."""
        super().__init__(
            folder / f"{pack_id}.yaml",
            PackSyntaxError(1, "没有这个政策包 · there is no such pack", "核对编号 · check its name"),
        )
        there = ", ".join(known)
        self.args = (f"没有政策包 {pack_id} · there is no pack {pack_id}; 现有 known: {there}",)


def _remedy_of_yaml(file: Path, mark: Any) -> str:
    """What people write by a Chinese keyboard or an editor of prose, on the line at fault or the one before."""
    lines = file.read_text(encoding="utf-8").splitlines()
    at = "\n".join(lines[max(mark.line - 1, 0) : mark.line + 1]) if mark else ""
    if "：" in at:
        return "冒号须是半角并后加空格 · write a plain colon and a space after it"
    if "\t" in at:
        return "缩进用空格，不用制表符 · indent by spaces, not by tabs"
    return "改正 YAML 的写法 · correct the YAML"


def _composed(text: str) -> yaml.Node | None:
    """The nodes of a document, read in C where that is there: ten times as fast. Faults are worded in one way."""
    quick = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=quick)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


class Source:
    """The values of one YAML file and the line on which each was written."""

    def __init__(self, file: Path) -> None:
        """Read the file; raises PackError if it cannot be read, is no mapping, or writes a key twice."""
        self.file = file
        self._lines: dict[Where, int] = {}
        try:
            root = _composed(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            missing = PackSyntaxError(
                1, "没有这个文件 · there is no such file", "核对文件的路径 · check the path of the file"
            )
            raise PackError(file, missing) from None
        except OSError as fault:
            unreadable = PackSyntaxError(
                1,
                f"文件无法读取 · the file cannot be read: {fault.strerror}",
                "核对路径与权限 · check its path and permissions",
            )
            raise PackError(file, unreadable) from None
        except UnicodeDecodeError:
            encoding = PackSyntaxError(1, "文件不是 UTF-8 · the file is not UTF-8", "另存为 UTF-8 · save it as UTF-8")
            raise PackError(file, encoding) from None
        except yaml.YAMLError as problem:
            mark = getattr(problem, "problem_mark", None)
            text = f"YAML 有误 · not YAML: {getattr(problem, 'problem', None) or problem}"
            raise PackError(
                file, PackSyntaxError(mark.line + 1 if mark else 1, text, _remedy_of_yaml(file, mark))
            ) from None
        if not isinstance(root, yaml.MappingNode):
            empty = PackSyntaxError(
                1, "文件没有条目 · the file holds no entries", "写“键: 值” · write key: value pairs"
            )
            raise PackError(file, empty)
        self._constructor = yaml.SafeLoader("")
        try:
            self.values: dict[str, Any] = self._value(root, ())
        except RecursionError:
            endless = PackSyntaxError(
                1, "条目嵌套没有尽头 · an entry holds itself", "去掉自我引用 · remove the alias to itself"
            )
            raise PackError(file, endless) from None

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
            text = f"值不成立 · no such value: {problem}"
            fault = PackSyntaxError(node.start_mark.line + 1, text, "改正该值 · correct the value")
            raise PackError(self.file, fault) from None

    def _mapping(self, node: yaml.MappingNode, place: Where) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in values:
                twice = f"{key} 写了两次 · is written twice"
                raise PackError(self.file, PackSyntaxError(line, twice, "只留一个 · keep one of the two"))
            self._lines[*place, key] = line
            values[key] = self._value(value_node, (*place, key))
        return values
