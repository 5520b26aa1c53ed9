"""Readiness of a process, each part named: what waits, what is missing, and since when."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import TypedDict

from shared.database.durability import switched_off
from shared.database.logins import NOT_RUNNING, is_stopped
from shared.database.migrate import behind_of
from shared.database.server_version import PostgresTooOld, refuse_old, server_version
from shared.messaging.topics.stats import bus_stats
from shared.protection_check import examine_protection
from shared.service import Complete, Noted, ServiceContext, UnderPolicy

_WITHIN_S = 3.0
# Reading every row's key id takes a while in a large county; where it takes longer, only `canbao doctor` looks.
_KEYS_WITHIN_S = 2.0
_KEYS_AGAIN_AFTER_S = 600.0
_NOT_CHECKED = "未在 2 秒内核对完，运行 canbao doctor · not checked within 2 s, run canbao doctor"


class ReadinessPart(TypedDict):
    """One thing that a process needs, and whether it is there."""

    name: str
    ready: bool
    detail: str


async def readiness(services: Sequence[ServiceContext]) -> list[ReadinessPart]:
    """Ask every part: HTTP needs the database alone, background work the bus as well."""
    asked: list[Awaitable[ReadinessPart]] = []
    for running in services:
        if isinstance(running.resources, Complete):
            asked.append(_part(f"{running.resources.needs} {running.service.name}", _complete, running))
        if running.service.migrations is None:
            continue
        asked.append(_part(f"database {running.service.name}", _database, running))
        if running.service.sealed:
            asked.append(_part(f"keys {running.service.name}", _keys, running))
        if isinstance(running.resources, UnderPolicy):
            asked.append(_part(f"policy {running.service.name}", _policy, running))
        if running.role != "web":
            asked.append(_part(f"bus {running.service.name}", _bus, running))
            asked.append(_part(f"events {running.service.name}", _events, running))
            asked.append(_part(f"work {running.service.name}", _work, running))
    return list(await asyncio.gather(*asked))


async def _part(
    name: str, ask: Callable[[ServiceContext], Awaitable[tuple[bool, str]]], running: ServiceContext
) -> ReadinessPart:
    try:
        ready, detail = await asyncio.wait_for(ask(running), _WITHIN_S)
    except Exception as error:  # whatever a driver raises, the answer is the same: not ready
        if is_stopped(error):
            return ReadinessPart(name=name, ready=False, detail=NOT_RUNNING)
        kind = type(error).__name__
        detail = str(error) if isinstance(error, PostgresTooOld) else f"无法检查 · cannot be checked: {kind}"
        return ReadinessPart(name=name, ready=False, detail=detail)
    return ReadinessPart(name=name, ready=ready, detail=detail)


async def _database(running: ServiceContext) -> tuple[bool, str]:
    """Reachable, new enough, migrated and durable: one that may lose a commit must not acknowledge money."""
    async with running.database.engine.connect() as connection:
        refuse_old(await server_version(connection))
        off = await switched_off(connection)
        behind = await behind_of(connection, running.service.name, running.service.migrations)
    if behind:
        return False, behind
    return not off, f"已关闭，可能丢失已提交的数据 · switched off: {', '.join(off)}" if off else ""


async def _complete(running: ServiceContext) -> tuple[bool, str]:
    assert isinstance(running.resources, Complete)  # noqa: S101 - only those are asked
    missing = running.resources.missing()
    noted = running.resources.notes() if isinstance(running.resources, Noted) else ""
    return not missing, missing or noted


async def _policy(running: ServiceContext) -> tuple[bool, str]:
    """Another region's prices are wrong here; people of a year that the pack lacks are held, others are served."""
    assert isinstance(running.resources, UnderPolicy)  # noqa: S101 - only those are asked
    fit = running.resources.fit
    return not fit.other_region, "; ".join(filter(None, fit))


async def _keys(running: ServiceContext) -> tuple[bool, str]:
    """Every key that sealed a name or number is at hand; found once, it stays so while the process runs."""
    if running.keys_complete:
        return True, ""
    if monotonic() < running.keys_asked_again_at:
        return True, _NOT_CHECKED
    try:
        async with asyncio.timeout(_KEYS_WITHIN_S), running.database.engine.connect() as connection:
            found = await examine_protection(connection, running.service.sealed, running.settings)
    except TimeoutError:
        running.keys_asked_again_at = monotonic() + _KEYS_AGAIN_AFTER_S
        return True, _NOT_CHECKED
    fault = found.fault()
    running.keys_complete = not fault
    return not fault, fault


async def _work(running: ServiceContext) -> tuple[bool, str]:
    """Background work that has failed for a minute: which, and why."""
    lasting = running.failures.lasting(monotonic())
    failing = "; ".join(f"{work}: {error}" for work, error in lasting.items())
    return not lasting, f"持续失败 · keeps failing: {failing}" if failing else ""


async def _bus(running: ServiceContext) -> tuple[bool, str]:
    if running.bus is None:
        return False, running.refused or "未连接 · not connected"
    topics = await running.bus.topics()
    return True, f"主题 {len(topics)} 个 · {len(topics)} topics"


async def _events(running: ServiceContext) -> tuple[bool, str]:
    found = await bus_stats(running.database, running.settings.region)
    zh = f"待发送 {found.unpublished}，死信 {found.dead_letters}，滞留 {found.parked}"
    en = f"unpublished {found.unpublished}, dead letters {found.dead_letters}, parked {found.parked}"
    return found.ready, f"{zh} · {en}"
