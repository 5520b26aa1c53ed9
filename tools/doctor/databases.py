"""Opening a service's database as the service does: one connection, and a reason where none opens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy import exc

from shared.database.engine import Database
from shared.database.logins import is_login_refused
from tools.doctor.findings import ExaminedInstallation, Finding, FindingType, OpenDatabase

WITHIN_S = 8.0

DATABASE = FindingType("DATABASE", "ok", "数据库可达", "the database answers")
DATABASE_UNREACHABLE = FindingType(
    "DATABASE_UNREACHABLE",
    "broken",
    "数据库无法进入：{why}。",
    "The database cannot be entered: {why}.",
    "启动 PostgreSQL；检查 CANBAO_DATABASE_URL 与 CANBAO_DATABASE_PASSWORDS；新安装先运行 canbao migrate。"
    "canbao up 停止后其数据库也停止。",
    "Start PostgreSQL; check CANBAO_DATABASE_URL and CANBAO_DATABASE_PASSWORDS; a new installation needs "
    "canbao migrate. The database of canbao up stops with it.",
)

DATABASE_LOGIN_REFUSED = FindingType(
    "DATABASE_LOGIN_REFUSED",
    "broken",
    "数据库拒绝登录：{why}。",
    "The database refuses the login: {why}.",
    "核对 CANBAO_DATABASE_URL 的角色与 CANBAO_DATABASE_PASSWORDS 中 {name} 的密码；canbao provision 按设置重设密码。",
    "Check the role in CANBAO_DATABASE_URL and the password of {name} in CANBAO_DATABASE_PASSWORDS; canbao provision "
    "sets passwords as the settings say.",
)


INSTALLATION_STOPPED = FindingType(
    "INSTALLATION_STOPPED",
    "warn",
    "这套安装已停止，其数据库随之停止；数据库一项未检查。",
    "This installation is stopped, and its database with it; what the databases hold was not examined.",
    "运行 make up（或 canbao up）启动后再查。",
    "Start it by make up (or canbao up) and ask again.",
)


@asynccontextmanager
async def entered(installation: ExaminedInstallation, name: str) -> AsyncIterator[OpenDatabase | None]:
    """A database with an open connection; None where it could not be opened before."""
    if name in installation.closed:
        yield None
        return
    database = Database(installation.settings.service_url(name), pool_size=1, application_name="canbao doctor")
    try:
        async with asyncio.timeout(WITHIN_S):
            connection = await database.engine.connect()
        try:
            yield OpenDatabase(installation, name, connection)
        finally:
            await connection.close()
    finally:
        await database.dispose()


def unreachable(name: str, error: BaseException) -> Finding:
    """Why a database did not open, in words that hold no password."""
    if is_login_refused(error):
        return DATABASE_LOGIN_REFUSED.at(name, name=name, why=reason(error))
    return DATABASE_UNREACHABLE.at(name, why=reason(error))


def reason(error: BaseException) -> str:
    """An error's kind, and its first line where the driver or the system wrote it."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    root = cause.__cause__ if cause.__cause__ is not None else cause
    if isinstance(root, TimeoutError):
        return "timeout"
    said = str(root).partition("\n")[0] if isinstance(root, OSError | asyncpg.PostgresError) else ""
    return f"{type(root).__name__}: {said}" if said else type(root).__name__
