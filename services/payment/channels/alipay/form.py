"""Alipay's form, read once from its raw bytes: what was signed is what is read.

Values are kept as the bytes that they stand for, blank ones too. A name that comes twice leaves open which value is
meant, so it is refused. Text is made of them last, in the charset that the form itself names and strictly.
"""

import codecs
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from services.payment.channels.callback import Refusal, Refused

# Alipay has some forty fields.
_FIELD_LIMIT = 128
_CHARSETS: Final = {"utf-8": "utf-8", "utf8": "utf-8", "gbk": "gbk"}


def fields_of(body: bytes) -> dict[bytes, bytes]:
    """The fields of a form; raises Refused."""
    parts = body.split(b"&")
    if len(parts) > _FIELD_LIMIT:
        raise Refused(Refusal.ENVELOPE)
    fields: dict[bytes, bytes] = {}
    for part in parts:
        name, equals, value = part.partition(b"=")
        key = _plain(name)
        if not key or not equals:
            raise Refused(Refusal.ENVELOPE)
        if key in fields:
            raise Refused(Refusal.FIELD_REPEATED)
        fields[key] = _plain(value)
    return fields


def text_of(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    """The fields as text in the charset that they name, UTF-8 or GBK and no other; raises Refused."""
    named = fields.get(b"charset", b"").decode("ascii", "replace").lower()
    charset = _CHARSETS.get(named)
    if charset is None:
        raise Refused(Refusal.CHARSET)
    read = codecs.lookup(charset).decode
    try:
        return {read(name)[0]: read(value)[0] for name, value in fields.items()}
    except UnicodeDecodeError:
        raise Refused(Refusal.CHARSET) from None


def _plain(written: bytes) -> bytes:
    return unquote_to_bytes(written.replace(b"+", b" "))
