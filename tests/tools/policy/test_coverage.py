"""No sentence of a document is passed over: each is marked, and what it names exists."""

import importlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.policy.loader import load_pack
from tools.cli import app
from tools.policy.case_coverage import cases_by_entry
from tools.policy.coverage import COVERAGE, PackCoverage, compared, covered
from tools.policy.explanation import bases
from tools.policy.sentences import sentences

ROOT = Path(__file__).parents[3]
DOCUMENTS = covered()
TEXT = """一、标准。个人缴费标准为每
人380元;财政补助不低于640元！
二、对象
本县居民（含在校学生）。“如有疑问？”请咨询"""


def test_a_document_is_split_at_its_sentences_wherever_its_lines_break() -> None:
    assert [sentence.text for sentence in sentences(TEXT)] == [
        "一、标准。",
        "个人缴费标准为每人380元;",
        "财政补助不低于640元！",
        "二、对象本县居民（含在校学生）。",
        "“如有疑问？”",
        "请咨询",
    ]
    assert [s.digest for s in sentences(TEXT)] == [s.digest for s in sentences(TEXT.replace("\n", "\n\n  "))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.pack)
def test_every_sentence_is_marked_and_every_mark_exists(document: PackCoverage) -> None:
    places = {place for place, _ in bases(load_pack(document.pack))}
    assert [one.number for one in document.sentences] == list(range(1, len(document.sentences) + 1))
    for one in document.sentences:
        assert one.marks, one
        for kind, names in one.marks:
            assert names
            assert all(names)
            if kind == "rule":
                assert set(names) <= places, one
            elif kind == "institution":
                for name in names:
                    module, _, function = name.partition(".")
                    assert callable(getattr(importlib.import_module(f"shared.policy.institutions.{module}"), function))
            elif kind == "service":
                assert all((ROOT / name).exists() for name in names), one


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.pack)
def test_every_rule_that_a_sentence_names_is_tried_by_a_worked_case(document: PackCoverage) -> None:
    tried = cases_by_entry(load_pack(document.pack))
    named = {
        name
        for one in document.sentences
        for kind, names in one.marks
        if kind in ("rule", "institution")
        for name in names
    }
    assert {name for name in named if not tried[name]} == set()


def test_four_documents_are_covered() -> None:
    assert sum(len(document.sentences) for document in DOCUMENTS) == 210
    assert {document.pack for document in DOCUMENTS} == {file.stem for file in COVERAGE.glob("*.yaml")}
    assert len(DOCUMENTS) == 4


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.pack)
def test_every_entry_that_cites_the_document_is_named_by_a_sentence(document: PackCoverage) -> None:
    cited = {place for place, basis in bases(load_pack(document.pack)) if basis.origin == "document"}
    named = {name for one in document.sentences for kind, names in one.marks if kind == "rule" for name in names}
    assert cited <= named


def test_a_sentence_that_is_new_or_gone_is_reported(tmp_path: Path) -> None:
    luoshan = next(document for document in DOCUMENTS if document.pack == "luoshan-2024")
    reported = list(compared(luoshan, "个人缴费标准为每人 400 元。"))
    assert reported[0].startswith("luoshan-2024 1：未标注")
    assert len(reported) == 1 + len(luoshan.sentences)
    result = CliRunner().invoke(app, ["policy", "coverage", "--documents", str(tmp_path)])
    assert (result.exit_code, "no such document" in result.output) == (1, True)
