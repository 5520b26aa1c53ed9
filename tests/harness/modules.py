"""What a module's source says: the texts in it, the names it imports, the tables it writes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|TRUNCATE|COPY)\s+(?!SET\b|SKIP\b|OF\b)([a-z_]+)", re.ASCII
)
_BULK = {"insert_rows", "update_rows", "driver_insert"}


def text_literals(path: Path) -> Iterator[str]:
    """Every text of a module, an f-string with its places left empty; docstrings are sentences, not statements."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def imported_names(path: Path) -> set[str]:
    """Modules and names that a module imports, with their modules."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def written_tables(path: Path) -> Iterator[str]:
    """Tables that a module's statements write, those made by shared.database.bulk among them."""
    for text in text_literals(path):
        yield from _WRITES.findall(text)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _BULK:
            first = node.args[0]
            if not isinstance(first, ast.Constant):
                raise AssertionError(f"{path}:{node.lineno}: name the table of {node.func.id} literally")
            yield str(first.value)
