"""The budget of connections: what every service's pools may open, against what each server allows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from shared.messaging.bus.postgres import POOL as BUS_POOL
from shared.messaging.outbox.relay import POOL as RELAY_POOL
from tools.doctor.databases import entered
from tools.doctor.findings import Check, ExaminedInstallation, Finding, FindingType

# Migrations, an auditor (five snapshots), a doctor and a person at psql.
_SPARE = 10

CONNECTIONS = FindingType(
    "CONNECTIONS",
    "ok",
    "连接数足够：各服务一套进程最多 {wanted}，服务器允许 {allowed}",
    "connections suffice: one set of processes opens at most {wanted} of {allowed}",
)
CONNECTIONS_SHORT = FindingType(
    "CONNECTIONS_SHORT",
    "broken",
    "连接数不足：{services} 各一套进程最多打开 {wanted} 个连接，服务器只允许 {allowed} 个（另留 {spare} 个备用）。",
    "Connections do not suffice: one set of processes of {services} opens up to {wanted}, the server allows {allowed} "
    "({spare} more are kept spare).",
    "调大 max_connections 并重启 PostgreSQL，或减小 CANBAO_POOL_WEB、CANBAO_POOL_WORK。",
    "Raise max_connections and restart PostgreSQL, or lower CANBAO_POOL_WEB and CANBAO_POOL_WORK.",
)
_SERVER = text(
    """
    SELECT system_identifier::text AS server,
           current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
             - current_setting('reserved_connections')::integer AS allowed
    FROM pg_control_system()
    """
)


@dataclass
class _Server:
    allowed: int
    services: list[str] = field(default_factory=list)


async def examine(installation: ExaminedInstallation) -> Sequence[Finding]:
    """Add up the pools of all services that share a server; several processes of one service multiply their part."""
    settings, servers = installation.settings, dict[str, _Server]()
    for name in installation.with_database:
        async with entered(installation, name) as database:
            if database is not None:
                row = (await database.connection.execute(_SERVER)).one()
                servers.setdefault(row.server, _Server(row.allowed)).services.append(name)
    each = settings.pool_web + settings.pool_work + RELAY_POOL + (BUS_POOL if settings.bus == "postgres" else 0)
    return [judged_budget(server.services, each * len(server.services), server.allowed) for server in servers.values()]


def judged_budget(services: Sequence[str], wanted: int, allowed: int) -> Finding:
    """What so many wanted connections mean where so many are allowed."""
    names = ", ".join(services)
    if wanted + _SPARE > allowed:
        return CONNECTIONS_SHORT.at(names, services=names, wanted=wanted, allowed=allowed, spare=_SPARE)
    return CONNECTIONS.at(names, wanted=wanted, allowed=allowed)


CHECKS = (Check("connections", examine, within_s=20.0),)
