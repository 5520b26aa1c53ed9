"""Why a callback is refused: its base string, the verdict, and how its body differs from what was signed. Pure.

What was signed is not known, only whether a body fits the signature. So the changes that proxies and frameworks make
are undone one after the other, and the first body that the signature fits is what the channel sent.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from services.payment.channels.accounts import ServedAccount
from services.payment.channels.callback import Callback, Refusal, Refused
from services.payment.channels.samples import BaseString

_AROUND: Final = 16
_BLANK = re.compile(rb"\+|%20| ")
# Each more doubles the ways: so many are tried within a second.
_BLANKS_LIMIT: Final = 10
_SIGNATURE = re.compile(rb"(?:^|&)sign=[^&]*")
# A signature is looked for in bodies of callbacks only: longer ones are refused before it is looked at.
_BODY_LIMIT: Final = 64 * 1024


class ByteDifference(NamedTuple):
    """The first byte in which two bodies differ, with what stands around it in each."""

    offset: int
    expected: bytes
    received: bytes


class Change(NamedTuple):
    """What was done to a body on its way, and how it is undone."""

    zh: str
    en: str
    undo: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``refusal`` is None where the callback is taken. ``stale_only`` where all but its age is right."""

    refusal: Refusal | None
    base: BaseString | None
    stale_only: bool = False
    change: Change | None = None
    difference: ByteDifference | None = None


def diagnose(served: ServedAccount, callback: Callback, original: bytes | None = None) -> Diagnosis:
    """Check a callback as the service does; ``original`` is the body that the channel sent, where it is known."""
    base = _base(served, callback)
    refusal = _refusal(served, callback)
    if original is not None:
        return Diagnosis(refusal, base, difference=first_difference(original, callback.body))
    if refusal is None:
        return Diagnosis(None, base)
    when_signed = callback
    if base is not None and base.signed_at is not None:
        when_signed = replace(callback, now=base.signed_at)
        if refusal is Refusal.STALE and _refusal(served, when_signed) is None:
            return Diagnosis(refusal, base, stale_only=True)
    for change, body in _candidates(callback.body):
        if _refusal(served, replace(when_signed, body=body)) is None:
            return Diagnosis(refusal, base, change=change, difference=first_difference(body, callback.body))
    return Diagnosis(refusal, base)


def first_difference(expected: bytes, received: bytes) -> ByteDifference | None:
    """Where two bodies begin to differ; None where they are the same."""
    if expected == received:
        return None
    shared = min(len(expected), len(received))
    offset = next((place for place in range(shared) if expected[place] != received[place]), shared)
    begin = max(0, offset - _AROUND)
    end = offset + _AROUND
    return ByteDifference(offset, expected[begin:end], received[begin:end])


def _refusal(served: ServedAccount, callback: Callback) -> Refusal | None:
    if len(callback.body) > _BODY_LIMIT:
        return Refusal.TOO_LARGE
    try:
        served.adapter.read(served.account, callback)
    except Refused as refused:
        return refused.refusal
    return None


def _base(served: ServedAccount, callback: Callback) -> BaseString | None:
    try:
        return served.adapter.samples.explain(callback)
    except Refused:
        return None


def _candidates(body: bytes) -> Iterator[tuple[Change, bytes]]:
    """Bodies that may have been sent, each once, with the change that made this one of it."""
    seen = {body}
    if len(body) > _BODY_LIMIT:
        return
    for change in _CHANGES:
        try:
            candidate = change.undo(body)
        except (ValueError, RecursionError):
            continue
        if candidate not in seen:
            seen.add(candidate)
            yield change, candidate
    for candidate in _blanks_as_plus(body):
        if candidate not in seen:
            yield _DECODED_TWICE, candidate


def _blanks_as_plus(body: bytes) -> Iterator[bytes]:
    """A form in which some blanks were plus signs and others were not: every way, where there are few of them."""
    parts = _BLANK.split(_signature_plain(body))
    if not _SIGNATURE.search(body) or len(parts) - 1 > _BLANKS_LIMIT:
        return
    for written in product((b"+", b"%2B"), repeat=len(parts) - 1):
        yield b"".join(part + blank for part, blank in zip(parts, (*written, b""), strict=True))


def _written_as(body: bytes, **form: Any) -> bytes:
    return json.dumps(json.loads(body), **form).encode()


def _recoded(body: bytes, read: str, write: str) -> bytes:
    """The values of a form, or the whole of another body, in the charset that they were sent in."""
    if b"=" not in body or body.startswith((b"{", b"[")):
        return codecs.encode(codecs.decode(body, read), write)
    return b"&".join(
        b"=".join(_recoded_value(part, read, write) for part in field.split(b"=", 1)) for field in body.split(b"&")
    )


def _recoded_value(value: bytes, read: str, write: str) -> bytes:
    plain = unquote_to_bytes(value.replace(b"+", b" "))
    return quote_from_bytes(codecs.encode(codecs.decode(plain, read), write), safe="").encode()


def _signature_plain(body: bytes) -> bytes:
    """A signature in Base64 has no blanks; other fields may, and keep them."""
    return _SIGNATURE.sub(lambda found: found[0].replace(b"%20", b"%2B").replace(b"+", b"%2B"), body)


_AGAIN_ZH, _AGAIN_EN = "报文被解析后重新序列化", "the body was parsed and written again"
_PLUS_ZH, _PLUS_EN = "加号变成了空格（多解码了一次）", "plus signs became blanks (decoded once too often)"
_CODED_ZH, _CODED_EN = "报文被转换了字符集", "the body was converted to another charset"
_COMPACT: Final = (",", ":")
_DECODED_TWICE: Final = Change(_PLUS_ZH, _PLUS_EN, _signature_plain)
_CHANGES: Final = (
    Change("行尾 CRLF 变成了 LF", "CRLF became LF", lambda body: body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    Change("行尾 LF 变成了 CRLF", "LF became CRLF", lambda body: body.replace(b"\r\n", b"\n")),
    Change("末尾多了换行", "a line end was added", lambda body: body.rstrip(b"\r\n")),
    Change("末尾少了换行", "the line end was lost", lambda body: body + b"\n"),
    Change("末尾少了换行", "the line end was lost", lambda body: body + b"\r\n"),
    Change("多了字节顺序标记", "a byte order mark was added", lambda body: body.removeprefix(codecs.BOM_UTF8)),
    Change(_AGAIN_ZH, _AGAIN_EN, lambda body: _written_as(body, separators=_COMPACT, ensure_ascii=False)),
    Change(_AGAIN_ZH, _AGAIN_EN, lambda body: _written_as(body, separators=_COMPACT)),
    Change(_AGAIN_ZH, _AGAIN_EN, lambda body: _written_as(body, ensure_ascii=False)),
    Change(_AGAIN_ZH, _AGAIN_EN, _written_as),
    _DECODED_TWICE,
    Change(_PLUS_ZH, _PLUS_EN, lambda body: body.replace(b" ", b"+")),
    Change(_PLUS_ZH, _PLUS_EN, lambda body: body.replace(b" ", b"%2B")),
    Change(_PLUS_ZH, _PLUS_EN, lambda body: body.replace(b"%20", b"%2B")),
    Change(_PLUS_ZH, _PLUS_EN, lambda body: body.replace(b"+", b"%2B")),
    Change(_CODED_ZH, _CODED_EN, lambda body: _recoded(body, "utf-8", "gbk")),
    Change(_CODED_ZH, _CODED_EN, lambda body: _recoded(body, "gbk", "utf-8")),
    Change(_CODED_ZH, _CODED_EN, lambda body: _recoded(body, "utf-8", "latin-1")),
)
