"""Institutions that collect for us, as they call: they sign what they say, and check what they are answered."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from shared.setting_groups.partners import CollectingAgent

ANSWERS_AS = "canbao-1"


@cache
def key_of(name: str) -> RSAPrivateKey:
    """A key that is made once in a run of tests, by name."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def address(code: str, path: str) -> str:
    """Where an institution says something."""
    return f"/payment/v1/agents/{code}/{path}"


def signed(code: str, path: str, body: bytes, now: datetime, **changes: str) -> dict[str, str]:
    """The headers of an institution's message."""
    fields = {"serial": "2023", "timestamp": str(int(now.timestamp())), "nonce": uuid4().hex} | changes
    head = "\n".join(("POST", address(code, path), fields["timestamp"], fields["nonce"]))
    message = head.encode() + b"\n" + body + b"\n"
    signature = key_of(f"{code} {fields['serial']}").sign(message, PKCS1v15(), SHA256())
    return {
        "canbao-serial": fields["serial"],
        "canbao-timestamp": fields["timestamp"],
        "canbao-nonce": fields["nonce"],
        "canbao-signature": b64encode(signature).decode(),
        "content-type": "application/json",
    }


def signed_file(code: str, content: bytes) -> dict[str, str]:
    """The headers of an institution's file: its detached signature."""
    signature = key_of(f"{code} 2023").sign(content, PKCS1v15(), SHA256())
    return {"canbao-serial": "2023", "canbao-signature": b64encode(signature).decode()}


def check_answer(answer: httpx.Response, nonce: str) -> None:
    """The answer is signed, and it is the answer to this message."""
    said = answer.headers
    assert (said["canbao-serial"], said["canbao-nonce"]) == (ANSWERS_AS, nonce)
    message = f"{answer.status_code}\n{nonce}\n{said['canbao-timestamp']}\n".encode() + answer.content + b"\n"
    key_of("ours").public_key().verify(b64decode(said["canbao-signature"]), message, PKCS1v15(), SHA256())


def agent(
    folder: Path, code: str, *channels: str, region: str = "", serials: Sequence[str] = ("2023", "2024")
) -> CollectingAgent:
    """An institution as the settings have it, with its keys as files."""
    ours = folder / "answers.pem"
    ours.write_bytes(key_of("ours").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = {}
    for serial in serials:
        public[serial] = folder / f"{code}-{serial}.pem"
        shown = key_of(f"{code} {serial}").public_key()
        public[serial].write_bytes(shown.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return CollectingAgent(
        code=code,
        channels=channels,
        region=region,
        public_keys=public,
        answer_serial=ANSWERS_AS,
        answer_private_key_file=ours,
    )
