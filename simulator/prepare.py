"""Before anything starts: the channel's and the merchant's keys, a port, and the settings canbao needs of them."""

import json
import secrets
import socket
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator import clients
from simulator.localities import FIRST, LOCALITIES

MCHID = "1900000109"
APPID = "wxc0ffee00canbao01"
_FILE = "simulator.json"
DEFAULT_RESIDENTS = 5000
DEFAULT_SEED = 2024


def prepare(
    folder: Path, *, residents: int | None, seed: int | None, port: int = 0, pack: str | None = None
) -> dict[str, Any]:
    """Write keys and settings once, and keep them: the pack from the first time on, people and seed once they play."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = load(folder) or _made(folder) | {"pack": pack or FIRST}
    if not journal_of(folder).exists():
        asked = {"residents": residents, "seed": seed}
        settings |= {name: value for name, value in asked.items() if value is not None}
    settings["port"] = port or _free(settings.get("port", 0))
    _write(folder / _FILE, json.dumps(settings, indent=1))
    return settings


def journal_of(folder: Path) -> Path:
    """Where the season's journal is, from its first day on."""
    return folder / "journal.sqlite"


def load(folder: Path) -> dict[str, Any] | None:
    """What was prepared in the folder."""
    file = folder / _FILE
    if not file.exists():
        return None
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return {"pack": FIRST} | found  # folders from before there was a choice


def environment(folder: Path, settings: dict[str, Any]) -> dict[str, str]:
    """The settings of canbao's services that concern the place and its peers."""
    locality = LOCALITIES[settings["pack"]]
    base = f"http://127.0.0.1:{settings['port']}"
    merchant = {
        "mchid": MCHID,
        "appid": APPID,
        "api_v3_key": settings["api_v3_key"],
        "merchant_serial": settings["merchant_serial"],
        "merchant_private_key_file": str(folder / "merchant.pem"),
        "platform_keys": {settings["platform_serial"]: str(folder / "platform.pub.pem")},
    }
    return {
        "CANBAO_POLICY_PACK": locality.pack,
        "CANBAO_REGION": locality.county,
        "CANBAO_REGION_NAME": locality.name,
        "CANBAO_BENEFIT_YEAR": str(locality.benefit_year),
        "CANBAO_WECHAT_MERCHANTS": json.dumps([merchant]),
        "CANBAO_WECHAT_BASE_URL": base,
        "CANBAO_TAX_BASE_URL": f"{base}/tax",
        "CANBAO_TAX_TOKEN": settings["tax_token"],
    }


def described(folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """What an installation needs: the environment, and the API clients to register."""
    locality = LOCALITIES[settings["pack"]]
    needs = [{"name": need.name, "scopes": need.scopes, "region": need.region} for need in clients.needed(locality)]
    return {
        "pack": locality.pack,
        "region": locality.county,
        "residents": settings["residents"],
        "seed": settings["seed"],
        "environment": environment(folder, settings),
        "clients": needs,
    }


def _made(folder: Path) -> dict[str, Any]:
    for name in ("merchant", "platform", "certificate"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        _write(folder / f"{name}.pem", private.decode())
        _write(folder / f"{name}.pub.pem", public.decode())
    return {
        "residents": DEFAULT_RESIDENTS,
        "seed": DEFAULT_SEED,
        "api_v3_key": secrets.token_hex(16),
        "merchant_serial": secrets.token_hex(20).upper(),
        "platform_serial": f"PUB_KEY_ID_{secrets.token_hex(12).upper()}",
        # The channel's own until it has switched to the public key; canbao does not know it.
        "certificate_serial": secrets.token_hex(20).upper(),
        "tax_token": secrets.token_urlsafe(24),
    }


def _write(path: Path, content: str) -> None:
    """Readable by us alone, and whole or not there."""
    draft = path.with_name(path.name + ".draft")
    draft.touch(mode=0o600)
    draft.write_text(content, encoding="utf-8")
    draft.replace(path)


def _free(wanted: int) -> int:
    """The port of last time if it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")
