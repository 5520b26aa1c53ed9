"""The commands that run, prepare and look after services: serve, migrate, replay, clients, config."""

import asyncio
import signal
from typing import Annotated, cast

import typer
import uvloop

from services import composition
from services.registration.commands import client_commands
from services.web_server import serve as serve_services
from shared.command_line import Commands
from shared.messaging.dead_letters.commands import replay_commands
from shared.observability.logs import configure_logs
from shared.service import Role, Service
from shared.settings import Settings
from shared.settings_example import env_example

replay = replay_commands(composition.dead_letter_context, composition.WITH_DATABASE)
clients = client_commands(composition.known_scopes)
config = Commands(help="设置 · settings", no_args_is_help=True)


def serve(
    name: Annotated[
        str, typer.Argument(help="服务名 · the service: registration | subsidy | payment | quota | console | all")
    ],
    role: Annotated[
        str, typer.Option(help="web 只开接口 endpoints only; work 只做后台 events and jobs only; all")
    ] = "all",
    host: Annotated[
        str | None,
        typer.Option(
            help="监听地址，默认按 CANBAO_LISTEN_HOST；非本机地址上页面只显示全县合计"
            " · address to listen on (CANBAO_LISTEN_HOST); on one that is not loopback the page shows county totals"
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口 · port to listen on")] = 8000,
) -> None:
    """运行一个或全部服务，数据库须已迁移 · run one service, or all of them, on databases that exist (canbao migrate);
    stops cleanly on SIGTERM.
    """
    if name != "all" and name not in composition.BY_NAME:
        known = ", ".join(composition.BY_NAME)
        raise typer.BadParameter(f"没有名为 {name} 的服务 · no such service; choose {known}, all")
    if role not in ("web", "work", "all"):
        raise typer.BadParameter("web, work, all")
    services = composition.SERVICES if name == "all" else (composition.BY_NAME[name],)
    configure_logs()
    uvloop.run(_serve(services, cast("Role", role), host, port))


def migrate() -> None:
    """把各数据库迁移到最新版本，可重复执行 · bring every database to the newest version; safe to run twice, and from
    several machines at once.
    """
    configure_logs()
    asyncio.run(composition.migrate_all(Settings()))
    typer.echo("数据库已是最新 · every database is at the newest version")


@config.callback()
def _config() -> None:
    """设置 · settings."""


@config.command()
def example() -> None:
    """输出全部设置及其含义与默认值 · print every setting with its meaning and default, as .env.example holds them."""
    typer.echo(env_example(), nl=False)


async def _serve(services: tuple[Service, ...], role: Role, host: str | None, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    settings = Settings() if host is None else Settings(listen_host=host)
    await serve_services(settings, services, stop, role=role, port=port)
