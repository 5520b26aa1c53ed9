"""What the auditor found against the simulator's own books, township by township and fen by fen."""

from dataclasses import fields
from typing import Any

from shared.policy.pack import Pack, ReliefKind
from shared.policy.vocabulary import BY_AGE, Identity
from tools.up.played import still_open
from verify.report import ConsistencyReport, CountyFigures, TownLine

# How the auditor and the simulator call the same thing.
_SAME = {
    "registered": "registered",
    "enrolled": "enrolled",
    "paid_fen": "credited_fen",
    "aided_fen": "aided_fen",
    "treasury_fen": "treasury_fen",
}


def differences(report: ConsistencyReport, books: dict[str, Any]) -> list[str]:
    """One sentence per figure that differs; empty where canbao and the simulator agree to the fen."""
    found = [f"{key}: {what}" for key, what in books["complaints"].items()] + still_open(books)
    lines = {line.region: line for line in report.towns}
    for region, town in books["towns"].items():
        found += _compare(region, lines.get(region, TownLine(region, region)), town)
    county = books["county"]
    found += _compare("county", report.overall, county)
    found += _differs("county", "suspense_fen", report.overall.suspense_fen, county["suspense_fen"])
    for figure in fields(CountyFigures):
        found += _differs("county", figure.name, getattr(report.figures, figure.name), county[figure.name])
    if not county["credited_fen"] or not report.overall.paid_fen:
        found.append("账上无款 · the books hold no money")
    return found


def unseen(pack: Pack, books: dict[str, Any]) -> list[str]:
    """One sentence per configured identity under which nobody is enrolled; those by age are seen by their birth."""
    configured = {relief.identity for relief in pack.reliefs if relief.kind is not ReliefKind.OPEN}
    missing = sorted(configured - BY_AGE - {Identity(each) for each in books["identities"]})
    return [f"{identity.name_zh} {identity.value}: 无人参保 · nobody is enrolled" for identity in missing]


def _compare(where: str, line: TownLine, town: dict[str, int]) -> list[str]:
    return [
        sentence
        for ours, theirs in _SAME.items()
        for sentence in _differs(where, theirs, int(getattr(line, ours)), town[theirs])
    ]


def _differs(where: str, what: str, ours: int, theirs: int) -> list[str]:
    return [] if ours == theirs else [f"{where} {what}: canbao {ours}, 模拟器账簿 simulator {theirs}"]


def explained(report: ConsistencyReport, books: dict[str, Any]) -> str | None:
    """Why the auditor may know people that the simulator does not; None where it knows no more than the simulator."""
    beyond = report.overall.registered - books["county"]["registered"]
    if beyond <= 0:
        return None
    return (
        f"canbao 多 {beyond:,} 人：由他人登记或导入的人员不在模拟器账簿中；用 --data 指定新目录可重新开始。\n"
        f"{beyond:,} people more: those whom others registered or imported are not in the simulator's books; "
        "a new folder, named by --data, starts again."
    )
