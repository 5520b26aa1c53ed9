"""Protection of people's names and numbers: encrypted where they rest, matched by token and never by number."""

import base64
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from shared.domain.names import canonical_name
from shared.settings import Settings
from shared.settings_errors import not_set, setting_place

_NONCE_BYTES = 12
_KEY_BYTES = 32


class ProtectionKeyMissing(RuntimeError):
    """A key that protects people's data is not configured, or is no key of 256 bits."""


@dataclass(frozen=True)
class Vault:
    """Encrypts single values with AES-256-GCM; the table, column and row are bound in, so a value cannot be moved."""

    ciphers: Mapping[str, AESGCM]
    active: str

    def encrypt(self, table: str, column: str, row: UUID, text: str) -> bytes:
        """Encrypt ``text`` for one cell: key id, NUL, nonce, ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self.ciphers[self.active].encrypt(nonce, text.encode(), _cell(table, column, row))
        return self.active.encode() + b"\0" + nonce + sealed

    def decrypt(self, table: str, column: str, row: UUID, sealed: bytes) -> str:
        """Give back the text of one cell; raises ``InvalidTag`` if the value was moved or changed, and
        ``ProtectionKeyMissing`` where the key that encrypted it is not configured.
        """
        key_id, _, rest = sealed.partition(b"\0")
        cipher = self.ciphers.get(key_id.decode())
        if cipher is None:
            raise ProtectionKeyMissing(
                f"CANBAO_ENCRYPTION_KEYS 缺少密钥 {key_id.decode()}，有数据用它加密"
                f" · CANBAO_ENCRYPTION_KEYS lacks key {key_id.decode()}, with which data was encrypted"
            )
        return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _cell(table, column, row)).decode()


def open_vault(settings: Settings) -> Vault:
    """The vault with the installation's keys; the last key named is the one that encrypts."""
    if not settings.encryption_keys:
        raise ProtectionKeyMissing(
            not_set("encryption_keys", '{"k1": "32 字节随机数的 base64"}', '{"k1": "base64 of 32 random bytes"}')
        )
    keys = {
        name: AESGCM(_key(key, f"{setting_place('encryption_keys')}[{name}]"))
        for name, key in settings.encryption_keys.items()
    }
    return Vault(keys, active=list(keys)[-1])


def person_token_key(settings: Settings) -> bytes:
    """The key of the person token, which registration and subsidy share."""
    if settings.person_token_key is None:
        raise ProtectionKeyMissing(not_set("person_token_key", "32 字节随机数的 base64", "base64 of 32 random bytes"))
    return _key(settings.person_token_key, setting_place("person_token_key"))


def person_token(key: bytes, document_type: str, number: str) -> str:
    """Name a person without revealing them: HMAC-SHA-256 of document type and normalised number, in hex."""
    return hmac.digest(key, f"{document_type}:{number}".encode(), "sha256").hex()


def name_token(key: bytes, person: str, name: str) -> str:
    """Compare a person's name without revealing it: HMAC-SHA-256 of the person token and the canonical name, in hex.

    The same name of another person has another token. The key follows from that of the person token, so that no token
    of one kind is ever one of the other.
    """
    return hmac.digest(_name_key(key), f"{person}:{canonical_name(name)}".encode(), "sha256").hex()


@lru_cache(maxsize=4)
def _name_key(key: bytes) -> bytes:
    return hmac.digest(key, b"canbao name token 1", "sha256")


def _key(secret: SecretStr, setting: str) -> bytes:
    """A shorter key would protect less than is promised, an empty one nothing at all."""
    try:
        key = base64.b64decode(secret.get_secret_value(), validate=True)
    except ValueError as error:
        raise ProtectionKeyMissing(f"{setting}: 不是 base64 编码 · is not base64") from error
    if len(key) != _KEY_BYTES:
        raise ProtectionKeyMissing(
            f"{setting}: 有 {len(key)} 个字节，须为 {_KEY_BYTES} 个 · holds {len(key)} bytes instead of {_KEY_BYTES}"
        )
    return key


def _cell(table: str, column: str, row: UUID) -> bytes:
    return f"{table}/{column}/{row}".encode()
