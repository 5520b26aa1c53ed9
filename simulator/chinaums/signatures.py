"""ChinaUMS's side of the keys: it signs notices with a key that both sides have, and checks a merchant's requests."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from simulator.day import BEIJING

_HEADER = re.compile(
    r'OPEN-BODY-SIG AppId="([^"]*)", Timestamp="([0-9]{14})", Nonce="([^"]{1,64})", Signature="([^"]*)"'
)
_FRESH_FOR_S = 300


def now_in_beijing() -> datetime:
    """The real time of this moment, as the channel's clock shows it."""
    return datetime.fromtimestamp(time.time(), BEIJING)


def signature_of(fields: Mapping[str, str], key: str) -> str:
    """What a form is signed with: its fields by name, joined, and the key behind them."""
    said = sorted((name, value) for name, value in fields.items() if value != "" and name != "sign")
    joined = "&".join(f"{name}={value}" for name, value in said)
    return hashlib.sha256(f"{joined}{key}".encode()).hexdigest().upper()


def signed_form(fields: Mapping[str, str], key: str) -> bytes:
    """A form as it goes over the wire, its signature among its fields."""
    return urlencode({**fields, "sign": signature_of(fields, key)}).encode()


@dataclass(frozen=True, slots=True)
class ChinaumsPlatform:
    """What the channel knows of one merchant: numbers, the application's key, and the shared keys by their names.

    While a key is replaced there are two, and each notice is signed with one of them.
    """

    mid: str
    tid: str
    source: str
    app_id: str
    app_key: str
    notice_keys: Mapping[str, str]

    def form(self, fields: Mapping[str, str], key_name: str | None = None) -> bytes:
        """A signed form; with the first key where none is named."""
        return signed_form(fields, self.notice_keys[key_name or next(iter(self.notice_keys))])

    def is_from_merchant(self, authorization: str, body: bytes) -> bool:
        """Whether the merchant's application signed this body, less than five minutes ago."""
        found = _HEADER.fullmatch(authorization)
        if found is None or found[1] != self.app_id:
            return False
        _, stamp, nonce, claimed = found.groups()
        said = datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
        if abs((now_in_beijing() - said).total_seconds()) >= _FRESH_FOR_S:
            return False
        return hmac.compare_digest(self._signature(stamp, nonce, body), claimed)

    def answer_header(self, body: bytes) -> str:
        """The header by which the channel signs an answer."""
        stamp, nonce = f"{now_in_beijing():%Y%m%d%H%M%S}", hashlib.sha256(body).hexdigest()[:32]
        signature = self._signature(stamp, nonce, body)
        return f'OPEN-BODY-SIG AppId="{self.app_id}", Timestamp="{stamp}", Nonce="{nonce}", Signature="{signature}"'

    def _signature(self, stamp: str, nonce: str, body: bytes) -> str:
        message = self.app_id + stamp + nonce + hashlib.sha256(body).hexdigest()
        return base64.b64encode(hmac.new(self.app_key.encode(), message.encode(), "sha256").digest()).decode()
