"""Names are the field's: a class stands in one file, modules are nouns, private words stay out of names and prose."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "shared", "tools", "verify", "simulator")
BESIDE = ("bench", "tests")
# Paths whose words are not checked: the import's, until it is rebuilt, and this file's, which lists the words.
EXCLUDED = ("services/registration/imports", "tests/architecture/test_names.py")
# A class name in two files needs a reason; at most five.
TWICE = {
    "Import": "registration/imports, rebuilt later; in payment/cash what is decided about importing a batch",
    "Refused": "registration/imports, rebuilt later; in channels/wechat a notice whose signature is not accepted",
}
# Modules that end in -ing because the field says so.
GERUNDS = frozenset({"crediting", "messaging", "pricing", "provisioning"})
BANNED = {
    "anew": "again",
    "bury": "store as dead letter",
    "door": "endpoint, route",
    "farewell": "stop",
    "goodbye": "close",
    "hear": "receive, consume",
    "heard": "received, consumed",
    "heir": "successor",
    "house": "product, codebase",
    "knock": "request",
    "lookout": "poller, watchdog",
    "mend": "fix, remedy",
    "nobody's": "without an owner",
    "obituary": "error text",
    "postbox": "dead-letter context",
    "room": "module, folder",
    "setback": "unhandled record",
    "tell": "report, notify, distinguish",
    "told": "reported, notified",
    "whoever": "name the person or program",
}
_FORMS = {
    **{word: word for word in BANNED},
    **dict.fromkeys(("buries", "buried", "burying"), "bury"),
    **{word + "s": word for word in ("door", "hear", "heir", "house", "knock", "mend", "room", "setback", "tell")},
    **{
        form: form.removesuffix("ing").removesuffix("ed")
        for form in ("hearing", "knocked", "mended", "mending", "telling")
    },
}
# Spelled as stored. Where the Chinese beside it says so, an heir is one in law.
STORED = frozenset({"HEIR"})
HEIR_IN_LAW = "继承人"
_WORD = re.compile(r"[A-Za-z]+(?:'s)?")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Generated from code or quoting policy documents: their words are checked, or fixed, elsewhere.
_GENERATED = {"docs/errors.md", "docs/names.md", "docs/policy-coverage.md"}


def excluded(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    return any(name == area or name.startswith(area + "/") for area in EXCLUDED) or "migrations" in name


def modules(*areas: str) -> list[Path]:
    return [path for area in areas for path in sorted((ROOT / area).rglob("*.py")) if not excluded(path)]


def documents() -> list[Path]:
    """Everything in Markdown but the decisions before 110, which keep the words of their day."""
    found = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = [path for path in found if not re.match("0(0|10)", path.name)]
    return [path for path in found if path.relative_to(ROOT).as_posix() not in _GENERATED]


def data_files() -> list[Path]:
    """Settings, contracts of the lint, packs and their cases: what stands in them beside code."""
    found = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "docker-compose.yml"]
    return found + [path for area in ("shared", "deploy") for path in sorted((ROOT / area).rglob("*.y*ml"))]


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What the code itself names: modules it defines, classes, functions, parameters, variables and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def prose(source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings, texts of more than one word such as messages, and comments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def banned_in(words: list[str]) -> list[str]:
    return sorted({_FORMS[word.lower()] for word in words if word.lower() in _FORMS})


def without_code(markdown: str) -> str:
    """A document's own words: code, quoted lint names and link targets keep their spelling."""
    text = re.sub(r"```.*?```", lambda match: "\n" * match[0].count("\n"), markdown, flags=re.DOTALL)
    return re.sub(r"`[^`]*`|“[^”]*”|\]\([^)]*\)", "", text)


def test_a_class_name_stands_in_one_file() -> None:
    homes: dict[str, set[str]] = defaultdict(set)
    for path in (path for area in PRODUCT for path in sorted((ROOT / area).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes[node.name].add(path.relative_to(ROOT).as_posix())
    twice = {name: sorted(files) for name, files in homes.items() if len(files) > 1}
    assert len(TWICE) <= 5
    assert twice.keys() == TWICE.keys(), f"rename one of each by what it is for, or give the reason in TWICE: {twice}"


def test_a_module_is_a_noun() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in modules(*PRODUCT)}
    gerunds = sorted(
        name
        for name in names
        for part in [Path(name).stem if not name.endswith("__init__.py") else Path(name).parent.name]
        if part.endswith("ing") and part not in GERUNDS
    )
    assert gerunds == [], "a module is named for what it holds, a function for what it does"


@pytest.mark.parametrize("area", [*PRODUCT, *BESIDE])
def test_code_uses_no_private_words(area: str) -> None:
    found = []
    for path in modules(area):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        named = [(line, _PART.findall(name)) for line, name in identifiers(tree) if name not in STORED]
        written = [(line, _WORD.findall(text)) for line, text in prose(source, tree)]
        name = path.relative_to(ROOT).as_posix()
        found += [
            f"{name}:{line}: {word} → {BANNED[word]}" for line, words in named + written for word in banned_in(words)
        ]
        found += [f"{name}: {word} → {BANNED[word]}" for word in banned_in(_PART.findall(path.stem))]
    assert found == []


def test_documents_and_data_use_no_private_words() -> None:
    found = []
    for path in (*documents(), *data_files()):
        text = path.read_text(encoding="utf-8").replace("’", "'")
        lines = (without_code(text) if path.suffix == ".md" else text).splitlines()
        found += [
            f"{path.relative_to(ROOT)}:{number}: {word} → {BANNED[word]}"
            for number, line in enumerate(lines, start=1)
            if HEIR_IN_LAW not in line
            for word in banned_in(_WORD.findall(line))
        ]
    assert found == []


def test_there_are_twenty_banned_words_and_each_is_found() -> None:
    assert len(BANNED) == 20
    assert set(_FORMS.values()) == set(BANNED)
    assert banned_in(_PART.findall("handleKnock")) == ["knock"]
    assert banned_in(_PART.findall("open_doors")) == ["door"]
    assert banned_in(_WORD.findall("Whoever told nobody's house")) == ["house", "nobody's", "told", "whoever"]
    assert banned_in(_WORD.findall("households and classroom")) == []


def test_what_is_excluded_exists() -> None:
    assert [area for area in EXCLUDED if not (ROOT / area).exists()] == []
