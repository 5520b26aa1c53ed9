"""HTTP/1.1 over bare sockets: cheap enough for a load on a small machine, and close enough to see what sockets do."""

import asyncio
from collections.abc import Mapping

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(path: str, headers: Mapping[str, str], length: int) -> bytes:
    """The head of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: canbao", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


class BareHttp:
    """Kept connections to one port of this machine, a bounded number at a time."""

    def __init__(self, port: int, *, within_s: float, at_once: int = 64) -> None:
        self._port, self._within_s = port, within_s
        self._places = asyncio.Semaphore(at_once)
        self._idle: list[_Connection] = []

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer; raises OSError, EOFError or TimeoutError where there is none."""
        async with self._places, asyncio.timeout(self._within_s):
            reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(request(path, headers, len(body)) + body)
                status, keeps = await _answer(reader)
            except BaseException:
                writer.close()
                raise
            if keeps:
                self._idle.append((reader, writer))
            else:
                writer.close()
            return status

    def close(self) -> None:
        """Hang up."""
        for _, writer in self._idle:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection is kept."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    headers = dict(line.split(b": ", 1) for line in lines if line)
    await reader.readexactly(int(headers.get(b"content-length", 0)))
    return int(first.split()[1]), headers.get(b"connection") != b"close"
