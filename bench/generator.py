"""The generator of load, a process of its own: sends requests that were made before, and says how they were answered.

``python -m bench.generator REQUESTS ANSWERS PORT`` leaves one JSON object in a file. It reads HTTP only as far as it
must, so that it takes little of the processor that it shares with what it measures, and says how much it took.
"""

import argparse
import asyncio
import json
import resource
import struct
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = struct.Struct("<I")
_END = b"\r\n\r\n"


def write_requests(file: Path, requests: Sequence[bytes]) -> None:
    """Leave whole requests for the generator, in the order in which they go out."""
    file.write_bytes(b"".join(_LENGTH.pack(len(request)) + request for request in requests))


def read_requests(file: Path) -> list[bytes]:
    """What ``write_requests`` left."""
    content, place, found = file.read_bytes(), 0, []
    while place < len(content):
        (length,) = _LENGTH.unpack_from(content, place)
        place += _LENGTH.size
        found.append(content[place : place + length])
        place += length
    return found


@dataclass(slots=True)
class _Run:
    """What goes out when; ``rate`` requests a second, or as soon as a connection is free."""

    requests: Sequence[bytes]
    rate: float | None
    done: asyncio.Event = field(default_factory=asyncio.Event)
    idle: "deque[_Connection]" = field(default_factory=deque)
    overdue: deque[int] = field(default_factory=deque)
    statuses: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    next: int = 0
    answered: int = 0

    def begin(self) -> None:
        """Fix when each request is due, on both clocks."""
        now, wall = time.perf_counter(), time.time()
        gap = 1 / self.rate if self.rate else 0.0
        self.due = [now + number * gap for number in range(len(self.requests))]
        self.sent_at = [wall + number * gap for number in range(len(self.requests))]

    def answer(self, connection: "_Connection", number: int, status: str) -> None:
        """One more is answered; its connection goes on with what is due."""
        now = time.perf_counter()
        self.statuses[status] += 1
        self.latencies_s.append(now - self.due[number])
        self.answered += 1
        if self.answered == len(self.requests):
            self.done.set()
        elif self.overdue:
            connection.send(self.overdue.popleft())
        elif self.rate is None and self.next < len(self.requests):
            self.send_next(connection, now)
        else:
            self.idle.append(connection)

    def give_up(self) -> None:
        """A request was lost with its connection: the run is void, the rest need not go out."""
        self.statuses["lost"] += 1
        self.done.set()

    def send_next(self, connection: "_Connection", now: float) -> None:
        """Send the next one now: without a rate it is due when somebody can take it."""
        self.due[self.next], self.sent_at[self.next] = now, time.time()
        connection.send(self.next)
        self.next += 1

    async def pace(self) -> None:
        """Send each request when it is due, whether or not those before it are answered."""
        while self.next < len(self.requests) and not self.done.is_set():
            now = time.perf_counter()
            while self.next < len(self.requests) and self.due[self.next] <= now:
                if self.idle:
                    self.idle.popleft().send(self.next)
                else:
                    self.overdue.append(self.next)  # its time runs, as for everybody who waits
                self.next += 1
            await asyncio.sleep(0.001)


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._number = -1
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._number >= 0:
            self._run.give_up()

    def send(self, number: int) -> None:
        assert self._transport is not None  # noqa: S101 - connected before anything is sent
        self._number = number
        self._transport.write(self._run.requests[number])

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(_END)
        if head < 0 or len(self._received) < head + len(_END) + _content_length(self._received[:head]):
            return
        status, self._received = self._received[9:12].decode(), b""
        self._number, answered = -1, self._number
        self._run.answer(self, answered, status)


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0] or 0)


async def generate(requests: Sequence[bytes], port: int, connections: int, rate: float | None) -> dict[str, object]:
    """Send all; returns what became of them, latencies in seconds from when each was due."""
    run = _Run(requests, rate)
    loop = asyncio.get_running_loop()
    open_ = [(await loop.create_connection(lambda: _Connection(run), "127.0.0.1", port))[1] for _ in range(connections)]
    run.begin()
    before, started = _cpu_s(), time.perf_counter()
    if rate is None:
        for connection in open_[: len(requests)]:
            run.send_next(connection, time.perf_counter())
    else:
        run.idle.extend(open_)
        await run.pace()
    await run.done.wait()
    took_s = time.perf_counter() - started
    return {
        "took_s": took_s,
        "cpu_s": _cpu_s() - before,
        "statuses": dict(run.statuses),
        "latencies_s": run.latencies_s,
        "sent_at": run.sent_at,
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """The entry of the process."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("requests", type=Path)
    arguments.add_argument("answers", type=Path)
    arguments.add_argument("port", type=int)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--rate", type=float)
    asked = arguments.parse_args()
    requests = read_requests(asked.requests)
    seen = uvloop.run(generate(requests, asked.port, asked.connections, asked.rate))
    asked.answers.write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main()
