"""Every upper bound on a wait is stretched for a busy machine: a test fails for what it looks at, never for time."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Shorter ones are meant to run out: the time in which something must not happen.
_MEANT_TO_RUN_OUT_S = 3
_WAITS = {"wait", "wait_for", "timeout", "join"}
_CLOCKS = {"monotonic", "perf_counter", "time"}


def bare_bounds(tree: ast.AST) -> Iterator[int]:
    """The lines where a wait, or time that has passed, is bounded by a number as it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [each.value for each in node.keywords if each.arg == "timeout"]
            given += node.args if _name(node.func) in _WAITS else []
            yield from (each.lineno for each in given if _is_bound(each))
        elif isinstance(node, ast.Compare) and any(_asks_a_clock(each) for each in (node.left, *node.comparators)):
            yield from (each.lineno for each in node.comparators if _is_bound(each))


def _is_bound(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value > _MEANT_TO_RUN_OUT_S


def _asks_a_clock(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Call) and _name(each.func) in _CLOCKS for each in ast.walk(node))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_no_test_bounds_a_wait_by_a_bare_number() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert len(files) > 200
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line in bare_bounds(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found == set(), "stretched(…) of tests/harness/timeouts.py"


@pytest.mark.parametrize(
    ("code", "bare"),
    [
        ("process.wait(60)", True),
        ("asyncio.wait_for(answer, 10.0)", True),
        ("asyncio.timeout(5)", True),
        ("AsyncClient(timeout=30)", True),
        ("assert time.monotonic() - began < 5", True),
        ("process.wait(stretched(60))", False),
        ("AsyncClient(timeout=stretched(30))", False),
        ("assert monotonic() - began < stretched(5)", False),
        ("asyncio.wait([task], timeout=0.3)", False),
    ],
)
def test_a_bare_number_is_seen(code: str, bare: bool) -> None:
    assert bool(list(bare_bounds(ast.parse(code)))) is bare
