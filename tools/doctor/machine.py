"""The machine: Python, time zones, free disk space, and the ports."""

import asyncio
import shutil
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from tools.doctor.findings import Check, ExaminedInstallation, Finding, FindingType

_OLDEST = (3, 11)
_SHORT_BYTES, _TOO_SHORT_BYTES = 5 << 30, 1 << 30
_GIB = 1 << 30
# Asks who answers: raises where it is not canbao, else names what is not ready.
_Asking = Callable[[httpx.AsyncClient], Awaitable[list[str]]]

PYTHON = FindingType("PYTHON", "ok", "Python {version}", "Python {version}")
PYTHON_OLD = FindingType(
    "PYTHON_OLD",
    "broken",
    "Python {version} 太旧，需要 3.11 以上。",
    "Python {version} is too old, 3.11 or newer is needed.",
    "make up PYTHON=/path/to/python3.11",
    "make up PYTHON=/path/to/python3.11",
)
TIME_ZONE = FindingType("TIME_ZONE", "ok", "时区数据可用", "time zone data is there")
TIME_ZONE_MISSING = FindingType(
    "TIME_ZONE_MISSING",
    "broken",
    "缺少时区数据 Asia/Shanghai，业务日期无法计算。",
    "Time zone data for Asia/Shanghai is missing: no business date can be known.",
    "安装 tzdata：apt-get install tzdata",
    "Install it: apt-get install tzdata",
)
DISK = FindingType("DISK", "ok", "剩余 {free} GiB", "{free} GiB free")
DISK_SHORT = FindingType(
    "DISK_SHORT",
    "warn",
    "磁盘只剩 {free} GiB。",
    "Only {free} GiB are left on the disk.",
    "清理或扩容；数据库写满后不再受理任何缴费。",
    "Free or add space: a database on a full disk takes no more payments.",
)
DISK_FULL = FindingType(
    "DISK_FULL",
    "broken",
    "磁盘只剩 {free} GiB，数据库即将停止写入。",
    "Only {free} GiB are left: the database is about to stop writing.",
    "立即清理或扩容。",
    "Free or add space now.",
)
PORT_FREE = FindingType("PORT_FREE", "ok", "端口空闲，可以启动", "the port is free to start on")
PORT_OURS = FindingType("PORT_OURS", "ok", "canbao 在此应答且已就绪", "canbao answers here and is ready")
PORT_UNREADY = FindingType(
    "PORT_UNREADY",
    "broken",
    "canbao 在此应答，但未就绪：{parts}。",
    "canbao answers here but is not ready: {parts}.",
    "见本表其余各项；GET /readyz 逐项列出原因。",
    "See the other lines of this table; GET /readyz names each reason.",
)
PORT_TAKEN = FindingType(
    "PORT_TAKEN",
    "broken",
    "端口被其他程序占用或不可用（{why}）。",
    "Another program holds the port, or it cannot be used ({why}).",
    "停止占用它的程序（ss -ltnp），或用 --port / CANBAO_METRICS_PORT 换一个端口。",
    "Stop the program that holds it (ss -ltnp), or choose another by --port / CANBAO_METRICS_PORT.",
)
SERVICES_AWAY = FindingType(
    "SERVICES_AWAY",
    "warn",
    "CANBAO_SERVICES_BASE_URL 所指的地址没有 canbao 应答（{why}）。",
    "No canbao answers where CANBAO_SERVICES_BASE_URL points ({why}).",
    "启动服务与网关；若是有意停止，可不处理。",
    "Start the services and the gateway, unless they were stopped on purpose.",
)
_ON_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


async def examine_python() -> Sequence[Finding]:
    """Whether the interpreter is new enough."""
    version = ".".join(map(str, sys.version_info[:3]))
    return [(PYTHON if sys.version_info[:2] >= _OLDEST else PYTHON_OLD).at(version=version)]


async def examine_time_zone() -> Sequence[Finding]:
    """Whether Shanghai's time can be known."""
    try:
        offset = datetime(2024, 1, 1, tzinfo=UTC).astimezone(ZoneInfo("Asia/Shanghai")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    return [(TIME_ZONE if offset == timedelta(hours=8) else TIME_ZONE_MISSING).at("Asia/Shanghai")]


async def examine_disk(folder: Path) -> Sequence[Finding]:
    """How much disk space is free where data lies on this machine."""
    return await asyncio.to_thread(_spaces, folder)


def _spaces(folder: Path) -> list[Finding]:
    """How much disk space is free where data lies on this machine; a database elsewhere is watched there."""
    # A folder that does not exist yet would be made on the disk of the nearest one that does.
    folder = folder.resolve()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    places = [there] + [path for path in (folder / "postgres" / "cluster",) if path.exists()]
    return [judged_space(path, shutil.disk_usage(path).free) for path in places]


def judged_space(path: Path, free: int) -> Finding:
    """What so many free bytes mean."""
    finding_type = DISK_FULL if free < _TOO_SHORT_BYTES else DISK_SHORT if free < _SHORT_BYTES else DISK
    return finding_type.at(str(path), free=f"{free / _GIB:.1f}")


async def examine_ports(installation: ExaminedInstallation) -> Sequence[Finding]:
    """Whether the service's port is free or ours, and likewise the metrics port where one is set.

    Where services run elsewhere, as beside a container of the operator's, they are asked at their address.
    """
    if urlsplit(installation.settings.services_base_url).hostname not in _ON_THIS_MACHINE:
        return [await _elsewhere(installation.settings.services_base_url)]
    found = [await _port(installation.port, "127.0.0.1", _ready)]
    if installation.settings.metrics_port:
        found.append(await _port(installation.settings.metrics_port, installation.settings.metrics_host, _measured))
    return found


def port_of(services_base_url: str) -> int:
    """The port that services on this machine listen on, as far as the settings say; else the usual one."""
    address = urlsplit(services_base_url)
    return address.port or 8000 if address.hostname in _ON_THIS_MACHINE else 8000


async def _port(port: int, host: str, ours: _Asking) -> Finding:
    subject = f"{host}:{port}"
    refusal = await asyncio.to_thread(_refusal, host, port)
    if refusal is None:
        return PORT_FREE.at(subject)
    try:
        async with httpx.AsyncClient(base_url=f"http://{subject}", trust_env=False, timeout=4) as http:
            unready = await ours(http)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return PORT_TAKEN.at(subject, why=refusal)
    return PORT_UNREADY.at(subject, parts=", ".join(unready)) if unready else PORT_OURS.at(subject)


async def _elsewhere(address: str) -> Finding:
    try:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=4) as http:
            unready = await _ready(http)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        return SERVICES_AWAY.at(address, why=type(error).__name__)
    return PORT_UNREADY.at(address, parts=", ".join(unready)) if unready else PORT_OURS.at(address)


def _refusal(host: str, port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or type(error).__name__
    return None


async def _ready(http: httpx.AsyncClient) -> list[str]:
    parts = (await http.get("/readyz")).json()["parts"]
    return [part["name"] for part in parts if not part["ready"]]


async def _measured(http: httpx.AsyncClient) -> list[str]:
    if "canbao_" not in (await http.get("/metrics")).text:
        raise ValueError("these are not our metrics")
    return []


CHECKS = (
    Check("python", lambda _: examine_python()),
    Check("time zone", lambda _: examine_time_zone()),
    Check("disk", lambda installation: examine_disk(installation.folder)),
    Check("ports", examine_ports),
)
