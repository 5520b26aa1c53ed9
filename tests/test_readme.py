"""Both README files say the same: sections, tables, commands and links, one in English and one in Chinese."""

import re
from pathlib import Path

import pytest

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
