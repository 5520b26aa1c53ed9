"""Both README files say the same, one in English and one in Chinese, and their policy questions work as typed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.policy.loader import PACKS, load_pack
from tests.harness.timeouts import stretched
from tests.tools.policy.test_commands import FARMER
from tools.policy.explanation import bases

ROOT = Path(__file__).parents[1]
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)]+)\)")


def blocks(text: str) -> list[tuple[str, str]]:
    """Code blocks with their language, without comments: those are prose, and translated."""
    return [(language, re.sub(r"\s+#[^\n]*", "", code)) for language, code in _BLOCK.findall(text)]


def outside_blocks(text: str) -> str:
    return _BLOCK.sub("", text)


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", outside_blocks(text), re.MULTILINE)]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of each table, below its head, with only what stands in backquotes."""
    rows = re.findall(r"^\| (.+?) \| ", outside_blocks(text), re.MULTILINE)
    return [" ".join(re.findall(r"`([^`]+)`", row)) for row in rows]


def test_the_same_sections() -> None:
    assert headings(CHINESE) == headings(ENGLISH)


def test_the_same_code_blocks() -> None:
    assert blocks(CHINESE) == blocks(ENGLISH)


def test_the_same_rows_in_every_table() -> None:
    assert first_cells(CHINESE) == first_cells(ENGLISH)


def test_the_same_commands_settings_and_files_in_the_text() -> None:
    def quoted(text: str) -> set[str]:
        return set(re.findall(r"`([^`\n]+)`", outside_blocks(text)))

    assert quoted(CHINESE) == quoted(ENGLISH)


def test_the_same_links_and_each_leads_to_the_other() -> None:
    ours, theirs = set(_LINK.findall(ENGLISH)), set(_LINK.findall(CHINESE))
    assert ours - theirs == {"README.zh-CN.md"}
    assert theirs - ours == {"README.md"}


@pytest.mark.parametrize("link", sorted(set(_LINK.findall(ENGLISH + CHINESE))))
def test_every_link_within_leads_somewhere(link: str) -> None:
    assert link.startswith("http") or (ROOT / link).exists()


def test_the_chinese_one_is_chinese() -> None:
    """Each paragraph and each row speaks Chinese; English stands there only as names and commands."""
    for line in outside_blocks(CHINESE).split("\n\n"):
        if line.strip() and not line.startswith("|"):
            assert re.search("[\u4e00-\u9fff]", line), line


@pytest.fixture
def readers_folder(tmp_path: Path) -> Path:
    """A folder with what the policy questions read: cases, questions, people and the documents' clauses."""
    case = {"id": "farmer", "policy": "shantou-2022", "facts": FARMER | {"payment_date": "2021-10-20"}}
    question = {"id": 1, "policy": "luoshan-2024", "given": {"town": "灵山", "insured": 20700}}
    for name, asked in {"cases": case, "questions": question, "people": {"id": "farmer", "facts": FARMER}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps([asked]), encoding="utf-8")
    (tmp_path / "DIR").mkdir()
    for pack in (load_pack(file.stem) for file in PACKS.glob("*.yaml")):
        clauses = [basis.clause.quote for _, basis in bases(pack) if basis.clause is not None]
        (tmp_path / "DIR" / f"{pack.id}.txt").write_text("\n".join(clauses), encoding="utf-8")
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return tmp_path


def policy_questions() -> list[str]:
    """The lines of the block of `canbao policy`, without the prompt."""
    (block,) = (code for language, code in _BLOCK.findall(ENGLISH) if language == "console")
    return [line.removeprefix("$ ") for line in block.splitlines()]


def test_the_policy_questions_work_as_typed(readers_folder: Path) -> None:
    """Only the packs' names are filled in. The whole documents are not here, so `coverage` reports them missing."""
    alias, *commands = policy_questions()
    typed = ["shopt -s expand_aliases", alias]
    for command in commands:
        typed += [command.replace("--from A --to B", "--from luoshan-2024 --to shantou-2022"), "echo exit $?"]
    ended = subprocess.run(
        ["bash", "-c", "\n".join(typed)],
        cwd=readers_folder,
        capture_output=True,
        text=True,
        timeout=stretched(180),
        check=False,
    )
    codes = [int(code) for code in re.findall(r"^exit (\d+)$", ended.stdout, re.MULTILINE)]
    expected = [1 if "policy coverage" in command else 0 for command in commands]
    assert len(commands) == 9
    assert codes == expected, ended.stdout + ended.stderr
    assert "没有这份文件 · no such document" in ended.stdout
    assert (readers_folder / "my-county-2026.yaml").exists()


def test_every_address_of_the_walk_through_is_one_that_a_service_has() -> None:
    """S8: it sent to the bill for reasons that stand in registration's explanation."""
    known = {
        f"{service}{re.sub(r'{[^}]+}', '$ID', path)}"
        for service in ("registration", "payment")
        for path in json.loads((ROOT / "docs" / "openapi" / f"{service}.json").read_text(encoding="utf-8"))["paths"]
    }
    named = set(re.findall(r"\$API/([\w/$-]+)", ENGLISH))
    assert "registration/v1/enrolments/$ID/explain" in named
    assert named <= known
