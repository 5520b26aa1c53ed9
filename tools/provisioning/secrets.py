"""The secrets of an installation, laid out so that each process gets its own and no other.

FOLDER/secrets holds all of them, for their owner alone. FOLDER/PROCESS holds what one process needs, one file per
variable, named like it in lower case (``CANBAO_SECRETS_DIR``). The folder is closed to everybody else; its files are
readable, because a container is handed a file, not the folder, and runs under an account of its own.
"""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.composition import WITH_DATABASE
from tools.up import folder as data

CONSOLE = "console"
MERCHANTS = "merchants"  # where the merchants' PEM files go
# What only the channels and the tax bureau can give; whoever runs the county writes it in.
_TO_FILL_IN = {"canbao_wechat_merchants": "[]", "canbao_tax_token": ""}
_PEOPLE = ("registration", "subsidy")  # who handles names and numbers
_ADMIN = "admin"
_READABLE = 0o444


def lay_out(folder: Path) -> list[str]:
    """Make what is missing and keep what is there; names the processes that have secrets."""
    opened = data.opened(folder)
    opened.chmod(0o700)
    known = data.kept_secrets(opened, WITH_DATABASE)
    clients = data.client_secrets(opened, [CONSOLE, _ADMIN])
    rooms: dict[str, None] = {}
    for room, name, text in _parts(known, clients):
        rooms[room] = None
        _keep(opened / room / name, text)
    for name, text in _TO_FILL_IN.items():
        if not (opened / "payment" / name).exists():
            _keep(opened / "payment" / name, text)
    (opened / MERCHANTS).mkdir(exist_ok=True)
    return list(rooms)


def _parts(known: dict[str, Any], clients: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    passwords = known["database_passwords"]
    public_key = Path(known["token_public_key_file"]).read_text(encoding="ascii")
    for service in WITH_DATABASE:
        yield service, "canbao_database_passwords", json.dumps({service: passwords[service]})
        yield service, "token.pub.pem", public_key
    for service in _PEOPLE:
        yield service, "canbao_person_token_key", known["person_token_key"]
        yield service, "canbao_encryption_keys", json.dumps(known["encryption_keys"])
    yield "registration", "token.pem", Path(known["token_private_key_file"]).read_text(encoding="ascii")
    yield CONSOLE, "canbao_console_client_secret", clients[CONSOLE]
    yield CONSOLE, "token.pub.pem", public_key
    yield "postgres", "password", clients[_ADMIN]
    yield "provision", "canbao_database_passwords", json.dumps(passwords | {_ADMIN: clients[_ADMIN]})
    for role in ("owner", "auditor"):
        yield role, "canbao_database_passwords", json.dumps({role: passwords[role]})


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        draft.touch(mode=_READABLE)
        draft.chmod(0o600)
        draft.write_text(text, encoding="utf-8")
        draft.chmod(_READABLE)
        draft.replace(file)
