"""The generator sends each request once, by the clock where it is asked to, and lets no wrong answer count."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.generator import read_requests, write_requests
from bench.load import Misanswered, put_load

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"


@asynccontextmanager
async def endpoint(answers: dict[bytes, bytes], *, pause_s: float = 0.0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """An endpoint that answers each request, a line each, as it is set; gives its port and what it has read."""
    received: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            received.append(request)
            await asyncio.sleep(pause_s)
            answer = answers.get(request, TAKEN)
            if not answer:
                break
            for half in (answer[:20], answer[20:]):  # an answer may come in pieces
                writer.write(half)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], received


def requests(count: int) -> list[bytes]:
    return [b"%d\n" % number for number in range(count)]


def test_requests_come_back_as_they_were_left(tmp_path: Path) -> None:
    left = [b"", b"\0\r\n", b"x" * 70_000]
    write_requests(tmp_path / "requests", left)
    assert read_requests(tmp_path / "requests") == left


async def test_every_request_goes_out_once(tmp_path: Path) -> None:
    async with endpoint({}) as (port, received):
        answers = await put_load(tmp_path, port, requests(500), connections=8)
    assert sorted(received) == sorted(requests(500))
    assert answers.count == len(answers.latencies_s) == len(answers.sent_at) == 500
    assert answers.per_s > 0
    assert answers.generator_cpu_s > 0


async def test_by_the_clock_a_slow_answer_counts_from_when_it_was_due(tmp_path: Path) -> None:
    began = time.time()
    async with endpoint({}, pause_s=0.1) as (port, _):
        answers = await put_load(tmp_path, port, requests(20), connections=1, rate=100)
    assert answers.took_s >= 2.0
    assert answers.latency_ms(0.99) >= 1_500  # the last was due after 0.19 s and answered after 2 s
    assert all(at >= began for at in answers.sent_at)


async def test_one_wrong_answer_voids_the_measurement(tmp_path: Path) -> None:
    async with endpoint({b"7\n": BUSY}) as (port, _):
        with pytest.raises(Misanswered, match=r"204.*499.*503.*1"):
            await put_load(tmp_path, port, requests(500), connections=4)


@pytest.mark.expects_errors
@pytest.mark.parametrize("rate", [None, 5_000.0])
async def test_a_lost_connection_voids_the_measurement_at_once(tmp_path: Path, rate: float | None) -> None:
    async with endpoint({b"7\n": b""}) as (port, _):
        with pytest.raises(Misanswered, match="lost"):
            await put_load(tmp_path, port, requests(500), connections=4, rate=rate)
