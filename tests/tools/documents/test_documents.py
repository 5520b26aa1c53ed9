"""``docs/`` says what the code does, both ways, and a published event stays as it is."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shared.contracts.schemas import published
from shared.errors import ErrorCode
from shared.names import all_names
from tools.cli import app
from tools.documents.generator import documents, drift

DOCS = Path(__file__).parents[3] / "docs"
PAID = "events/payment.contribution_paid.v1.json"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The committed documents, to change."""
    for name in documents():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DOCS / name, tmp_path / name)
    return tmp_path


def canbao_docs(folder: Path, *options: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["docs", "--folder", str(folder), *options])
    return outcome.exit_code, outcome.output


def test_the_committed_documents_are_what_the_code_says() -> None:
    assert drift(DOCS) == [], "write them again: canbao docs"


def test_a_fresh_folder_gets_them_all(tmp_path: Path) -> None:
    assert canbao_docs(tmp_path)[0] == 0
    assert canbao_docs(tmp_path, "--check") == (0, "")


class TestDrift:
    def test_a_document_that_was_changed_by_hand_is_named(self, copy: Path) -> None:
        (copy / "openapi/quota.json").write_text("{}", encoding="utf-8")
        code, said = canbao_docs(copy, "--check")
        assert code == 1
        assert "openapi/quota.json differs from the code" in said
        assert "canbao docs" in said

    def test_a_missing_document_is_named(self, copy: Path) -> None:
        (copy / "errors.md").unlink()
        assert "errors.md is missing" in canbao_docs(copy, "--check")[1]

    @pytest.mark.parametrize("orphan", ["openapi/gone.json", "events/payment.gone.v1.json", "events/old/x.txt"])
    def test_a_document_of_nothing_is_named(self, copy: Path, orphan: str) -> None:
        (copy / orphan).parent.mkdir(exist_ok=True)
        (copy / orphan).write_text("{}", encoding="utf-8")
        assert f"{orphan} describes what is no longer there" in canbao_docs(copy, "--check")[1]


class TestPublishedEvents:
    def test_a_field_that_readers_know_is_not_taken_away(self, copy: Path) -> None:
        published = json.loads((copy / PAID).read_text(encoding="utf-8"))
        published["properties"]["payer"] = {"type": "string"}
        (copy / PAID).write_text(json.dumps(published), encoding="utf-8")
        before = (copy / PAID).read_bytes()
        code, said = canbao_docs(copy)
        assert code == 1
        assert "payment.contribution_paid.v1: /properties/payer is gone" in said
        assert ".v2" in said
        assert (copy / PAID).read_bytes() == before

    def test_an_event_is_not_taken_away(self, copy: Path) -> None:
        shutil.copy(copy / PAID, copy / "events/payment.forgotten.v1.json")
        code, said = canbao_docs(copy)
        assert (code, "payment.forgotten.v1 was published and is gone" in said) == (1, True)

    def test_an_optional_field_is_added(self, copy: Path) -> None:
        published = json.loads((copy / PAID).read_text(encoding="utf-8"))
        del published["properties"]["benefit_year"]  # as if it had come later
        (copy / PAID).write_text(json.dumps(published), encoding="utf-8")
        assert canbao_docs(copy)[0] == 0
        assert canbao_docs(copy, "--check")[0] == 0


def test_every_event_is_described() -> None:
    assert {path.stem for path in (DOCS / "events").glob("*.json")} == set(published())


def test_every_error_is_described_with_its_remedy() -> None:
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    for code in ErrorCode:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{code.name}` ")]
        assert f"| {code.value.status} |" in row
        for words in (code.value.zh, code.value.en, code.value.remedy_zh, code.value.remedy_en):
            assert words in row


def test_every_code_is_named_on_the_page_of_names() -> None:
    page = (DOCS / "names.md").read_text(encoding="utf-8")
    for codes in all_names().values():
        for code, name in codes.items():
            assert f"| `{code}` | {name.zh} | {name.en} |" in page
