"""A data folder of ``canbao up`` whose keys follow from a published label, so that a dump needs no secret beside it.

What can be read again later (person tokens, sealed fields, stored notices, clients' secrets) is derived from the label
by SHA-256; the key pairs and passwords, which nothing at rest depends on, are made afresh. Everybody can derive these
keys: they protect invented people only.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.database.provision import generate_passwords
from tests.harness.cluster import SERVICES
from tests.harness.installation import write_token_keys

LABEL = "canbao upgrade test"


def lay_out(data: Path, residents: int, clients: Sequence[str]) -> None:
    """Write what `up` would generate at its first start, in a folder that does not exist yet."""
    secrets, simulator = data / "secrets", data / "simulator"
    for folder in (secrets, simulator):
        folder.mkdir(mode=0o700, parents=True)
    token_keys = write_token_keys(secrets)
    installation = {
        "database_passwords": generate_passwords(SERVICES),
        "person_token_key": _key("person token"),
        "encryption_keys": {"k1": _key("encryption")},
        "token_private_key": token_keys["token_private_key_file"].read_text(encoding="ascii"),
        "token_public_key": token_keys["token_public_key_file"].read_text(encoding="ascii"),
    }
    _write(secrets / "installation.json", json.dumps(installation))
    _write(secrets / "clients.json", json.dumps({name: _derived(f"client {name}").hex() for name in clients}))
    _write(simulator / "simulator.json", json.dumps(_simulated(residents)))
    for name in ("merchant", "platform"):
        _key_pair(simulator, name)


def _simulated(residents: int) -> dict[str, str | int]:
    """What the simulator keeps beside its journal."""
    return {
        "pack": "luoshan-2024",
        "residents": residents,
        "seed": 2024,
        "api_v3_key": _derived("api v3").hex()[:32],
        "merchant_serial": _derived("merchant serial").hex()[:40].upper(),
        "platform_serial": f"PUB_KEY_ID_{_derived('platform serial').hex()[:24].upper()}",
        "tax_token": _derived("tax").hex(),
    }


def _derived(purpose: str) -> bytes:
    return hashlib.sha256(f"{LABEL}: {purpose}".encode()).digest()


def _key(purpose: str) -> str:
    return base64.b64encode(_derived(purpose)).decode()


def _key_pair(folder: Path, name: str) -> None:
    key = rsa.generate_private_key(65537, 2048)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / f"{name}.pem", private.decode())
    _write(folder / f"{name}.pub.pem", public.decode())


def _write(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")
