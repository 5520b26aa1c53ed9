"""The data folder of ``canbao up``: what is generated once and kept, readable by its owner alone."""

import base64
import json
import os
import re
import secrets
from pathlib import Path
from typing import Any, Literal, TextIO

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.database.data_folder import DataFolder
from shared.database.provision import generate_passwords
from tools.up.refusal import CannotStart

Rotatable = Literal["encryption", "token", "passwords", "client"]
_NUMBERED = re.compile(r"k[0-9]+")


def opened(folder: Path) -> Path:
    """The folder, made where it is missing; raises CannotStart where it cannot be written."""
    try:
        (folder / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / "secrets" / f".writable.{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as reason:
        raise CannotStart(
            f"无法写入数据目录 {folder}（{reason.strerror}）。请用 --data 指定可写目录，或修正目录权限。",
            f"The data folder {folder} cannot be written: name a writable one by --data, or correct its permissions.",
        ) from reason
    return folder.resolve()


def secrets_file(folder: Path) -> Path:
    """Where all secrets of an installation but its clients' stand."""
    return folder / "secrets" / "installation.json"


def kept_texts(folder: Path, services: tuple[str, ...]) -> dict[str, Any]:
    """Passwords and keys of the installation: generated at the first start, the same ever after."""
    file = secrets_file(folder)
    if not file.exists():
        _write(file, json.dumps(_generated(services), indent=1))
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return known


def kept_secrets(folder: Path, services: tuple[str, ...]) -> dict[str, Any]:
    """The same as settings take them: the keys of tokens by their files."""
    known = kept_texts(folder, services)
    return known | {
        "token_private_key_file": _pem(folder, "token.pem", known.pop("token_private_key")),
        "token_public_key_file": _pem(folder, "token.pub.pem", known.pop("token_public_key")),
    }


def replaced_secrets(folder: Path) -> dict[str, Any]:
    """What the last rotation replaced, under ``secrets`` and ``clients``; empty where nothing was rotated."""
    file = folder / "secrets" / "replaced.json"
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return known


def replace_secrets(folder: Path, services: tuple[str, ...], what: Rotatable, *, clients: list[str]) -> None:
    """Replace one kind of secret, and keep what stood there before, so that files made from it are recognised."""
    known, of_clients = kept_texts(folder, services), client_secrets(folder, clients)
    _write(folder / "secrets" / "replaced.json", json.dumps({"secrets": known, "clients": of_clients}, indent=1))
    fresh = _generated(services)
    if what == "client":
        _write(clients_file(folder), json.dumps(of_clients | {name: _secret() for name in clients}, indent=1))
        return
    if what == "encryption":
        numbers = (int(name.removeprefix("k")) for name in known["encryption_keys"] if _NUMBERED.fullmatch(name))
        changed = {"encryption_keys": known["encryption_keys"] | {f"k{1 + max(numbers, default=0)}": _key()}}
    elif what == "passwords":
        changed = {"database_passwords": fresh["database_passwords"]}
    else:
        changed = {name: fresh[name] for name in ("token_private_key", "token_public_key")}
    _write(secrets_file(folder), json.dumps(known | changed, indent=1))
    for name in ("token.pem", "token.pub.pem") if what == "token" else ():
        (folder / "secrets" / name).unlink(missing_ok=True)


def client_secrets(folder: Path, names: list[str]) -> dict[str, str]:
    """One secret per API client; a new client gets one, a known one keeps its own."""
    file = folder / "secrets" / "clients.json"
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = {name: _secret() for name in names if name not in known}
    if missing:
        _write(file, json.dumps(known | missing, indent=1))
    return known | missing


def clients_file(folder: Path) -> Path:
    """Where the simulator finds the secrets of its actors."""
    return folder / "secrets" / "clients.json"


def environment_file(folder: Path) -> Path:
    """Where an installation's settings are kept for the other commands."""
    return folder / "secrets" / "canbao.env"


def database_folder(folder: Path) -> DataFolder:
    """Where the installation's own database lives."""
    return DataFolder(folder / "postgres")


def log_file(folder: Path) -> Path:
    """Where services and simulator write what helps to find the cause of a fault."""
    return folder / "canbao.log"


def opened_log(folder: Path) -> TextIO:
    """A new log for this start, open until the process ends; the last start's is kept beside it, older ones are not."""
    file = log_file(folder)
    if file.exists():
        file.replace(file.with_suffix(".previous.log"))
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", 1, encoding="utf-8")


def keep_environment(folder: Path, values: dict[str, str]) -> Path:
    """Leave the installation's settings for the other commands: ``set -a; . FILE; canbao verify``."""
    file = environment_file(folder)
    _write(file, "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))
    return file


def _generated(services: tuple[str, ...]) -> dict[str, Any]:
    private = ec.generate_private_key(ec.SECP256R1())
    return {
        "database_passwords": generate_passwords(services),
        "person_token_key": _key(),
        "encryption_keys": {"k1": _key()},
        "token_private_key": private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "token_public_key": private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    }


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _pem(folder: Path, name: str, content: str) -> Path:
    file = folder / "secrets" / name
    if not file.exists():
        _write(file, content)
    return file


def _write(file: Path, content: str) -> None:
    """Readable by us alone; whole and on disk, or not there."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
