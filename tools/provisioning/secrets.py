"""The secrets of an installation, laid out so that each process gets its own and no other.

FOLDER/secrets holds all of them, for their owner alone. FOLDER/PROCESS holds what one process needs, one file per
variable, named like it in lower case (``CANBAO_SECRETS_DIR``). The folder is closed to everybody else; its files are
readable, because a container is handed a file, not the folder, and runs under an account of its own.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.composition import WITH_DATABASE
from tools.up import folder as data
from tools.up.folder import Rotatable
from tools.up.refusal import CannotStart

CONSOLE = "console"
TOOLS = "tools"  # doctor, replay and import, beside the services
MERCHANTS = "merchants"  # where the merchants' PEM files go
# What only the channels and the tax bureau can give; the operator writes it in.
_TO_FILL_IN = {"canbao_wechat_merchants": "[]", "canbao_collecting_agents": "[]", "canbao_tax_token": ""}
_PEOPLE = ("registration", "subsidy")  # who handles names and numbers
_ADMIN = "admin"
_READABLE = 0o444


def lay_out(folder: Path) -> list[str]:
    """Make what is missing and keep what is there; names the processes that have secrets.

    Raises CannotStart, and changes nothing, where a process's file differs from the installation's secrets: it was
    edited by hand, and to overwrite it would lose a key in use.
    """
    with _alone_in(folder) as opened:
        return _lay_out(opened)


def _lay_out(opened: Path) -> list[str]:
    _refuse_lost(opened)
    known = data.kept_texts(opened, WITH_DATABASE)
    clients = data.client_secrets(opened, [CONSOLE, _ADMIN])
    parts = list(_parts(known, clients))
    _refuse_edited(opened, parts, data.replaced_secrets(opened))
    for process, name, text in parts:
        _keep(opened / process / name, text)
    for name, text in _TO_FILL_IN.items():
        if not (opened / "payment" / name).exists():
            _keep(opened / "payment" / name, text)
    (opened / MERCHANTS).mkdir(exist_ok=True)
    return list(dict.fromkeys(process for process, _, _ in parts))


def rotate(folder: Path, what: Rotatable) -> list[str]:
    """Replace one kind of secret; names the processes whose files changed.

    An encryption key is added beside the older ones, which still open what they sealed. The files that are replaced
    are compared first: raises CannotStart where one was edited, or where nothing was made here before.
    """
    if not data.secrets_file(folder).exists():
        raise CannotStart(
            f"{folder} 中没有密钥，请先运行 canbao keys make {folder}。",
            f"There are no secrets in {folder}: run canbao keys make {folder} first.",
        )
    with _alone_in(folder) as opened:
        before = _texts(opened)
        _lay_out(opened)
        data.replace_secrets(opened, WITH_DATABASE, what, clients=[CONSOLE])
        _lay_out(opened)
        after = _texts(opened)
    return sorted({file.parent.name for file in after if after[file] != before.get(file)} - {"secrets"})


@contextmanager
def _alone_in(folder: Path) -> Iterator[Path]:
    """The folder, closed to others and this command's alone until the block ends: a second one waits."""
    try:
        opened = data.opened(folder)
        opened.chmod(0o700)
    except (CannotStart, PermissionError) as reason:
        why = getattr(reason.__cause__ or reason, "strerror", reason)
        raise CannotStart(
            f"无法写入密钥目录 {folder}（{why}）。请换一个可写的目录，或修正目录权限。",
            f"The folder of secrets {folder} cannot be written: name a writable one, or correct its permissions.",
        ) from reason
    descriptor = os.open(opened, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield opened
    finally:
        os.close(descriptor)


def _texts(folder: Path) -> dict[Path, str]:
    files = (file for process in folder.iterdir() if process.is_dir() for file in process.iterdir() if file.is_file())
    return {file: file.read_text(encoding="utf-8") for file in files}


def _refuse_lost(folder: Path) -> None:
    """Files of processes without the secrets that they were made from: new ones would not open what is encrypted."""
    lost = [name for name in ("installation.json", "clients.json") if not (folder / "secrets" / name).exists()]
    if lost and (folder / "owner").is_dir():
        raise CannotStart(
            f"{folder}/secrets 中缺少 {'、'.join(lost)}，而各进程的密钥还在。请从备份恢复该文件；未改动任何文件。",
            f"{', '.join(lost)} is missing in {folder}/secrets, but the processes' files are there: restore it from "
            "the backup. Nothing was changed.",
        )


def _refuse_edited(folder: Path, parts: Sequence[tuple[str, str, str]], replaced: Mapping[str, Any]) -> None:
    old = (
        {(process, name): text for process, name, text in _parts(replaced["secrets"], replaced["clients"])}
        if replaced
        else {}
    )
    edited = []
    for process, name, text in parts:
        file = folder / process / name
        if file.exists() and file.read_text(encoding="utf-8") not in (text, old.get((process, name))):
            edited.append(f"{process}/{name}")
    if edited:
        named = ", ".join(edited)
        raise CannotStart(
            f"这些文件与 {folder}/secrets/installation.json 不同，可能正在使用，未改动任何文件：{named}。"
            "请把其中的值写入 installation.json（或 clients.json），或移走该文件，再运行一次；"
            "增加密钥用 canbao keys rotate。",
            f"These files differ from {folder}/secrets/installation.json and may be in use; nothing was changed: "
            f"{named}. Write their values into installation.json (or clients.json), or move the file away, and run "
            "this again; canbao keys rotate adds a key.",
        )


def _parts(known: Mapping[str, Any], clients: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    passwords = known["database_passwords"]
    public_key = known["token_public_key"]
    for service in WITH_DATABASE:
        yield service, "canbao_database_passwords", json.dumps({service: passwords[service]})
        yield service, "token.pub.pem", public_key
    for service in _PEOPLE:
        yield service, "canbao_person_token_key", known["person_token_key"]
        yield service, "canbao_encryption_keys", json.dumps(known["encryption_keys"])
    # Banks name people by their documents; payment turns a number into a token, and keeps none.
    yield "payment", "canbao_person_token_key", known["person_token_key"]
    yield "registration", "token.pem", known["token_private_key"]
    yield CONSOLE, "canbao_console_client_secret", clients[CONSOLE]
    yield CONSOLE, "token.pub.pem", public_key
    yield "postgres", "password", clients[_ADMIN]
    yield "provision", "canbao_database_passwords", json.dumps(passwords | {_ADMIN: clients[_ADMIN]})
    for role in ("owner", "auditor"):
        yield role, "canbao_database_passwords", json.dumps({role: passwords[role]})
    # The operator's commands look into every service's database, as that service does; no process that serves may.
    yield TOOLS, "canbao_database_passwords", json.dumps({service: passwords[service] for service in WITH_DATABASE})


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=_READABLE)
        draft.chmod(0o600)
        draft.write_text(text, encoding="utf-8")
        draft.chmod(_READABLE)
        draft.replace(file)
