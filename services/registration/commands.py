"""Registration's part of the CLI: who may call."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration.clients import service
from shared.command_line import Commands
from shared.database.engine import Database
from shared.database.logins import services_login
from shared.domain.region import InvalidRegion, covers, parse_region
from shared.settings import Settings

_NAME = re.compile(r"\w[\w.-]{0,63}")


def client_commands(known_scopes: Callable[[], Collection[str]]) -> typer.Typer:
    """``canbao clients``; ``known_scopes`` are those that the routes of all services ask for."""
    clients = Commands(help="API 客户端 · the systems that may call", no_args_is_help=True)

    @clients.callback()
    def group() -> None:
        """Keep ``add`` a command of its own: typer would otherwise fold the only one away."""

    @clients.command()
    def add(
        name: Annotated[
            str,
            typer.Argument(
                help="客户端名称，记录在其全部操作上 · what the client is called; its name stands beside all it causes"
            ),
        ],
        scope: Annotated[list[str], typer.Option(help="权限，可多次给出 · service:verb, may be given several times")],
        region: Annotated[
            str,
            typer.Option(
                help="可见的辖区代码：县、乡镇或村 · region prefix that the client may see: county, town or village"
            ),
        ],
        secret_file: Annotated[
            Path | None,
            typer.Option(help="已有密钥的文件，不再打印 · file with the secret that the client has; none is printed"),
        ] = None,
        rotate: Annotated[
            bool,
            typer.Option(
                "--rotate", help="更换已有客户端的密钥与权限 · give a client that exists a new secret and scopes"
            ),
        ] = False,
    ) -> None:
        """允许一个系统调用，密钥只显示一次 · let a client call; prints its new secret, once.

        A name that exists is refused without --rotate or --secret-file: its department would be shut out.
        """
        settings = Settings()
        _refuse_unusable_name(settings, name)
        _refuse_unknown_scopes(scope, known_scopes())
        _refuse_foreign_region(region, settings.region)
        _add(settings, name, scope, region, secret_file, rotate=rotate)

    return clients


def _add(
    settings: Settings, name: str, scopes: list[str], region: str, secret_file: Path | None, *, rotate: bool
) -> None:
    secret = secrets.token_urlsafe(32) if secret_file is None else secret_file.read_text(encoding="utf-8").strip()
    replace = rotate or secret_file is not None
    if not asyncio.run(save_client(settings, name, secret, scopes, region, replace=replace)):
        raise typer.BadParameter(
            f"客户端 {name} 已存在：加 --rotate 换新密钥（旧密钥随即失效），或另取一个名称"
            " · it exists: --rotate gives it a new secret (the old one ends), or choose another name",
            param_hint="NAME",
        )
    if secret_file is None:
        typer.echo(secret)


def _refuse_unusable_name(settings: Settings, name: str) -> None:
    """It stands in logs and beside what the client causes; a client that has another one keeps it."""
    if _NAME.fullmatch(name) or (name.strip() and asyncio.run(_exists(settings, name))):
        return
    raise typer.BadParameter(
        "名称须为 1 至 64 个字母、汉字、数字或 . _ -，以字母、汉字或数字开头"
        " · a client's name has 1 to 64 letters, digits or . _ - and begins with a letter or digit",
        param_hint="NAME",
    )


def _refuse_unknown_scopes(scopes: list[str], known: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(known))
    if unknown:
        raise typer.BadParameter(
            f"没有这样的权限 · no endpoint asks for: {', '.join(unknown)}\n"
            f"可用 · choose from: {', '.join(sorted(known))}",
            param_hint="--scope",
        )


def _refuse_foreign_region(region: str, area: str) -> None:
    try:
        inside = region == area or covers(area, parse_region(region))
    except InvalidRegion as invalid:
        raise typer.BadParameter(f"区划代码应为 6、9 或 12 位数字 · {invalid}", param_hint="--region") from invalid
    if not inside:
        raise typer.BadParameter(
            f"不在本统筹区内 · {region} is not in {area}, this installation's CANBAO_REGION", param_hint="--region"
        )


async def save_client(
    settings: Settings, name: str, secret: str, scopes: list[str], region: str, *, replace: bool = True
) -> bool:
    """Store one client in registration's database; False where the name is taken and is not to be replaced."""
    async with _session(settings) as session:
        if not replace and await service.exists(session, name):
            return False
        await service.save(session, name, secret, scopes, region)
        return True


async def _exists(settings: Settings, name: str) -> bool:
    async with _session(settings) as session:
        return await service.exists(session, name)


@asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[AsyncSession]:
    database = Database(settings.service_url("registration"), pool_size=1, application_name="canbao clients")
    try:
        with services_login(settings, "registration"):
            async with database.transaction(settings.region) as session:
                yield session
    finally:
        await database.dispose()
