"""A captured callback: an HTTP request as it went over the wire, or headers and body in files of their own. Pure."""

import re
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 256 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(rb"POST (\S+)(?: HTTP/[0-9.]+)?")


class NotCaptured(ValueError):
    """The text is no request in HTTP form; says what is missing."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A request's path, where it is known, its headers with names in lower case, and its body byte by byte."""

    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def request_in(content: bytes) -> Captured:
    """Read a request in HTTP form: request line, headers, an empty line, and the body up to the end."""
    end = _HEAD_END.search(content)
    if end is None:
        raise NotCaptured("报头与报文之间没有空行 · no empty line between headers and body")
    first, _, rest = content[: end.start()].partition(b"\n")
    line = _REQUEST_LINE.fullmatch(first.strip())
    if line is None:
        raise NotCaptured("第一行应为 POST /路径 HTTP/1.1 · the first line has to be POST /path HTTP/1.1")
    return Captured(line[1].decode("latin-1"), headers_in(rest), content[end.end() :])


def headers_in(content: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Read header lines; a request line before them is passed over."""
    found = []
    for line in content.splitlines():
        name, colon, value = line.partition(b":")
        if _REQUEST_LINE.fullmatch(line.strip()) or not line.strip():
            continue
        if not colon:
            raise NotCaptured("有一行报头没有冒号 · a header line has no colon")
        found.append((name.strip().lower(), value.strip()))
    return tuple(found)


def in_http_form(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request as it is captured."""
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
