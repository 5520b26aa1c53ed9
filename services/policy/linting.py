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
    for place, basis in bases(pack):
        if basis.origin != "document" or basis.clause is None:
            continue
        words = _one_line(basis.clause.quote)
        if not any(words in text for text in documents.values()):
            yield f"{pack.id} {place}：引文不在文件中 · not found in any document: “{basis.clause.quote}”"


def _one_line(text: str) -> str:
    return _LAYOUT.sub("", text)
