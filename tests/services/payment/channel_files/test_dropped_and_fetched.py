"""Files that lie in an institution's folder, and files that it is asked for over HTTP."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.payment.channel_files import dropped, fetched
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.services.payment.channel_files.institutions import (
    DAY,
    DAY_AFTER,
    SERIAL,
    Collecting,
    collecting,
    number_of,
    signature,
)
from tests.services.payment.layouts.invented_files import harbin_file, harbin_line, tax_file, tax_line

CONTENT = harbin_file(harbin_line("S1", number=number_of(1)), total="380.00")
NAME = "HRB_20231008.txt"


def lying(folder: Path) -> set[str]:
    """What lies in a folder, folders left out."""
    return {entry.name for entry in folder.iterdir() if not entry.is_dir()}


async def moved(files: Collecting, place: str, *names: str) -> None:
    """Wait until files were moved."""

    async def so() -> bool:
        await dropped.take_next(files.payment.running)
        folder = files.folder / place
        return folder.exists() and set(names) <= lying(folder)

    await eventually(so, message=f"{names} lie in {place}")


class TestDropped:
    async def test_a_signed_file_is_taken_and_moved_aside(self, files: Collecting) -> None:
        (person,) = await files.billed(1)
        files.drop(NAME, CONTENT)
        await moved(files, "taken", NAME, f"{NAME}.sig")
        assert lying(files.folder) == set()
        await files.worked()
        assert await files.payment.states(person) == ["PAID"]
        (file,) = (await files.payment.get("channel-files"))["items"]
        assert (file["source"], file["signed_by"], file["file_day"]) == ("DROPPED", SERIAL, "2023-10-08")

    async def test_names_that_lead_elsewhere_and_files_without_a_signature_are_left_alone(
        self, files: Collecting, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside.txt"
        outside.write_bytes(CONTENT)
        (files.folder / NAME).write_bytes(CONTENT)
        for name in ("HRB_20231008.txt.exe", "HRB_2023100８.txt", "HRB_20231399.txt", "..HRB_20231008.txt", "HRB_.txt"):
            files.drop(name, CONTENT)
        before = lying(files.folder)
        for _ in range(3):
            await dropped.take_next(files.payment.running)
        assert lying(files.folder) == before
        (files.folder / NAME).unlink()
        (files.folder / NAME).symlink_to(outside)
        (files.folder / f"{NAME}.sig").write_text(f"{SERIAL}\n{signature(CONTENT)}")
        await moved(files, "refused", NAME)
        assert outside.read_bytes() == CONTENT
        assert (await files.payment.get("channel-files"))["items"] == []

    async def test_a_file_with_another_signature_is_refused_and_the_next_one_taken(self, files: Collecting) -> None:
        signatures = (" ", "K2023", "K2023\nAAAA", f"K2024\n{signature(CONTENT)}", "\xff" * 9_000)
        for day, said in enumerate(signatures, start=1):
            files.drop(f"HRB_2023100{day}.txt", CONTENT, said)
        files.drop("HRB_20231007.txt", harbin_file(total="0.00"))
        await moved(files, "refused", *(f"HRB_2023100{day}.txt" for day in range(1, 6)), "HRB_20231005.txt.sig")
        await moved(files, "taken", "HRB_20231007.txt")
        (file,) = (await files.payment.get("channel-files"))["items"]
        assert (file["file_day"], file["line_count"]) == ("2023-10-07", 0)

    async def test_a_pipe_under_an_allowed_name_holds_nothing_up(self, files: Collecting) -> None:
        os.mkfifo(files.folder / NAME)
        (files.folder / f"{NAME}.sig").write_text("K2023\nAAAA")
        await moved(files, "refused", NAME)


class TaxBureau:
    """An exchange platform that offers days' details."""

    def __init__(self) -> None:
        self.url = ""
        self.offered: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.asked: list[tuple[str, str]] = []

    def offer(self, day: str, content: bytes, status: int = 200, **changes: str) -> None:
        """Offer a day's detail, signed."""
        headers = {"Canbao-Serial": SERIAL, "Canbao-Signature": signature(content)} | changes
        self.offered[day] = (status, content, headers)

    async def answer(self, request: Request) -> Response:
        """Answer one question."""
        day = request.path_params["day"]
        self.asked.append((day, request.headers.get("authorization", "")))
        status, content, headers = self.offered.get(day, (404, b"", {}))
        return Response(content, status, headers)


@asynccontextmanager
async def tax_bureau() -> AsyncIterator[TaxBureau]:
    """A platform on a free port, for the length of a block."""
    bureau = TaxBureau()
    app = Starlette(routes=[Route("/v1/payments/{day}", bureau.answer)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    bureau.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield bureau
    finally:
        server.should_exit = True
        await serving


async def test_a_days_detail_is_asked_for_until_it_is_there_and_right(
    installation: Installation, tmp_path: Path
) -> None:
    right = tax_file(tax_line("T1", number=number_of(1)), total="380.00")
    async with (
        tax_bureau() as bureau,
        collecting(installation, tmp_path, fetch_url=f"{bureau.url}/v1/payments/{{day}}", today=DAY_AFTER) as files,
    ):
        (person,) = await files.billed(1)
        ask = fetched.ask_for_days
        await ask(files.payment.running)
        assert ("2023-10-08", "Bearer tax") in bureau.asked
        assert {day for day, _ in bureau.asked} == {"2023-10-08"}, "today is not over"
        for status, content, changes in (
            (500, right, {}),
            (302, right, {"Location": f"{bureau.url}/v1/payments/2023-10-07"}),
            (200, right, {"Canbao-Signature": signature(right + b"x")}),
            (200, right.replace(b"380.00", b"380.01", 1), {}),
        ):
            bureau.offer(str(DAY), content, status, **changes)
            await ask(files.payment.running)
            assert await files.payment.balances() == {}
        bureau.offer(str(DAY), right)
        await ask(files.payment.running)
        await files.worked()
        assert await files.payment.states(person) == ["PAID"]
        asked = len(bureau.asked)
        await ask(files.payment.running)
        assert len(bureau.asked) == asked, "what is there is not asked for again"
        states = [(file["source"], file["state"]) for file in (await files.payment.get("channel-files"))["items"]]
        assert states == [("FETCHED", "REFUSED"), ("FETCHED", "DONE")]
