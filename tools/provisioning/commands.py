"""``canbao keys`` and ``canbao provision``: what an installation needs before ``canbao migrate``."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

import typer

from services.composition import WITH_DATABASE
from shared.command_line import Commands
from shared.database import provision as database
from shared.database.installed_name import refuse_other_installation
from shared.database.logins import named_login
from shared.settings import Settings
from tools.provisioning import secrets
from tools.up.folder import Rotatable
from tools.up.refusal import CannotStart

_NEXT = {
    "encryption": "请备份后重启 registration 与 subsidy；新数据用新钥，旧数据仍由旧钥解密"
    " · back it up and restart registration and subsidy: new data is sealed with the new"
    " key, the old ones open the rest",
    "token": "请重启全部服务；已签发的令牌随即失效 · restart every service: tokens issued before"
    " are refused from then on",
    "passwords": "请运行 canbao provision，再重启全部服务 · run canbao provision, then restart every service",
    "client": "请运行 canbao clients add console --rotate（--secret-file 指向新密钥文件），再重启 console"
    " · run canbao clients add console --rotate with --secret-file of the new file, then restart the console",
}
_PROCESS = "provision"  # the process whose folder holds every password
keys = Commands(help="密钥 · secrets of an installation", no_args_is_help=True)


@keys.command()
def make(
    folder: Annotated[
        Path, typer.Argument(help="密钥目录，仅本用户可读 · closed to everybody else; made where it is missing")
    ],
) -> None:
    """生成密码与密钥，每个进程一个目录 · make passwords and keys, a folder per process; keeps what is there."""
    try:
        processes = secrets.lay_out(folder)
    except CannotStart as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(3) from None
    typer.echo(f"密钥已就绪 · secrets are ready: {', '.join(processes)}")
    typer.echo("请备份该目录：丢失后姓名与证件号码无法解密 · back it up: without it names and numbers stay sealed")


@keys.command()
def rotate(
    what: Annotated[
        str,
        typer.Argument(
            help="encryption 加密密钥（旧钥保留） · the old ones stay; token 令牌密钥; passwords 数据库密码;"
            " client 页面客户端 · the console's client"
        ),
    ],
    folder: Annotated[Path, typer.Argument(help="密钥目录 · the folder that canbao keys make filled")],
) -> None:
    """更换一类密钥，并说明下一步 · replace one kind of secret, and say what to do next."""
    if what not in _NEXT:
        raise typer.BadParameter(f"没有这类密钥 · no such secret: {what}; {', '.join(_NEXT)}")
    try:
        changed = secrets.rotate(folder, cast("Rotatable", what))
    except CannotStart as reason:
        typer.echo(str(reason), err=True)
        raise typer.Exit(3) from None
    typer.echo(f"已更换 · replaced for: {', '.join(changed)}")
    typer.echo(_NEXT[what])


def provision() -> None:
    """建立角色与数据库 · make roles and databases (CANBAO_ADMIN_DATABASE_URL); run again, it repairs."""
    settings = Settings()
    passwords = {name: secret.get_secret_value() for name, secret in settings.database_passwords.items()}
    missing = [name for name in (*WITH_DATABASE, "owner", "auditor") if not passwords.get(name)]
    if missing:
        zh, en = _where_passwords_are(settings.secrets_dir)
        typer.echo(
            f"CANBAO_DATABASE_PASSWORDS 缺少 {'、'.join(missing)}；{zh} · lacks {', '.join(missing)}: {en}", err=True
        )
        raise typer.Exit(3)
    with named_login(settings.admin_url, "CANBAO_ADMIN_DATABASE_URL", "admin"):
        asyncio.run(_provision(settings, passwords))
    typer.echo("角色与数据库已就绪 · roles and databases are ready")


async def _provision(settings: Settings, passwords: Mapping[str, str]) -> None:
    await refuse_other_installation(settings, WITH_DATABASE)
    await database.provision(settings.admin_url, WITH_DATABASE, passwords)


def _where_passwords_are(folder: Path | None) -> tuple[str, str]:
    """Which folder of `canbao keys make` holds every password, in Chinese and English."""
    made = next((each for each in (folder, folder.parent) if (each / _PROCESS).is_dir()), None) if folder else None
    if made is not None:
        there = f"CANBAO_SECRETS_DIR={made / _PROCESS}"
        return f"请设置 {there}", f"set {there}"
    there = f"CANBAO_SECRETS_DIR=FOLDER/{_PROCESS}"
    return (
        f"请先运行 canbao keys make FOLDER，再设置 {there}",
        f"run canbao keys make FOLDER, then set {there}",
    )
