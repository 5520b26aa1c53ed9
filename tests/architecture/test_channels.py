"""A channel is a folder and a row: outside them, no module of payment knows a channel by its name."""

import ast
import re
from pathlib import Path

import pytest

from services.payment.channels.table import ADAPTERS
from shared.policy.mechanisms import MECHANISM_OF, Mechanism, channels_by
from shared.policy.vocabulary import Channel
from tests.harness.statements import ROOT

PAYMENT = ROOT / "services" / "payment"
_OF_A_CHANNEL = re.compile(r"wechat|alipay|chinaums|unionpay", re.IGNORECASE)
# Examples in the OpenAPI document have to name some channel.
_EXAMPLES = {"schemas.py"}


def _modules() -> list[Path]:
    folders = [PAYMENT / "channels" / adapter.mechanism.value.lower() for adapter in ADAPTERS]
    own = {path for folder in folders for path in folder.rglob("*.py")}
    others = [path for path in PAYMENT.rglob("*.py") if path not in own and "migrations" not in path.parts]
    return sorted(path for path in others if path != PAYMENT / "channels" / "table.py")


def _words(path: Path) -> list[str]:
    """Names and texts of a module, without its docstrings: what the code itself knows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word) | ast.arg(arg=word):
                found.append(word)
            case ast.ImportFrom(module=str(word)):
                found.append(word)
            case ast.Constant(value=str(word)) if word not in docstrings:
                found.append(word)
            case _:
                continue
    return [word for word in found if _OF_A_CHANNEL.search(word)]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(PAYMENT)))
def test_no_module_outside_a_channels_folder_names_a_channel(path: Path) -> None:
    """The repair: what the module knows of the channel belongs into its adapter's row, or its folder."""
    if path.name in _EXAMPLES:
        assert [word for word in _words(path) if word != "WECHAT" and not word.startswith("WECHAT:")] == []
    else:
        assert _words(path) == []


def test_every_name_of_the_documents_has_its_mechanism() -> None:
    assert set(MECHANISM_OF) == set(Channel)
    assert {channel for mechanism in Mechanism for channel in channels_by(mechanism)} == set(Channel)


def test_every_row_has_a_folder_a_path_and_a_name_of_its_own() -> None:
    assert len({adapter.mechanism for adapter in ADAPTERS}) == len(ADAPTERS)
    assert len({adapter.form.path for adapter in ADAPTERS}) == len(ADAPTERS)
    for adapter in ADAPTERS:
        assert (PAYMENT / "channels" / adapter.mechanism.value.lower() / "__init__.py").is_file()
        assert channels_by(adapter.mechanism), "some name of the documents uses it"
        assert "{" + adapter.form.merchant_parameter + "}" in adapter.form.path


def test_published_callback_paths_stay() -> None:
    """They stand in merchants' consoles and in open orders: what was published once is called for years."""
    published = {"/v1/callbacks/wechat/{mchid}", "/v1/callbacks/chinaums/{mid}"}
    assert published <= {adapter.form.path for adapter in ADAPTERS}
