"""Alipay's answers: one node and its signature, which is over the node's text as it came, never as re-written."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

import orjson

from services.payment.channels.alipay.keys import Seller
from services.payment.channels.alipay.signature import verify
from services.payment.channels.callback import Refusal, Refused

SUCCEEDED: Final = "10000"
# What became of the request is unknown: the service was not available, or a business error that may pass.
UNCERTAIN_CODES: Final = ("20000",)
UNCERTAIN_REASONS: Final = ("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "AOP.ACQ.SYSTEM_ERROR")
_ERROR_NODE = "error_response"
_BLANKS = " \t\r\n"
_DECODER = JSONDecoder()


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A node that Alipay vouches for, and the fingerprint of the key that signed it."""

    node: Mapping[str, Any]
    key: str

    def text(self, name: str) -> str:
        """What a field says; nothing where it is missing or no text."""
        said = self.node.get(name)
        return said if isinstance(said, str) else ""

    def texts(self) -> dict[str, str]:
        """Every field that says a text."""
        return {name: said for name, said in self.node.items() if isinstance(said, str)}

    @property
    def reason(self) -> str:
        """Alipay's own code of why not, the finer one where there is one."""
        return self.text("sub_code") or self.text("code")

    @property
    def succeeded(self) -> bool:
        """Whether the request was carried out, or at least taken."""
        return self.text("code") == SUCCEEDED

    @property
    def is_uncertain(self) -> bool:
        """Whether the request may or may not have been carried out."""
        return self.text("code") in UNCERTAIN_CODES or self.reason in UNCERTAIN_REASONS


def open_answer(seller: Seller, method: str, content: bytes) -> SignedAnswer:
    """Check an answer's signature over the raw text of its node; raises Refused, also where it is not signed."""
    try:
        parts = _members(content.decode())
        return _checked(seller, method, parts)
    except (UnicodeError, JSONDecodeError, RecursionError):
        raise Refused(Refusal.ENVELOPE) from None


def _checked(seller: Seller, method: str, parts: Mapping[str, str]) -> SignedAnswer:
    name = f"{method.replace('.', '_')}_response"
    raw = parts.get(name) or parts.get(_ERROR_NODE)
    signature = _text(parts.get("sign"))
    if raw is None or not signature:
        raise Refused(Refusal.FIELD_MISSING)
    key = verify(seller, raw.encode(), signature.encode())
    node = orjson.loads(raw)
    if not isinstance(node, dict):
        raise Refused(Refusal.ENVELOPE)
    return SignedAnswer(node, key)


def _text(raw: str | None) -> str:
    value = orjson.loads(raw) if raw is not None else None
    return value if isinstance(value, str) else ""


def _members(text: str) -> dict[str, str]:
    """The members of a JSON object, each as it is written; a name that comes twice is refused."""
    at = _past_blanks(text, 0)
    if text[at : at + 1] != "{":
        raise Refused(Refusal.ENVELOPE)
    members: dict[str, str] = {}
    mark = ","
    while mark == ",":
        name, at = _DECODER.raw_decode(text, _past_blanks(text, at + 1))
        at = _past_blanks(text, at)
        if not isinstance(name, str) or text[at : at + 1] != ":":
            raise Refused(Refusal.ENVELOPE)
        begin = _past_blanks(text, at + 1)
        _, end = _DECODER.raw_decode(text, begin)
        if name in members:
            raise Refused(Refusal.FIELD_REPEATED)
        members[name] = text[begin:end]
        at = _past_blanks(text, end)
        mark = text[at : at + 1]
    if mark != "}" or _past_blanks(text, at + 1) != len(text):
        raise Refused(Refusal.ENVELOPE)
    return members


def _past_blanks(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANKS:
        at += 1
    return at
