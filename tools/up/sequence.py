"""Starting everything in order, and stopping it in the reverse one."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import httpx
from rich.console import Console

from services import composition
from services.web_server import serve
from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import provision
from shared.observability.logs import configure_logs
from shared.pack_in_force import pack_in_force
from shared.settings import Settings
from tools.up import folder as data
from tools.up import installation, simulation
from tools.up.comparison import differences, explained, unseen
from tools.up.installation import Asked
from tools.up.played import all_closed, happened, still_open
from tools.up.progress import season_display
from tools.up.refusal import CannotStart, Exit
from verify.examination import examine
from verify.render import print_report
from verify.report import ConsistencyReport

_ANSWERS_WITHIN_S = 60.0
_SETTLES_WITHIN_S = 60.0
_STOPPING = "正在停止 · stopping"


def _say(console: Console, words: str) -> None:
    """One line as it is, whatever the width of the window or file."""
    console.print(words, highlight=False, markup=False, soft_wrap=True)


async def run(asked: Asked, console: Console) -> Exit:
    """Start, play, prove, stay; whatever was started is stopped again, in the reverse order."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    async with AsyncExitStack() as stack:
        folder = data.opened(asked.folder)
        _say(console, f"数据目录 data: {folder}")
        postgres = EmbeddedPostgres(data.database_folder(folder).path)
        stack.push_async_callback(asyncio.to_thread, postgres.stop)
        await asyncio.to_thread(postgres.start)  # a folder in use by another canbao is refused here
        log = data.opened_log(folder)
        configure_logs(to=log)
        _say(console, f"日志 log: {data.log_file(folder)}")
        installation.refuse_taken_port(asked)
        settings, described = await _settle(asked, folder, postgres)
        await installation.refuse_missing_broker(settings)
        await installation.refuse_foreign_topics(settings, composition.WITH_DATABASE)
        await stack.enter_async_context(_serving(settings, asked))
        _say(console, f"服务已启动 services: {asked.address}")
        played = await stack.enter_async_context(_simulation(asked, folder, log))
        return await _until_proven(asked, console, settings, played, folder, described, stop)


async def _settle(asked: Asked, folder: Path, postgres: EmbeddedPostgres) -> tuple[Settings, dict[str, Any]]:
    """Roles, databases, keys, tables and clients: made at the first start, found at the next."""
    described = await simulation.prepared(folder / "simulator", asked.pack, asked.residents)
    secrets = data.kept_secrets(folder, composition.WITH_DATABASE)
    client_secrets, console_secret = installation.secret_of_console(folder, described)
    settings, values = installation.settings_of(
        asked, secrets, postgres.admin_url, described["environment"], console_secret
    )
    data.keep_environment(folder, values)
    await provision(postgres.admin_url, composition.WITH_DATABASE, secrets["database_passwords"])
    await composition.migrate_all(settings)
    wanted = installation.wanted_clients(described)
    await installation.register_clients(settings, wanted, client_secrets)
    return settings, described


@asynccontextmanager
async def _serving(settings: Settings, asked: Asked) -> AsyncIterator[None]:
    """Every service in this process; returns once they answer."""
    stopping = asyncio.Event()
    task = asyncio.create_task(serve(settings, composition.SERVICES, stopping, port=asked.port))
    try:
        await _answering(asked.address, task)
        yield
    finally:
        stopping.set()
        await task


async def _answering(address: str, task: "asyncio.Task[None]") -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client, asyncio.timeout(_ANSWERS_WITHIN_S):
        while not task.done():
            with suppress(httpx.HTTPError):
                if (await client.get(f"{address}/healthz")).is_success:
                    return
            await asyncio.sleep(0.05)
    await task


@asynccontextmanager
async def _simulation(asked: Asked, folder: Path, log: TextIO) -> AsyncIterator[simulation.Simulation]:
    started = await simulation.Simulation.start(
        folder / "simulator", asked.address, data.clients_file(folder), log, asked.until
    )
    try:
        yield started
    finally:
        await started.stop()


async def _until_proven(
    asked: Asked,
    console: Console,
    settings: Settings,
    played: simulation.Simulation,
    folder: Path,
    described: dict[str, Any],
    stop: asyncio.Event,
) -> Exit:
    _say(console, f"政策包 policy pack: {described['pack']}（{settings.region_name}）")
    if os.environ.get("CANBAO_POLICY_PACK", described["pack"]) != described["pack"]:
        _say(console, "CANBAO_POLICY_PACK 只用于正式服务，演练以 --pack 指定 · is for services in use; up takes --pack")
    if settings.policy_overrides is not None:
        invented = f"{settings.policy_overrides.parent.name}/{settings.policy_overrides.name}"
        _say(console, f"文件未写的金额系虚构，取自 · amounts that the document leaves open are invented: {invented}")
    _say(console, f"模拟居民 {described['residents']:,} 人 · simulated residents")
    if asked.residents not in (None, described["residents"]):
        _say(console, _folder_holds(described["residents"], asked.residents))
    season = asyncio.create_task(_season(played, console))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({season, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not season.done():
        season.cancel()
        _say(console, "已中断，下次启动从此处继续 · interrupted; the next start goes on from here")
        return Exit.INTERRUPTED
    if season.result() == "held":
        _say(console, _held(asked))
        await stopped
        _say(console, _STOPPING)
        return Exit.FINE
    proof = asyncio.create_task(_prove(console, settings, folder, complete=season.result() == "finished"))
    await asyncio.wait({proof, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not proof.done():
        proof.cancel()
        _say(console, "核对已中断，下次启动重新核对 · interrupted before the proof; the next start makes it again")
        return Exit.INTERRUPTED
    if asked.once:
        return proof.result()
    _say(console, f"打开 {asked.address}/ 查看进度，Ctrl-C 停止 · open the page; Ctrl-C stops everything")
    await stopped
    _say(console, _STOPPING)
    return proof.result()


def _folder_holds(residents: int, unused: int | None) -> str:
    return (
        f"数据目录已有 {residents:,} 名居民，--residents {unused} 未采用；另用 --data 指定新目录即可重新开始。\n"
        f"The folder holds {residents:,} residents, --residents {unused} is not used: "
        "name a new folder by --data to start again."
    )


def _held(asked: Asked) -> str:
    return (
        f"演练停在 {asked.until}，服务继续运行：{asked.address}/ ；不加 --until 再启动即继续演练。Ctrl-C 停止\n"
        f"The season is held at {asked.until}, the services stay up; start without --until to go on. Ctrl-C stops."
    )


async def _season(played: simulation.Simulation, console: Console) -> str:
    """Show the season; how it ended: finished, held, failed, or nothing where the simulator is gone."""
    ending = ""
    with season_display(console) as show:
        async for news in played.news():
            show.update(news)
            if news["event"] == "failed":
                _say(console, f"模拟中断 · the season broke off: {news['why']}")
            if news["event"] == "refused":
                raise CannotStart(news["zh"], news["en"])
            if news["event"] in ("finished", "held", "failed"):
                ending = news["event"]
    return ending


async def _prove(console: Console, settings: Settings, folder: Path, *, complete: bool) -> Exit:
    """The consistency table, and the comparison with the simulator's own books."""
    if not complete:
        print_report(await _settled(settings), console)
        return Exit.NOT_PROVEN
    books = json.loads((folder / "simulator" / "books.json").read_text(encoding="utf-8"))
    report = await _settled(settings, books["county"]["active"])
    print_report(report, console)
    for sentence in happened(books):
        _say(console, sentence)
    if not still_open(books):
        _say(console, all_closed(books))
    found = differences(report, books) + unseen(pack_in_force(settings), books)
    for sentence in found[:40]:
        _say(console, f"与模拟器账簿不符 · differs from the simulator's books: {sentence}")
    if found and (reason := explained(report, books)):
        _say(console, reason)
    if not found:
        _say(console, "与模拟器账簿逐分一致 · agrees with the simulator's own books to the fen")
    return Exit.FINE if report.settled and not found else Exit.NOT_PROVEN


async def _settled(settings: Settings, active: int = 0) -> ConsistencyReport:
    """Examine until nothing is on its way any more, or for as long as that may take.

    Cover begins by a job of its own, which no money is on its way to: so many people are waited for.
    """
    deadline = asyncio.get_running_loop().time() + _SETTLES_WITHIN_S
    while True:
        report = await examine(settings)
        done = report.settled and report.figures.active >= active
        if done or not report.consistent or asyncio.get_running_loop().time() > deadline:
            return report
        await asyncio.sleep(0.5)
