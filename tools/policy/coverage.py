"""Every sentence of the documents and what answers for it: a rule, an institution, a service, or nothing and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from shared.policy.loader import PACKS, load_pack
from tools.policy.case_coverage import cases_by_entry
from tools.policy.sentences import sentences

COVERAGE = PACKS.parent / "coverage"
_MARKS = {"rule": "规则", "institution": "机构规则", "service": "业务", "none": "无规则"}
_HEAD = """# Every sentence of the documents · 逐句对照

Written by `canbao docs` from `shared/policy/coverage/`; `canbao policy coverage --documents DIR` compares it with the
documents themselves. A sentence is marked as a rule (entries of the pack, with its worked cases), an institution's rule
(functions of `shared/policy/institutions`), a service (where it is done), or no rule, and why.
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """One sentence with its marks: what answers for it, by kind."""

    number: int
    begins: str
    digest: str
    marks: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class PackCoverage:
    """A document's sentences, under the pack that follows it."""

    pack: str
    sentences: tuple[Marked, ...]


def covered(folder: Path = COVERAGE) -> list[PackCoverage]:
    """Read what answers for each sentence of each document."""
    return [_document(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.yaml"))]


def compared(document: PackCoverage, text: str) -> Iterator[str]:
    """What a document's own text says otherwise: sentences that are new, changed or gone."""
    marked = {one.digest: one for one in document.sentences}
    found = list(sentences(text))
    for sentence in found:
        if sentence.digest not in marked:
            yield f"{document.pack} {sentence.number}：未标注 · not marked: {sentence.begins}…"
    gone = marked.keys() - {sentence.digest for sentence in found}
    for one in document.sentences:
        if one.digest in gone:
            yield f"{document.pack} {one.number}：文件中已无 · no longer in the document: {one.begins}…"


def closest(document: PackCoverage, texts: Sequence[str]) -> str | None:
    """Of several texts the one that has most of a document's sentences; None where none has any."""
    marked = {one.digest for one in document.sentences}

    def shared_with(text: str) -> int:
        return sum(sentence.digest in marked for sentence in sentences(text))

    best = max(texts, key=shared_with, default=None)
    return best if best is not None and shared_with(best) else None


def page() -> str:
    """The page for people."""
    return "\n".join([_HEAD, *(line for document in covered() for line in _table(document))]) + "\n"


def _table(document: PackCoverage) -> Iterator[str]:
    pack = load_pack(document.pack)
    cases = cases_by_entry(pack)
    counts = {kind: sum(kind in dict(one.marks) for one in document.sentences) for kind in _MARKS}
    summary = "，".join(f"{_MARKS[kind]} {count}" for kind, count in counts.items())
    yield f"## {pack.id} · {pack.document}"
    yield f"{len(document.sentences)} 句：{summary}（一句可有多项）\n"
    yield "| # | 开头 | 对应 |"
    yield "| --- | --- | --- |"
    for one in document.sentences:
        answers = "；".join(f"{_MARKS[kind]}：{_shown(kind, names, cases)}" for kind, names in one.marks)
        yield f"| {one.number} | {one.begins} | {answers} |"
    yield ""


def _shown(kind: str, names: Sequence[str], cases: Mapping[str, Sequence[str]]) -> str:
    if kind == "none":
        return "、".join(names)
    return " ".join(f"`{name}`{_tried(cases.get(name, ()))}" for name in names)


def _tried(ids: Sequence[str]) -> str:
    """How many worked cases try an entry, and the first of them."""
    return f"（{len(ids)} 例：{ids[0]}{' …' if len(ids) > 1 else ''}）" if ids else ""


def _document(values: dict[str, Any]) -> PackCoverage:
    return PackCoverage(values["pack"], tuple(_marked(entry) for entry in values["sentences"]))


def _marked(entry: dict[str, Any]) -> Marked:
    marks = tuple((kind, _names(entry[kind])) for kind in _MARKS if kind in entry)
    return Marked(entry["n"], entry["begins"], str(entry["digest"]), marks)


def _names(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
