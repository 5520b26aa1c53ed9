"""``canbao restore``: after a database was restored to earlier, or a standby took over without the last commits."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.composition import WITH_DATABASE
from shared.database.engine import Database
from shared.database.logins import owners_login
from shared.messaging.bus.factory import open_bus
from shared.messaging.dead_letters.commands import operator
from shared.settings import Settings
from tools.restore.restoration import Left, Restoration, Restorer
from tools.restore.tasks import ALSO
from verify.anchor import AnchorRefused, read_anchor

_SHOWN = 500
# What was done at once about the lost window, and of how many.
_ASKED = {
    "payment": ("将向渠道查询的订单", "orders will be asked about at the channel"),
    "subsidy": ("按其他服务已知的版本恢复的核定", "assessments were taken up again as others know them"),
}


def restore(
    service: Annotated[
        str, typer.Argument(help="恢复到较早状态的服务 · the service whose database was restored to an earlier state")
    ],
    because: Annotated[str, typer.Option(help="恢复的原因，一并留存 · why it was restored; kept for the auditor")] = "",
    anchor: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="canbao verify --anchor 的文件：记下被放弃的封存块"
            " · the file of canbao verify --anchor: heads that are abandoned are recorded",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只显示，不更改 · show what would be done and change nothing")
    ] = False,
    bus_lost: Annotated[
        bool,
        typer.Option(
            "--bus-lost",
            help="消息总线也已恢复或丢失：总线上看不出缺什么，仍进入新纪元"
            " · the bus was restored or lost too and does not show what is missing: begin an epoch all the same",
        ),
    ] = False,
) -> None:
    """恢复数据库之后运行：进入新纪元，记下丢失的事实，列出须由人补录的事项；可重复执行
    · run it after a restoration: begins an epoch, writes down what was lost, and lists what people must enter again;
    safe to repeat.
    """
    if service not in WITH_DATABASE:
        raise typer.BadParameter(f"没有名为 {service} 的服务 · no such service; choose {', '.join(WITH_DATABASE)}")
    if not dry_run and not because.strip():
        raise typer.BadParameter("请用 --because 写明原因 · say why with --because")
    settings = Settings()
    try:
        # Of a file that is not there nothing would be recorded, and its blocks would be missed at every later proof.
        if anchor is not None and not read_anchor(anchor, settings.installation):
            raise AnchorRefused(f"{anchor}: 没有一行锚点 · it has no line")
        found, left = asyncio.run(
            _restored(settings, service, because, anchor=anchor, dry_run=dry_run, bus_lost=bus_lost)
        )
    except AnchorRefused as refused:
        said = f"锚点文件不可用 · the anchor's file is refused: {refused}"
        raise typer.BadParameter(said, param_hint="--anchor") from None
    for line in lines(found, left, dry_run=dry_run):
        typer.echo(line)


async def _restored(
    settings: Settings, service: str, because: str, *, anchor: Path | None, dry_run: bool, bus_lost: bool
) -> tuple[Restoration, Left]:
    database = Database(settings.owner_url(service), pool_size=2, application_name="canbao restore")
    try:
        with owners_login(settings, service):
            async with open_bus(settings, service) as bus:
                restorer = Restorer(settings, service, bus, database)
                if dry_run:
                    return await restorer.examine(anchor), Left()
                found = await restorer.restore(began_by=operator(), because=because, anchor=anchor, anyway=bus_lost)
                return found, await restorer.left()
    finally:
        await database.dispose()


def lines(found: Restoration, left: Left, *, dry_run: bool) -> list[str]:
    """What is said: what was lost, what was done, and the list of what people must enter again."""
    said = []
    total = sum(found.lost.values())
    if total:
        said.append(f"总线上有 {total} 条本数据库没有的事件 · the bus holds {total} events that this database lacks:")
        said += [f"  {count:>8}  {event}" for event, count in sorted(found.lost.items())]
    else:
        said.append("总线上没有本数据库缺少的事件 · the bus holds nothing that this database lacks")
    said += [f"放弃的封存块 · abandoned heads: {table} {len(heads)}" for table, heads in found.abandoned.items()]
    if dry_run:
        said.append("未作更改 · nothing was changed (--dry-run)")
    elif found.began is not None:
        said.append(f"已进入第 {found.began} 纪元，{found.moved} 条未发送的事件随之编号 · epoch {found.began} began,")
        said[-1] += f" {found.moved} unsent events count in it; work starts by itself"
        if found.asked:
            zh, en = _ASKED[found.service]
            said.append(f"{zh}：{found.asked} · {found.asked} {en}")
    else:
        said.append(f"纪元仍为 {found.epoch} · still in epoch {found.epoch}")
    return [*said, *_task_lines(found.service, left, begun=found.began is not None or bool(found.abandoned))]


def _task_lines(service: str, left: Left, *, begun: bool) -> list[str]:
    """One line for each task, and what no event names: a lost bus names nothing of what was lost."""
    said = [
        f"  {task.at:%Y-%m-%d %H:%M:%S}  {task.region}  {task.benefit_year or '—'}  {task.about}"
        f"  {task.zh} · {task.en}  ({task.actor})"
        for task in left.tasks
    ]
    hidden = [f"  … 另有 {len(said) - _SHOWN} 项 · {len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
    head = [f"须补录 {len(said)} 项 · {len(said)} to be entered again:"] if said else []
    zh, en = ALSO[service]
    also = [f"  另须补录 · also: {zh} · {en}"] if said or left.following or begun else []
    following = [
        f"  等待自动恢复 · waits to follow by itself: {event} {n}" for event, n in sorted(left.following.items())
    ]
    return [*head, *said[:_SHOWN], *hidden, *also, *following]
