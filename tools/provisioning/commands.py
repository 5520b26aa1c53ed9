"""``canbao keys`` and ``canbao provision``: what an installation needs before ``canbao migrate``."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from services.composition import WITH_DATABASE
from shared.database import provision as database
from shared.settings import Settings
from tools.provisioning.secrets import lay_out
from tools.up.refusal import CannotStart

keys = typer.Typer(help="密钥 · secrets of an installation", no_args_is_help=True)


@keys.command()
def make(
    folder: Annotated[
        Path, typer.Argument(help="密钥目录，仅本用户可读 · closed to everybody else; made where it is missing")
    ],
) -> None:
    """生成密码与密钥，每个进程一个目录 · make passwords and keys, a folder per process; keeps what is there."""
    try:
        rooms = lay_out(folder)
    except CannotStart as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(3) from None
    typer.echo(f"密钥已就绪 · secrets are ready: {', '.join(rooms)}")
    typer.echo("请备份该目录：丢失后姓名与证件号码无法解密 · back it up: without it names and numbers stay sealed")


def provision() -> None:
    """建立角色与数据库 · make roles and databases (CANBAO_ADMIN_DATABASE_URL); run again, it mends."""
    settings = Settings()
    passwords = {name: secret.get_secret_value() for name, secret in settings.database_passwords.items()}
    missing = [name for name in (*WITH_DATABASE, "owner", "auditor") if not passwords.get(name)]
    if missing:
        typer.echo(
            f"CANBAO_DATABASE_PASSWORDS 缺少 · lacks: {', '.join(missing)}。请先运行 canbao keys make",
            err=True,
        )
        raise typer.Exit(3)
    asyncio.run(database.provision(settings.admin_url, WITH_DATABASE, passwords))
    typer.echo("角色与数据库已就绪 · roles and databases are ready")
