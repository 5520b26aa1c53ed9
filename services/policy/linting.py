"""Whether a pack can be trusted: its file, and every clause of a document found in that document's own words."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.policy.telling import bases
from shared.policy.pack import Pack

_LAYOUT = re.compile(r"\s+")


def documents_in(folder: Path) -> Mapping[str, str]:
    """The text files of a folder, each as one line: a page or a column breaks sentences wherever it ends."""
    return {
        file.name: _one_line(file.read_text(encoding="utf-8"))
        for file in sorted(folder.glob("*.txt"))
        if file.is_file()
    }


def unfound(pack: Pack, documents: Mapping[str, str]) -> Iterator[str]:
    """Each clause of origin ``document`` whose words stand in none of the documents."""
    for place, quote in _quotations(pack):
        words = _one_line(quote)
        if not any(words in text for text in documents.values()):
            yield f"{pack.id} {place}：引文不在文件中 · not found in any document: “{quote}”"


def quoted(pack: Pack) -> int:
    """How many clauses of a document a pack quotes."""
    return sum(1 for _ in _quotations(pack))


def marked(file: Path) -> int:
    """How many lines of a pack's file still bear the mark of the starting pack."""
    return file.read_text(encoding="utf-8").count("◀") if file.is_file() else 0


def _quotations(pack: Pack) -> Iterator[tuple[str, str]]:
    for place, basis in bases(pack):
        if basis.origin == "document" and basis.clause is not None:
            yield place, basis.clause.quote


def _one_line(text: str) -> str:
    return _LAYOUT.sub("", text)
