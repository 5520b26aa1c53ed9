"""Each table of a service is written by one room: who changes a row is known from the folder it stands in."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("registration", "subsidy", "payment", "quota")
_WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|TRUNCATE|COPY)\s+(?!SET\b|SKIP\b|OF\b)([a-z_]+)", re.ASCII
)

# Tables that a second room may write, and why.
SHARED: dict[tuple[str, str], str] = {}


def literals(path: Path) -> Iterator[str]:
    """Every text of a module, an f-string with its places left empty; docstrings are sentences, not statements."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def writers(service: str) -> dict[str, set[str]]:
    """The rooms that write each table of a service."""
    found: dict[str, set[str]] = defaultdict(set)
    folder = ROOT / "services" / service
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).parts
        if "migrations" in parts:
            continue
        for text in literals(path):
            for table in _WRITES.findall(text):
                found[table].add(parts[0] if len(parts) > 1 else "(service)")
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_each_table_is_written_by_one_room(service: str) -> None:
    """House, "as a line of code": nothing said who else writes `bill`; three rooms wrote `remittance_batch`."""
    found = writers(service)
    assert found, "no statement was recognised"
    several = {table: rooms for table, rooms in found.items() if len(rooms) > 1 and (service, table) not in SHARED}
    assert several == {}


def test_payment_lines_are_written_by_payments_alone() -> None:
    found = writers("payment")
    assert found["payment_line"] == {"payments"}
    assert found["raw_notice"] == {"notices"}
    assert found["bank_line"] == {"statements"}
    assert found["remittance_batch"] == {"batches"}
