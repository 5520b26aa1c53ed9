"""A login that a server refuses, or a database that is not there, kept apart from other faults of a database."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from shared.settings import Settings

# SQLSTATE classes: nobody answers, the login is refused, there is no such database.
_REFUSED = "28"
_CLASSES = ("08", _REFUSED, "3D")
NOT_RUNNING = (
    "这套安装的数据库没有运行：由 canbao up 建立的运行 make up，其他的启动 PostgreSQL，再重新运行"
    " · the database of this installation is stopped: make up starts what canbao up has set up, otherwise start"
    " PostgreSQL; then run this again"
)


class LoginRefused(RuntimeError):
    """The server answers and refuses the role's password."""

    def __init__(self, url: str, setting: str, role: str) -> None:
        """``setting`` holds the address, ``role`` is the password's name in CANBAO_DATABASE_PASSWORDS."""
        login = make_url(url)
        super().__init__(
            f"{setting}: 数据库 {login.database} 拒绝角色 {login.username} 登录，请核对其密码"
            f"（CANBAO_DATABASE_PASSWORDS 的 {role}）"
            f" · database {login.database} refuses the login of role {login.username}: check its password"
            f" ({role} in CANBAO_DATABASE_PASSWORDS)"
        )


@contextmanager
def named_login(url: str, setting: str, role: str) -> Iterator[None]:
    """Raise LoginRefused, which names role, database and setting, where the server refuses the login."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError) as error:
        if is_login_refused(error):
            raise LoginRefused(url, setting, role) from error
        raise


def owners_login(settings: Settings, database: str) -> AbstractContextManager[None]:
    """Raise LoginRefused where the owner of the tables is refused."""
    return named_login(settings.owner_url(database), "CANBAO_OWNER_DATABASE_URL", "owner")


def services_login(settings: Settings, service: str) -> AbstractContextManager[None]:
    """Raise LoginRefused where a service's own role is refused."""
    return named_login(settings.service_url(service), "CANBAO_DATABASE_URL", service)


def auditors_login(settings: Settings, database: str) -> AbstractContextManager[None]:
    """Raise LoginRefused where the read-only auditor is refused."""
    return named_login(settings.auditor_url(database), "CANBAO_AUDITOR_DATABASE_URL", "auditor")


def is_login_refused(error: BaseException) -> bool:
    """Whether the server answered and refused the role or its password."""
    return sqlstate_of(error).startswith(_REFUSED)


def is_out_of_reach(error: BaseException) -> bool:
    """Whether nobody answers, the login is refused or the database is not there."""
    return is_stopped(error) or isinstance(_root(error), ConnectionError) or sqlstate_of(error).startswith(_CLASSES)


def is_stopped(error: BaseException) -> bool:
    """Whether the server's socket is not there; the error about a missing file names it, the one about a socket not."""
    root = _root(error)
    return isinstance(root, FileNotFoundError) and root.filename is None


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's code of an error, which the driver and SQLAlchemy wrap; empty where there is none."""
    return str(getattr(_root(error), "sqlstate", None) or "")


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None and getattr(error, "sqlstate", None) is None:
        error = error.__cause__
    return error
