"""The simulator as a process of its own: prepared, started, listened to, stopped. Known by its command only."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from tools.up.refusal import CannotStart

_GRACE_S = 15.0


async def prepared(folder: Path, pack: str | None, residents: int | None) -> dict[str, Any]:
    """Have the simulator make or find its keys; says what the services and their clients must be.

    Raises CannotStart where the folder holds another place's season.
    """
    command = [sys.executable, "-m", "simulator", "prepare", "--dir", str(folder)]
    if pack is not None:
        command += ["--pack", pack]
    if residents is not None:
        command += ["--residents", str(residents)]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    answer, complaint = await process.communicate()
    if process.returncode != 0:
        raise CannotStart(
            f"模拟器无法准备：{complaint.decode().strip()[-500:]}", "The simulator could not be prepared: see above."
        )
    described: dict[str, Any] = json.loads(answer)
    if pack not in (None, described["pack"]):
        raise CannotStart(
            f"数据目录已有政策包 {described['pack']} 的演练，不能改用 {pack}。请用 --data 指定新目录。",
            f"The data folder holds a season under {described['pack']}, not {pack}: name a new folder by --data.",
        )
    return described


class Simulation:
    """The running simulator; it also ends by itself when this process dies, because its input closes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls, folder: Path, base_url: str, clients: Path, log: TextIO, until: date | None = None
    ) -> "Simulation":
        """Play the season, or go on where it stopped, at most to a day; what it complains of goes to the log."""
        command = [sys.executable, "-m", "simulator", "season", "--dir", str(folder), "--base-url", base_url]
        command += ["--until", until.isoformat()] if until is not None else []
        return cls(
            await asyncio.create_subprocess_exec(
                *command,
                "--clients",
                str(clients),
                "--until-eof",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches this process only: it stops the season in order
            )
        )

    async def news(self) -> AsyncIterator[dict[str, Any]]:
        """What the simulator says, line by line, until it has played to the end or ends."""
        assert self._process.stdout is not None  # noqa: S101 - opened above
        while line := await self._process.stdout.readline():
            with suppress(json.JSONDecodeError):
                said: dict[str, Any] = json.loads(line)
                yield said
                if said.get("event") in ("finished", "held", "refused", "failed"):
                    return

    async def stop(self) -> None:
        """Let it finish the line it writes, then insist."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
