"""Callers by bare sockets: they know what the kernel has handed over, and may hang up at any byte."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.harness.bare_http import request
from tests.harness.wechat_peer import MCHID, SignedNotice

_ESTABLISHED = "01"


@dataclass
class Caller:
    """One connection to a process, with one notice to send."""

    port: int
    notice: SignedNotice
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def connected(cls, port: int, notice: SignedNotice) -> "Caller":
        """Connect, and say nothing yet."""
        return cls(port, notice, *await asyncio.open_connection("127.0.0.1", port))

    async def say(self, body_bytes: int | None = None) -> None:
        """Send the head and so much of the body (all, unless asked otherwise)."""
        head = request(f"/payment/v1/callbacks/wechat/{MCHID}", self.notice.headers, len(self.notice.body))
        self.writer.write(head + self.notice.body[:body_bytes])
        await self.writer.drain()

    def hang_up(self) -> None:
        """Leave without closing."""
        self.writer.transport.abort()

    async def status(self) -> int:
        """The status of the answer; raises where the connection ends without one."""
        line = await self.reader.readuntil(b"\r\n")
        self.writer.close()
        return int(line.split()[1])

    def was_read(self) -> bool:
        """Whether the process has taken all that was sent off its socket, as the kernel says."""
        own: int = self.writer.get_extra_info("sockname")[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, remote, state, queues, *_ = line.split()
            if (_port(local), _port(remote), state) == (self.port, own, _ESTABLISHED):
                return int(queues.partition(":")[2], 16) == 0
        return False


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
