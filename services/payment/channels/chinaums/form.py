"""The form of a notice, read once and strictly: whatever has two meanings is refused, so that nobody chooses one."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from services.payment.channels.callback import Refusal, Refused

_FIELDS_LIMIT: Final = 200
_NAME = re.compile(r"[!-~]{1,64}")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def read_form(body: bytes) -> dict[str, str]:
    """The fields by name, each decoded once; raises Refused.

    A value may hold ``&`` and ``=``: they come escaped, and what they were in is not divided again.
    """
    pieces = body.split(b"&")
    if len(pieces) > _FIELDS_LIMIT or not body.isascii():
        raise Refused(Refusal.ENVELOPE)
    fields: dict[str, str] = {}
    for piece in pieces:
        written, equals, value = piece.partition(b"=")
        name = _decoded(written)
        if not equals or not _NAME.fullmatch(name):
            raise Refused(Refusal.ENVELOPE)
        if name in fields:
            raise Refused(Refusal.FIELD_REPEATED)
        fields[name] = _decoded(value)
    return fields


def _decoded(written: bytes) -> str:
    if _BROKEN_ESCAPE.search(written):
        raise Refused(Refusal.ENVELOPE)
    try:
        return unquote_to_bytes(written.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise Refused(Refusal.ENVELOPE) from None
