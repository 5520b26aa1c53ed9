"""Whether a pack can be trusted: its file, and every clause of a document found in that document's own words."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.domain.money import format_yuan
from shared.policy.conditions import ANYBODY
from shared.policy.pack import Basis, Pack
from tools.policy.explanation import bases

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


def unsaid(pack: Pack) -> Iterator[str]:
    """Each amount of a rule of origin ``document`` that the words quoted beside it do not say."""
    for place, basis, amount in _amounts(pack):
        quoted_amount = basis.clause is not None and re.search(
            rf"(?<![\d.]){re.escape(amount)}(?![\d.])", basis.clause.quote
        )
        if basis.origin == "document" and not quoted_amount:
            yield f"{pack.id} {place}：引文没有写 {amount} · the quotation does not say {amount}"


def doubtful(pack: Pack) -> Iterator[str]:
    """What a pack may mean and its author hardly does."""
    if any(standard.individual_fen is None for standard in pack.standards):
        yield "标准没有金额，所有人暂缓 · a standard without an amount holds everybody"
    if all(window.whom != ANYBODY for window in pack.windows if not window.late):
        yield "没有面向所有人的缴费期 · no window is for everybody"


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


def _amounts(pack: Pack) -> Iterator[tuple[str, Basis, str]]:
    """Amounts in yuan, or percentages, as a document writes them."""
    for number, standard in enumerate(pack.standards):
        place, fiscal = f"standards[{number}]", standard.fiscal
        if standard.individual_fen is not None:
            yield place, standard.basis, _written(standard.individual_fen)
        if fiscal is not None and fiscal.floor_fen:
            for fen in (fiscal.floor_fen, *(share.amount_fen for share in fiscal.shares)):
                yield f"{place}.fiscal", fiscal.basis, _written(fen)
    for relief in pack.reliefs:
        if figure := relief.amount_fen or relief.basis_points:
            yield f"reliefs.{relief.identity}", relief.basis, _written(figure)
    for number, rule in enumerate(pack.newborns.rules if pack.newborns else ()):
        for premium in rule.premiums:
            yield f"newborns.rules[{number}]", rule.basis, _written(premium.amount_fen)


def _written(hundredths: int) -> str:
    """380.00 yuan is written 380, 12.50 percent 12.5."""
    return format_yuan(hundredths).rstrip("0").rstrip(".")


def _one_line(text: str) -> str:
    return _LAYOUT.sub("", text)
