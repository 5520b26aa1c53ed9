"""The findings as a table for people and as JSON for machines."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.doctor.findings import Finding, Level

_MARKS: dict[Level, tuple[str, str]] = {
    "broken": ("✗ 异常", "bold red"),
    "warn": ("! 注意", "yellow"),
    "info": ("· 提示", "cyan"),
    "ok": ("✓ 正常", "green"),
}


def worst(findings: Sequence[Finding]) -> Level:
    """The gravest level among them."""
    return next((level for level in _MARKS if any(finding.level == level for finding in findings)), "ok")


def as_json(findings: Sequence[Finding]) -> str:
    """One object: the gravest level, and each finding under its stable code."""
    listed = [
        {
            "code": each.code,
            "level": each.level,
            "subject": each.subject,
            "zh": each.zh,
            "en": each.en,
            "mend": {"zh": each.remedy_zh, "en": each.remedy_en} if each.remedy_en else None,
        }
        for each in findings
    ]
    return orjson.dumps({"level": worst(findings), "findings": listed}, option=orjson.OPT_INDENT_2).decode()


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """What is wrong first, each with its remedy, then what is well; what is said of several subjects is said once."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=36)
    table.add_column(overflow="fold")
    order, codes = list(_MARKS), [finding.code for finding in findings]
    alike: dict[Finding, list[str]] = {}
    for each in sorted(findings, key=lambda finding: (order.index(finding.level), codes.index(finding.code))):
        alike.setdefault(replace(each, subject=""), []).append(each.subject)
    for each, subjects in alike.items():
        mark, style = _MARKS[each.level]
        table.add_row(Text(mark, style), Text(f"{each.code}\n{', '.join(subjects)}".strip()), _said(each))
    console.print(table)
    console.print(_sum(findings), style=_MARKS[worst(findings)][1], highlight=False)


def _said(finding: Finding) -> Text:
    lines = list(dict.fromkeys((finding.zh, finding.en)))
    if finding.remedy_en:
        lines += [f"→ {finding.remedy_zh}", f"→ {finding.remedy_en}"]
    return Text("\n".join(lines))


def _sum(findings: Sequence[Finding]) -> str:
    broken, warned = (sum(each.level == level for each in findings) for level in ("broken", "warn"))
    if not broken and not warned:
        return f"一切正常（{len(findings)} 项） · all is well"
    return f"{broken} 项异常，{warned} 项注意（共 {len(findings)} 项） · broken: {broken}, warnings: {warned}"
