"""``canbao doctor`` on the command line."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console

from services.composition import SERVICES
from shared.database.data_folder import DataFolder
from shared.domain.clock import SystemClock
from shared.settings import Settings
from shared.settings_errors import UnusableSetting, setting_problems
from tools.doctor.configuration import NO_INSTALLATION, SETTINGS_UNREADABLE
from tools.doctor.examine import examine, examine_machine
from tools.doctor.findings import ExaminedInstallation, Finding
from tools.doctor.machine import port_of
from tools.doctor.render import as_json, print_findings, worst
from tools.up.folder import database_folder, environment_file

BROKEN = 1


def doctor(
    json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 · print JSON with stable codes")] = False,
    data: Annotated[
        Path,
        typer.Option(help="canbao up 的数据目录 · the data folder of canbao up, for settings that are not set"),
    ] = Path(".canbao"),
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="服务端口，默认按设置 · where the services listen (by default as the settings say)"
        ),
    ] = None,
) -> None:
    """检查这套安装哪里不对、怎样修复（只读） · say what is wrong here and the remedy; reads only.

    服务运行与否都可以。退出码：0 没有异常，可能有注意或提示 · 1 有异常。

    Works whether the services run or not. Exit codes: 0 nothing is broken, there may be warnings · 1 something is.
    """
    # A client library complains line by line of what the table says once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    findings = asyncio.run(_examined(data, port))
    if json:
        typer.echo(as_json(findings))
    else:
        print_findings(findings, Console())
    raise typer.Exit(BROKEN if worst(findings) == "broken" else 0)


async def _examined(data: Path, port: int | None) -> list[Finding]:
    try:
        settings = settings_here(data)
    except (ValidationError, SettingsError, UnusableSetting) as error:
        # A validator's text names the variable, never what it holds.
        return [SETTINGS_UNREADABLE.at(why="; ".join(setting_problems(error))), *await examine_machine(data)]
    named = {"CANBAO_DATABASE_URL", "CANBAO_SECRETS_DIR"} & os.environ.keys()
    if not named and not environment_file(data).is_file():
        return [NO_INSTALLATION.at(str(data)), *await examine_machine(data)]
    installation = ExaminedInstallation(
        settings, SERVICES, SystemClock(), data, port or port_of(settings.services_base_url)
    )
    if _stopped(settings, data):
        installation.closed.update(installation.with_database)
    return await examine(installation)


def _stopped(settings: Settings, data: Path) -> bool:
    """Whether the settings are those of an installation by ``canbao up`` whose own database does not run."""
    named = Path(parse_qs(urlsplit(settings.database_url).query).get("host", [""])[0])
    # Settings that were read into the environment name the folder by the socket beside its data.
    for folder in (database_folder(data), DataFolder(named.parent)):
        if folder.cluster.is_dir() and folder.socket_dir == named:
            return folder.server_pid is None
    return False


def settings_here(data: Path) -> Settings:
    """The environment's settings; where it names no database, those that ``canbao up`` left in its folder."""
    kept = environment_file(data)
    if {"CANBAO_DATABASE_URL", "CANBAO_SECRETS_DIR"} & os.environ.keys() or not kept.is_file():
        return Settings()
    return Settings(_env_file=kept)
