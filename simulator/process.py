"""The simulator's process: the peers' server, the season beside it, and the books at its end."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette

from simulator import prepare
from simulator.actors.season_end import close
from simulator.books import books, credited_people
from simulator.day import SeasonDay
from simulator.journal import Journal
from simulator.localities import LOCALITIES
from simulator.peer_endpoint import PeerEndpoint
from simulator.people import county
from simulator.plan import plan
from simulator.season import DayIsOver, play
from simulator.tax import TaxPeer
from simulator.wechat.account import ChannelAccount
from simulator.wechat.notices import NoticeSender
from simulator.wechat.peer import WechatPeer
from simulator.wechat.signatures import Platform
from simulator.world import World, report_progress


async def run(
    folder: Path, base_url: str, clients_file: Path, *, once: bool, until_eof: bool, until: date | None = None
) -> int:
    """Serve the peers and play the season; 0 when it was played to its end or held at a day, 1 when it could not be."""
    settings = prepare.load(folder)
    if settings is None:
        report_progress("failed", why="python -m simulator prepare comes first")
        return 1
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    if until_eof:
        asyncio.get_running_loop().add_reader(sys.stdin, _at_end_of_input, stop)
    journal = Journal(prepare.journal_of(folder))
    limits = httpx.Limits(max_connections=24, max_keepalive_connections=24)
    try:
        async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=30, trust_env=False) as client:
            world, server = _assemble(folder, settings, journal, client, base_url, clients_file)
            return await _play_beside(server, world, folder, stop, once=once, until=until)
    finally:
        journal.close()


def _assemble(
    folder: Path, settings: dict[str, Any], journal: Journal, client: httpx.AsyncClient, base_url: str, secrets: Path
) -> "tuple[World, _SeasonServer]":
    platform = Platform.prepared(folder, settings, prepare.MCHID, prepare.APPID)
    locality = LOCALITIES[settings["pack"]]
    day = SeasonDay(locality.calendar.steps[0])
    account = ChannelAccount(journal, day, prepare.MCHID, prepare.APPID)
    notice_sender = NoticeSender(platform, client)
    wechat = WechatPeer(account, platform, notice_sender)
    tax = TaxPeer(journal, settings["tax_token"])
    known = json.loads(secrets.read_text(encoding="utf-8"))
    world = World(
        plan=plan(county(locality, residents=settings["residents"], seed=settings["seed"])),
        journal=journal,
        day=day,
        endpoints={name: PeerEndpoint(client, name, secret) for name, secret in known.items()},
        account=account,
        notice_sender=notice_sender,
        tax=tax,
        notify_base=base_url,
    )
    app = Starlette(routes=[*wechat.routes(), *tax.routes()])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=settings["port"], log_level="warning", access_log=False, lifespan="off"
    )
    for refund in journal.all("refund"):
        wechat.notify_refund(refund)
    return world, _SeasonServer(config)


async def _play_beside(
    server: "_SeasonServer", world: World, folder: Path, stop: asyncio.Event, *, once: bool, until: date | None
) -> int:
    serving = asyncio.create_task(server.serve())
    playing = asyncio.create_task(_season(world, folder, until))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done() and not once and playing.result():
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    complete = playing.done() and not playing.cancelled() and playing.result()
    playing.cancel()
    server.should_exit = True
    await asyncio.gather(serving, playing, return_exceptions=True)
    stopping.cancel()
    return 0 if complete else 1


async def _season(world: World, folder: Path, until: date | None) -> bool:
    report_progress(
        "season",
        residents=len(world.plan.county.residents),
        orders=len(world.plan.purchases),
        again=bool(world.journal.all("done")),
        registered=len(world.journal.all("enrolment")),
        paid=len(world.journal.all("told")),
        people=credited_people(world),
    )
    try:
        complete = await play(world, until)
    except DayIsOver as refusal:
        report_progress("refused", zh=refusal.zh, en=refusal.en)
        return False
    except Exception as failure:
        for cause in _leaves(failure):
            report_progress("failed", why=f"{type(cause).__name__}: {cause}")
        logging.getLogger("simulator").exception("the season broke off")
        return False
    if not complete:
        report_progress("held", date=world.day.today.isoformat())
        return True
    await close(world)
    written = books(world)
    file = folder / "books.json"
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(file)
    report_progress(
        "finished", books=str(file), notices=world.notice_sender.attempts, refused=world.notice_sender.refusals
    )
    return True


def _leaves(group: BaseException) -> Iterator[BaseException]:
    if isinstance(group, BaseExceptionGroup):
        for inner in group.exceptions:
            yield from _leaves(inner)
    else:
        yield group


def _at_end_of_input(stop: asyncio.Event) -> None:
    """The process that started this one has ended, for any reason."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin)
        stop.set()


class _SeasonServer(uvicorn.Server):
    """uvicorn without its signal handling: the season needs the signal too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
