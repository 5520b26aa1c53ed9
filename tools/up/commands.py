"""``canbao up`` on the command line."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvloop
from rich.console import Console

from shared.database.server_account import EmbeddedPostgresError
from shared.settings import Settings
from tools.up.installation import Asked
from tools.up.refusal import CannotStart, Exit

PLAYABLE = ("anon-city-2023", "luoshan-2024", "national-2025", "shantou-2022")


def up(
    once: Annotated[
        bool, typer.Option("--once", help="输出核对表后结束 · end after the table instead of staying up")
    ] = False,
    pack: Annotated[
        str | None,
        typer.Option(
            help="演练哪个政策包，新目录默认 luoshan-2024 · whose season is played (luoshan-2024 in a new folder): "
            "anon-city-2023, luoshan-2024, national-2025, shantou-2022"
        ),
    ] = None,
    residents: Annotated[
        int | None,
        typer.Option(
            min=100,
            max=1_000_000,
            help="模拟居民人数，新目录默认 5000 · how many residents are simulated (5000 in a new folder)",
        ),
    ] = None,
    bus: Annotated[
        str, typer.Option(help="消息总线 · the bus: postgres (embedded) or kafka (CANBAO_KAFKA_BOOTSTRAP_SERVERS)")
    ] = "postgres",
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="服务与页面的端口 · where services and page listen, on 127.0.0.1")
    ] = 8000,
    data: Annotated[Path, typer.Option(help="数据与密钥目录 · folder for databases and secrets")] = Path(".canbao"),
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="演练停在这一业务日，服务继续运行；不加则演练到底 · hold the season at this business date, with the"
            " services up; without it the season is played to its end",
        ),
    ] = None,
) -> None:
    """在本机启动全部服务，演练一个缴费期并核对，然后保持运行（Ctrl-C 全部停止） · start everything here, play a season,
    prove it, and stay up (Ctrl-C stops all of it).

    退出码：0 全部得到证明 · 1 有不符、与模拟器账簿有出入、有未了结的差异或没有收到款项 · 2 用法错误 · 3 无法启动，
    信息中有处理办法 · 130 表格打印之前被中断。

    Exit codes: 0 fine · 1 a break, a difference from the simulator's books, or no money · 2 wrong usage ·
    3 cannot start, the message names the remedy · 130 stopped before the table.
    """
    if until is not None and once:
        raise typer.BadParameter("不能与 --once 同用 · cannot be used with --once", param_hint="--until")
    _refuse_unplayable(pack)
    asked = Asked(pack, residents, once, _known_bus(bus), port, data, until.date() if until else None)
    raise typer.Exit(int(_play(asked)))


def _play(asked: Asked) -> Exit:
    from tools.up.sequence import run

    Settings()  # what the environment says wrong is refused before anything is made
    try:
        return uvloop.run(run(asked, Console()))
    except (CannotStart, EmbeddedPostgresError) as reason:
        Console(stderr=True).print(str(reason), highlight=False, markup=False, soft_wrap=True)
        return Exit.CANNOT_START


def _known_bus(bus: str) -> Literal["postgres", "kafka"]:
    if bus not in ("postgres", "kafka"):
        raise typer.BadParameter("postgres, kafka", param_hint="--bus")
    return "kafka" if bus == "kafka" else "postgres"


def _refuse_unplayable(pack: str | None) -> None:
    """Raise BadParameter for a pack without a season, and say which have one."""
    if pack is None or pack in PLAYABLE:
        return
    problem = f"{pack}: 没有演练 · has no season; {', '.join(PLAYABLE)}"
    if pack == "tonghe-2023":
        problem = (
            "tonghe-2023: 通河只经哈尔滨银行收款，尚无演练；可用 canbao policy show tonghe-2023 查阅 · "
            "takes money through its bank only and has no season yet; read it by canbao policy show tonghe-2023"
        )
    raise typer.BadParameter(problem, param_hint="--pack")
