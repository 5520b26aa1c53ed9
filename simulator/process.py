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
from simulator.books import books, credited_people
from simulator.day import Day
from simulator.door import Door
from simulator.journal import Journal
from simulator.localities import LOCALITIES
from simulator.people import county
from simulator.plan import plan
from simulator.season import play
from simulator.tax import TaxPeer
from simulator.wechat.account import Account
from simulator.wechat.notices import Postman
from simulator.wechat.peer import WechatPeer
from simulator.wechat.signing import Platform, private_key, public_key
from simulator.world import World, tell


async def run(
    folder: Path, base_url: str, clients_file: Path, *, once: bool, until_eof: bool, until: date | None = None
) -> int:
    """Serve the peers and play the season; 0 when it was played to its end or held at a day, 1 when it could not be."""
    settings = prepare.load(folder)
    if settings is None:
        tell("failed", why="python -m simulator prepare comes first")
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
) -> "tuple[World, _Server]":
    platform = Platform(
        serial=settings["platform_serial"],
        key=private_key(folder / "platform.pem"),
        mchid=prepare.MCHID,
        appid=prepare.APPID,
        merchant_serial=settings["merchant_serial"],
        merchant_key=public_key(folder / "merchant.pub.pem"),
        api_v3_key=settings["api_v3_key"].encode(),
    )
    locality = LOCALITIES[settings["pack"]]
    day = Day(locality.calendar.steps[0])
    account = Account(journal, day, prepare.MCHID, prepare.APPID)
    postman = Postman(platform, client)
    wechat = WechatPeer(account, platform, postman)
    tax = TaxPeer(journal, settings["tax_token"])
    known = json.loads(secrets.read_text(encoding="utf-8"))
    world = World(
        plan=plan(county(locality, residents=settings["residents"], seed=settings["seed"])),
        journal=journal,
        day=day,
        doors={name: Door(client, name, secret) for name, secret in known.items()},
        account=account,
        postman=postman,
        tax=tax,
        notify_base=base_url,
    )
    app = Starlette(routes=[*wechat.routes(), *tax.routes()])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=settings["port"], log_level="warning", access_log=False, lifespan="off"
    )
    for refund in journal.all("refund"):
        wechat.tell_of_refund(refund)
    return world, _Server(config)


async def _play_beside(
    server: "_Server", world: World, folder: Path, stop: asyncio.Event, *, once: bool, until: date | None
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
    tell(
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
    except Exception as failure:
        for cause in _leaves(failure):
            tell("failed", why=f"{type(cause).__name__}: {cause}")
        logging.getLogger("simulator").exception("the season broke off")
        return False
    if not complete:
        tell("held", date=world.day.today.isoformat())
        return True
    written = books(world)
    file = folder / "books.json"
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(file)
    tell("finished", books=str(file), notices=world.postman.attempts, refused=world.postman.refusals)
    return True


def _leaves(group: BaseException) -> Iterator[BaseException]:
    if isinstance(group, BaseExceptionGroup):
        for inner in group.exceptions:
            yield from _leaves(inner)
    else:
        yield group


def _at_end_of_input(stop: asyncio.Event) -> None:
    """Whoever started us is gone, however it went."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin)
        stop.set()


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: the season has to hear of it too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
