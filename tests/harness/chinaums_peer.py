"""A ChinaUMS of the test's own: the played channel on loopback, with keys made at run time."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette

from shared.setting_groups.chinaums import ChinaumsMerchantSetting
from simulator.chinaums.account import ChinaumsAccount
from simulator.chinaums.notices import ChinaumsNoticeSender
from simulator.chinaums.peer import ChinaumsPeer
from simulator.chinaums.signatures import ChinaumsPlatform
from simulator.day import SeasonDay
from simulator.journal import Journal
from tests.harness.eventually import eventually
from tests.harness.statements import ROOT

MID, TID, SOURCE, APP_ID = "898201612345678", "88880001", "1017", "10037e6f6823b20801682b6a5e5a0006"
LAYOUT = ROOT / "services" / "payment" / "channels" / "chinaums" / "settlement_example.yaml"
OLD, NEW = "2025", "2026"


@cache
def shared_key(name: str) -> str:
    """A key per name, made once per test run."""
    return secrets.token_hex(24)


def platform(keys: Mapping[str, str] | None = None) -> ChinaumsPlatform:
    """The channel's side of the keys; with one of notices unless others are given."""
    return ChinaumsPlatform(MID, TID, SOURCE, APP_ID, shared_key("app"), keys or {OLD: shared_key(OLD)})


def merchant_of(
    folder: Path, known: ChinaumsPlatform, *, answers_are_signed: bool = False, takes_orders: bool = True
) -> ChinaumsMerchantSetting:
    """The settings of a merchant whose keys lie in a folder."""
    files = {name: folder / f"notice-{name}.key" for name in known.notice_keys}
    for name, file in files.items():
        file.write_text(f"{known.notice_keys[name]}\n")
    (folder / "app.key").write_text(known.app_key)
    return ChinaumsMerchantSetting(
        mid=known.mid,
        tid=known.tid,
        source=known.source,
        app_id=known.app_id,
        app_key_file=folder / "app.key",
        notice_keys=files,
        settlement_layout_file=LAYOUT,
        settlement_path="/settlement/{mid}/{day}.txt",
        answers_are_signed=answers_are_signed,
        takes_orders=takes_orders,
    )


@dataclass
class ServedChinaums:
    """The played channel, and where it listens."""

    peer: ChinaumsPeer
    url: str

    @property
    def account(self) -> ChinaumsAccount:
        """What the channel knows."""
        return self.peer.account

    @property
    def platform(self) -> ChinaumsPlatform:
        """The channel's side of the keys."""
        return self.peer.platform


@asynccontextmanager
async def chinaums_peer(folder: Path, today: date, known: ChinaumsPlatform) -> AsyncIterator[ServedChinaums]:
    """A channel on a free port that knows one merchant, for the length of a block."""
    journal = Journal(folder / "chinaums.sqlite")
    async with httpx.AsyncClient() as client:
        account = ChinaumsAccount(journal, SeasonDay(today), known)
        peer = ChinaumsPeer(account, known, ChinaumsNoticeSender(known, client))
        app = Starlette(routes=peer.routes())
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
        task = asyncio.create_task(server.serve())
        try:
            await eventually(lambda: server.started, message="the channel answers")
            port = server.servers[0].sockets[0].getsockname()[1]
            yield ServedChinaums(peer, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await task
            journal.close()
