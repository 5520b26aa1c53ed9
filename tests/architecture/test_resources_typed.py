"""Code of a service says which resources it uses: a context without them in brackets would let mypy check nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_GENERIC = {"ServiceContext", "CurrentContext"}


def without_resources(source: str) -> Iterator[int]:
    """Lines that name a context and not its resources."""
    nodes = list(ast.walk(ast.parse(source)))
    named = {id(node.value) for node in nodes if isinstance(node, ast.Subscript)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in _GENERIC and id(node) not in named:
            yield node.lineno


def test_every_context_names_its_resources() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "services").rglob("*.py"))
        for line in without_resources(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "annotation",
    ["ServiceContext", "CurrentContext", "Callable[[ServiceContext], int]", "ServiceContext | None"],
)
def test_a_context_without_resources_is_found(annotation: str) -> None:
    assert list(without_resources(f"def step(context: {annotation}) -> int: ...")) == [1]


def test_a_context_with_resources_is_not_found() -> None:
    assert not list(without_resources("def step(context: ServiceContext[object]) -> int: ..."))
