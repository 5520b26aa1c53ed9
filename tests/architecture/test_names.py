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
GERUNDS = frozenset({"clearing", "crediting", "messaging", "pricing", "provisioning"})
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
# Of several words; the field says what becomes of the thing.
BANNED_PHRASES = {"set aside": "suspended (money), quarantined (a notice), kept as dead letter (an event)"}
_GAP = r"[\s_]+"
_PHRASES = {each: re.compile(rf"\b{each.replace(' ', _GAP)}\b", re.IGNORECASE) for each in BANNED_PHRASES}
# Spelled as stored. Where the Chinese beside it says so, an heir is one in law.
STORED = frozenset({"HEIR"})
# Texts that are stored or published: a check of the proof, a field of the doctor, a table of the simulator's journal.
STORED_TEXTS = frozenset({"HEIR", "EVENTS_HEARD", "mend", "told"})
HEIR_IN_LAW = "继承人"
_COLUMNS = re.compile(r"\bset_aside_because\b")
_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_INSTEAD = BANNED | BANNED_PHRASES
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BESIDE_PYTHON = frozenset({".yaml", ".yml", ".sql", ".js", ".css", ".html", ".sh", ".conf", ".toml"})
_OLD_DUMPS = ROOT / "tests/upgrade"  # what earlier code left is read as it was written
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
    """What stands beside Python: settings, contracts of the lint, packs, statements, pages, scripts."""
    found = [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "docker-compose.yml", ROOT / "deploy/Dockerfile"]
    areas = (*PRODUCT, *BESIDE, "deploy")
    beside = (path for area in areas for path in sorted((ROOT / area).rglob("*")) if path.suffix in _BESIDE_PYTHON)
    return found + [path for path in beside if not excluded(path) and _OLD_DUMPS not in path.parents]


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
    """Docstrings, texts such as messages, of one word or several, and comments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in STORED_TEXTS:
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def banned_in(text: str) -> list[str]:
    """Private words and phrases of a text, whatever their form; columns of the tables keep their names."""
    text = _COLUMNS.sub("", text)
    words = [word.lower() for word in _WORD.findall(text.replace("’", "'"))]
    found = {_FORMS[form] for word in words for form in (word, word.removesuffix("'s")) if form in _FORMS}
    return sorted(found | {phrase for phrase, pattern in _PHRASES.items() if pattern.search(text)})


def banned_in_name(name: str) -> list[str]:
    """Private words of an identifier, a path or another text without spaces, by its parts."""
    return banned_in(" ".join(_PART.findall(_COLUMNS.sub("", name))))


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
        name = path.relative_to(ROOT).as_posix()
        said = [(line, word) for line, each in identifiers(tree) if each not in STORED for word in banned_in_name(each)]
        said += [
            (line, word) for line, text in prose(source, tree) for word in {*banned_in(text), *banned_in_name(text)}
        ]
        said += [(1, word) for word in banned_in_name(path.stem)]
        found += [f"{name}:{line}: {word} → {_INSTEAD[word]}" for line, word in said]
    assert found == []


def test_documents_and_data_use_no_private_words() -> None:
    found = []
    for path in (*documents(), *data_files()):
        text = path.read_text(encoding="utf-8")
        lines = (without_code(text) if path.suffix == ".md" else text).splitlines()
        found += [
            f"{path.relative_to(ROOT)}:{number}: {word} → {_INSTEAD[word]}"
            for number, line in enumerate(lines, start=1)
            if HEIR_IN_LAW not in line
            for word in banned_in(line)
        ]
    assert found == []


def test_there_are_twenty_banned_words_and_each_is_found() -> None:
    assert len(BANNED) == 20
    assert set(_FORMS.values()) == set(BANNED)
    assert banned_in_name("handleKnock") == ["knock"]
    assert banned_in_name("open_doors") == ["door"]
    assert banned_in("Whoever told nobody's house") == ["house", "nobody's", "told", "whoever"]
    assert banned_in("households and classroom") == []


def test_a_possessive_a_single_word_and_a_phrase_are_found() -> None:
    assert banned_in("the house's own, the heir’s and theirs") == ["heir", "house"]
    source = 'LINE = "heard"\nCODE = "HEIR"\n'
    assert [banned_in(text) for _, text in prose(source, ast.parse(source))] == [["heard"]]
    assert banned_in("money set\n    aside") == banned_in_name("set_aside") == ["set aside"]
    assert banned_in("set the table aside") == []


def test_what_stands_beside_python_is_read() -> None:
    assert {path.suffix for path in data_files()} >= _BESIDE_PYTHON - {".sh"}


def test_what_is_excluded_exists() -> None:
    assert [area for area in EXCLUDED if not (ROOT / area).exists()] == []
