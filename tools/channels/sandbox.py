"""``canbao channels sandbox``: merchants and keys to play with, in a folder of their own, never where it is live.

FOLDER/merchants.json names the merchants; FOLDER/NUMBER/MECHANISM holds the keys of one, the channel's half too;
FOLDER/sandbox.env are the settings of an installation that serves them.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from services.payment.channels.accounts import Accounts, ServedAccount, load_accounts
from services.payment.channels.samples import SANDBOX_PREFIX, is_sandbox_number, write_secret
from services.payment.channels.table import ADAPTERS
from shared.settings import Settings
from shared.settings_errors import UnusableSetting

_LIST, _ENV = "merchants.json", "sandbox.env"
_REFUSED = 3


class SandboxMerchant(NamedTuple):
    """A merchant of a sandbox, and the folder of its keys."""

    served: ServedAccount
    folder: Path


def refuse(zh: str, en: str) -> typer.Exit:
    """Say why nothing is done, and end."""
    typer.echo(f"{zh}\n{en}", err=True)
    return typer.Exit(_REFUSED)


def sandbox_settings() -> Settings:
    """The settings of a sandbox; ends the command where this installation is live."""
    settings = Settings()
    if not settings.sandbox:
        raise refuse(
            "本套系统不是沙箱（未设置 CANBAO_SANDBOX=true），不生成沙箱商户，也不签发示例通知。"
            "请在联调用的环境中设置 CANBAO_SANDBOX=true 后重试。",
            "This installation is no sandbox (CANBAO_SANDBOX is not true): no merchants are made and no samples are "
            "signed. Set CANBAO_SANDBOX=true in an environment made for integrating, and try again.",
        )
    try:
        load_accounts(settings)
    except UnusableSetting as fault:
        raise refuse(f"设置不可用，请先更正：{fault}", "The settings cannot be used: correct them first.") from None
    return settings


def sandbox(
    folder: Annotated[
        Path, typer.Argument(help="沙箱目录，不存在则建立 · the sandbox's folder; made if it is missing")
    ],
    merchant: Annotated[
        str, typer.Option(help=f"商户号，以 {SANDBOX_PREFIX} 开头 · the number, beginning with {SANDBOX_PREFIX}")
    ] = f"{SANDBOX_PREFIX}01",
) -> None:
    """生成沙箱商户与密钥，并写出所需设置（须 CANBAO_SANDBOX=true） · make a merchant of each channel with keys to play
    with, and write the settings to use (CANBAO_SANDBOX=true only).
    """
    sandbox_settings()
    if not (is_sandbox_number(merchant) and merchant.isascii() and merchant.isalnum() and len(merchant) <= 20):
        raise refuse(
            f"{merchant} 不是沙箱商户号：须以 {SANDBOX_PREFIX} 开头，仅含字母和数字，不超过 20 个字符。",
            f"{merchant} is no number of a sandbox: it begins with {SANDBOX_PREFIX} and has at most 20 letters and "
            "digits.",
        )
    try:
        kept = _made(folder.absolute(), merchant)
    except OSError as reason:
        raise refuse(
            f"沙箱目录不可写：{folder}（{reason.strerror}），请换一个目录。",
            f"The folder cannot be written: {folder}; name another.",
        ) from None
    for place, rows in kept.items():
        typer.echo(f"{place}: {len(rows)}")
    typer.echo(f"已写出设置 · settings are written; use them by: set -a; . {shlex.quote(str(folder / _ENV))}; set +a")


def sandbox_merchant(folder: Path, merchant: str, mechanism: str | None) -> SandboxMerchant:
    """A merchant of the sandbox in a folder; ends the command, naming it, where it is none."""
    settings = sandbox_settings()
    if not is_sandbox_number(merchant):
        raise refuse(
            f"{merchant} 不是沙箱商户，不为它签发通知。",
            f"{merchant} is no merchant of a sandbox: nothing is signed for it.",
        )
    rows = _listed(folder)
    accounts = _accounts_of(settings, rows)
    found = [each for each in accounts.served if each.account.merchant_id == merchant]
    if mechanism is not None:
        found = [each for each in found if each.adapter.mechanism.value == mechanism.upper()]
    if not found:
        known = "、".join(sorted({each.account.merchant_id for each in accounts.served})) or "无 · none"
        raise refuse(
            f"{folder} 的沙箱中没有商户 {merchant}（已有：{known}）。请运行 canbao channels sandbox {folder}。",
            f"The sandbox in {folder} has no merchant {merchant}: run canbao channels sandbox {folder}.",
        )
    served = found[0]
    return SandboxMerchant(served, folder.absolute() / merchant / served.adapter.mechanism.value.lower())


def _made(folder: Path, merchant: str) -> dict[str, list[dict[str, Any]]]:
    """Make what is missing: run again, it keeps the keys that are there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = _listed(folder)
    for adapter in ADAPTERS:
        place = folder / merchant / adapter.mechanism.value.lower()
        listed = rows.setdefault(adapter.setting, [])
        if any(row[adapter.form.merchant_parameter] == merchant for row in listed):
            continue
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        listed.append(adapter.samples.make(merchant, place))
    write_secret(folder / _LIST, json.dumps(rows, indent=2).encode())
    lines = ["CANBAO_SANDBOX=true"]
    lines += [f"CANBAO_{place.upper()}={shlex.quote(json.dumps(listed))}" for place, listed in rows.items()]
    write_secret(folder / _ENV, "".join(f"{line}\n" for line in lines).encode())
    return rows


def _listed(folder: Path) -> dict[str, list[dict[str, Any]]]:
    file = folder / _LIST
    if not file.exists():
        return {}
    rows: dict[str, list[dict[str, Any]]] = json.loads(file.read_bytes())
    return rows


def _accounts_of(settings: Settings, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Accounts:
    """The merchants of a folder, read as the settings of an installation are."""
    known = {adapter.setting for adapter in ADAPTERS}
    given = {place: listed for place, listed in rows.items() if place in known}
    return load_accounts(type(settings).model_validate({**settings.model_dump(), **given}))
