"""Every refusal is worded in Chinese and in English, wherever in the sources it is raised."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import services
import shared
from shared.errors import DomainError, ErrorCode, Spec, texts

ROOT = Path(__file__).parents[2]
_CHINESE, _ENGLISH = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2,}")


def _refusals() -> set[str]:
    """The names of all refusals, whichever module declares them."""
    for package in (services, shared):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and "_migrations" not in module.name:
                importlib.import_module(module.name)

    def below(kind: type[DomainError]) -> Iterator[str]:
        for each in kind.__subclasses__():
            yield each.__name__
            yield from below(each)

    return set(below(DomainError))


def _details(source: str, names: set[str]) -> Iterator[tuple[int, str]]:
    """Line and fixed words of each detail that is written where a refusal is made."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            detail = node.args[0] if node.args else None
            if called in names and isinstance(detail, ast.Constant | ast.JoinedStr):
                yield node.lineno, _fixed(detail)


def _fixed(detail: ast.Constant | ast.JoinedStr) -> str:
    parts = detail.values if isinstance(detail, ast.JoinedStr) else [detail]
    return "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))


def _in_both_or_none(words: str) -> bool:
    return bool(_CHINESE.search(words)) == bool(_ENGLISH.search(words))


def test_a_detail_is_in_both_languages_or_in_none() -> None:
    names = _refusals()
    sources = [path for area in ("services", "shared") for path in (ROOT / area).rglob("*.py")]
    found = [
        (f"{path.relative_to(ROOT)}:{line}", words)
        for path in sources
        for line, words in _details(path.read_text(encoding="utf-8"), names)
    ]
    assert len(found) > 20
    assert [(where, words) for where, words in found if not _in_both_or_none(words)] == []


@pytest.mark.parametrize(
    ("words", "accepted"),
    [("收据 receipt ", True), (" ≠  → ", True), ("no such order", False), ("没有该订单", False)],
)
def test_one_language_alone_is_seen(words: str, accepted: bool) -> None:
    assert _in_both_or_none(words) is accepted


@pytest.mark.parametrize("code", ErrorCode)
def test_a_title_and_its_remedy_are_in_both_languages(code: ErrorCode) -> None:
    spec = code.value
    assert _CHINESE.search(spec.zh)
    assert _CHINESE.search(spec.remedy_zh)
    assert _ENGLISH.search(spec.en)
    assert _ENGLISH.search(spec.remedy_en)


def test_every_text_is_of_a_code() -> None:
    """A text that the catalogue does not name is answered by nobody; one that two names share is of one code only."""
    modules = [
        importlib.import_module(f"{texts.__name__}.{each.name}") for each in pkgutil.iter_modules(texts.__path__)
    ]
    written = {name: spec for module in modules for name, spec in vars(module).items() if isinstance(spec, Spec)}
    assert written == {code.name: code.value for code in ErrorCode}
