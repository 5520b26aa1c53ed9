"""``canbao verify``: prove that enrolments, payments and treasury agree, or name what does not."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from shared.database.logins import NOT_RUNNING, LoginRefused, is_out_of_reach, is_stopped
from shared.settings import Settings
from shared.settings_errors import WHERE_SETTINGS_ARE
from verify.anchor import AnchorLine, AnchorRefused, anchor_check, append_anchor, read_anchor
from verify.check import ConsistencyCheck
from verify.checks.seals import content_after
from verify.examination import examine
from verify.render import as_json, print_report
from verify.report import ConsistencyReport
from verify.snapshot import CouldNotExamine
from verify.trace import print_trace, trace_of

BROKEN, NOT_EXAMINED = 1, 2


def verify(
    json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 · print the report as JSON")] = False,
    trace: Annotated[
        UUID | None, typer.Option(metavar="ENROLMENT", help="打印一份参保的因果链 · print an enrolment's causal chain")
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="证明自文件所记以来封存块未变，并记下现在的块 · prove that no block anchored in the file has changed"
            " since, and anchor those of now",
        ),
    ] = None,
    since_anchor: Annotated[
        bool,
        typer.Option(
            "--since-anchor",
            help="只重算锚点之后的块，列明未重算的 · recompute only the blocks after the last anchor, and name"
            " the others",
        ),
    ] = False,
) -> None:
    """核对参保、缴费与国库是否一致（只读） · prove that enrolments, payments and treasury agree; reads only.

    退出码：0 全部一致，或只有在途（列明已等多久）· 1 有不符，逐笔列明 · 2 数据库或锚点文件不能读取，什么也没有证明；
    用 --trace 时，1 为没有这份参保。

    Exit codes: 0 everything agrees or is on its way (IN FLIGHT, with its age) · 1 a BREAK, its rows are named ·
    2 a database or the anchor's file could not be read, so nothing is proven; with --trace: 1 where nobody knows the
    enrolment.
    """
    if since_anchor and anchor is None:
        raise typer.BadParameter("须与 --anchor 同用 · it needs --anchor", param_hint="--since-anchor")
    settings = Settings()
    try:
        if trace is not None:
            raise typer.Exit(_trace(settings, trace))
        anchored = read_anchor(anchor, settings.installation) if anchor else ()
        report = asyncio.run(examine(settings, _further(anchor, anchored, since_anchor=since_anchor)))
    except AnchorRefused as error:
        typer.echo(f"锚点文件不可用 · the anchor's file is refused: {error}", err=True)
        raise typer.Exit(NOT_EXAMINED) from error
    except CouldNotExamine as error:
        _say_not_examined(error)
        raise typer.Exit(NOT_EXAMINED) from error
    if json:
        typer.echo(as_json(report))
    else:
        print_report(report)
    if anchor and not _anchored(anchor, anchored, report):
        raise typer.Exit(NOT_EXAMINED)
    raise typer.Exit(0 if report.consistent else BROKEN)


def _say_not_examined(error: CouldNotExamine) -> None:
    if is_stopped(error):
        typer.echo(f"无法核对 · could not examine: {NOT_RUNNING}", err=True)
        return
    typer.echo(f"无法核对 · could not examine: {error}", err=True)
    if is_out_of_reach(error) and not isinstance(error.__cause__, LoginRefused):
        typer.echo(WHERE_SETTINGS_ARE, err=True)


def _further(file: Path | None, anchored: Sequence[AnchorLine], *, since_anchor: bool) -> tuple[ConsistencyCheck, ...]:
    """What the anchor's file adds to the checks, and which of them it shortens."""
    if file is None:
        return ()
    shorter = (content_after(anchored[-1].heads),) if since_anchor and anchored else ()
    return (anchor_check(anchored), *shorter)


def _anchored(file: Path, earlier: Sequence[AnchorLine], report: ConsistencyReport) -> bool:
    """Write the heads down where nothing is broken; whether the file took them."""
    if not report.consistent:
        typer.echo(f"有不符，锚点未写入 · nothing was anchored, as something is broken: {file}", err=True)
        return True
    try:
        lines = append_anchor(file, earlier, report)
    except AnchorRefused as error:
        typer.echo(f"锚点未写入 · nothing was anchored: {error}", err=True)
        return False
    typer.echo(f"锚点已写入 {file}，共 {lines} 行 · anchored, lines now: {lines}", err=True)
    return True


def _trace(settings: Settings, enrolment_id: UUID) -> int:
    chain = asyncio.run(trace_of(settings, enrolment_id))
    if not chain:
        typer.echo(f"查无此参保 · no database knows the enrolment {enrolment_id}", err=True)
        return BROKEN
    print_trace(enrolment_id, chain)
    return 0
