"""``canbao``: which commands there are, and where each stands. A command is loaded when it is run, not to be listed."""

import gc
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand
from typer.main import get_command, get_group

from shared.command_line import Commands, WholeHelpGroup
from tools import entry
from tools.entry import INTERRUPTED, INTERRUPTION


class Place(NamedTuple):
    """Where a command stands, and what the list of commands says of it."""

    module: str
    attribute: str
    help: str


COMMANDS: dict[str, Place] = {
    "up": Place(
        "tools.up.commands",
        "up",
        "在本机启动全部服务，演练一个缴费期并核对，然后保持运行（Ctrl-C 全部停止） · start everything here, play a"
        " season, prove it, and stay up (Ctrl-C stops all of it).",
    ),
    "verify": Place(
        "verify.commands",
        "verify",
        "核对参保、缴费与国库是否一致（只读） · prove that enrolments, payments and treasury agree; reads only.",
    ),
    "doctor": Place(
        "tools.doctor.commands",
        "doctor",
        "检查这套安装哪里不对、怎样修复（只读） · say what is wrong here and the remedy; reads only.",
    ),
    "serve": Place(
        "tools.service_commands",
        "serve",
        "运行一个或全部服务，数据库须已迁移 · run one service, or all of them, on databases that exist (canbao"
        " migrate); stops cleanly on SIGTERM.",
    ),
    "migrate": Place(
        "tools.service_commands",
        "migrate",
        "把各数据库迁移到最新版本，可重复执行 · bring every database to the newest version; safe to run twice, and from"
        " several machines at once.",
    ),
    "provision": Place(
        "tools.provisioning.commands",
        "provision",
        "建立角色与数据库 · make roles and databases (CANBAO_ADMIN_DATABASE_URL); run again, it repairs.",
    ),
    "keys": Place("tools.provisioning.commands", "keys", "密钥 · secrets of an installation"),
    "clients": Place("tools.service_commands", "clients", "API 客户端 · the systems that may call"),
    "import": Place("services.registration.imports.commands", "imports", "文件导入 · imports by file"),
    "replay": Place(
        "tools.service_commands", "replay", "死信处理与补发 · dead letters: list, run, discard; outbox: send again"
    ),
    "restore": Place(
        "tools.restore.commands",
        "restore",
        "恢复数据库之后运行：进入新纪元，记下丢失的事实，列出须由人补录的事项；可重复执行 · run it after a restoration:"
        " begins an epoch, writes down what was lost, and lists what people must enter again; safe to repeat.",
    ),
    "channels": Place("tools.channels.commands", "channels", "支付渠道与商户 · payment channels and their merchants"),
    "callbacks": Place(
        "tools.callbacks.commands", "callbacks", "渠道通知的联调与诊断 · channels' callbacks: try, check, look up"
    ),
    "policy": Place("tools.policy.commands", "policy", "政策包 · policy packs: assess, test, list, show, lint"),
    "docs": Place(
        "tools.documents.commands",
        "docs",
        "生成接口文档、事件格式、错误清单与代码名称，已发布的事件不可更改"
        " · write OpenAPI documents, event schemas and the pages of"
        " errors and names; refuses to change a published event.",
    ),
    "config": Place("tools.service_commands", "config", "设置 · settings"),
}


class CommandsByName(WholeHelpGroup):
    """Lists commands without importing them: `canbao --help` answers at once."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """A command as the list shows it, by its name and its sentence."""
        place = COMMANDS.get(cmd_name)
        return None if place is None else TyperCommand(cmd_name, help=place.help)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Ctrl-C ends it with one line instead of silence."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo(INTERRUPTION, err=True)
            raise typer.Exit(INTERRUPTED) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command itself, with its options; a name that does not exist is refused with the nearest one."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is None or not name:
            return name, command, rest
        found = loaded(name)
        entry.loaded()
        return name, found, rest


def loaded(name: str) -> Any:
    """The command of this name; importing it may take a second."""
    place = COMMANDS[name]
    found = getattr(_imported(place.module), place.attribute)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = Commands(add_completion=False)
        alone.command()(found)
        command = get_command(alone)
    command.name = name
    return command


def _imported(module: str) -> ModuleType:
    """Import a module without garbage collections, which would find nothing: what a program consists of stays."""
    gc.disable()
    try:
        imported = import_module(module)
        gc.freeze()
    finally:
        gc.enable()
    return imported


app = Commands(name="canbao", cls=CommandsByName, no_args_is_help=True, pretty_exceptions_show_locals=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"canbao {version('canbao')}")
        raise typer.Exit


@app.callback()
def canbao(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 · print the version and end")
    ] = False,
) -> None:
    """参保 · 城乡居民基本医疗保险参保征缴 · enrolment and premium collection, provably consistent."""


def main() -> None:
    """The entry of the command line."""
    try:
        app()
    except Exception as error:
        from tools.startup_errors import explain

        explain(error)
        raise
