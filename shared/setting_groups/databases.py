"""Where the databases are, and who logs in to them."""

from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, Field, SecretStr

from shared.setting_values import DatabaseAddress


def database_name(service: str) -> str:
    """How the database of a service, or of the embedded ``bus``, is called on its server: never like a stranger's."""
    return f"canbao_{service}"


class DatabaseSettings(BaseModel):
    """Where the databases are, and who logs in to them."""

    database_url: Annotated[
        DatabaseAddress,
        Field(
            description="各服务的数据库；自动填入 {service}、{database}、{password} · "
            "services' databases; {service}, {database} and {password} are filled in"
        ),
    ] = "postgresql://{service}_app:{password}@localhost/{database}"
    database_passwords: Annotated[
        dict[str, SecretStr],
        Field(
            description="JSON：各服务的数据库口令，另有 owner、auditor · "
            "JSON: password of each role, by service; also owner and auditor"
        ),
    ] = {}
    owner_database_url: Annotated[
        DatabaseAddress, Field(description="同一批数据库，迁移时用 · the same databases for migrations")
    ] = "postgresql://canbao_owner:{password}@localhost/{database}"
    auditor_database_url: Annotated[
        DatabaseAddress,
        Field(description="同一批数据库，canbao verify 核验时用 · the same databases for canbao verify"),
    ] = "postgresql://canbao_auditor:{password}@localhost/{database}"
    admin_database_url: Annotated[
        DatabaseAddress,
        Field(
            description="数据库服务器的超级用户，供 provision 及改名用；{password} 为 admin 的口令 · "
            "the server's superuser, for provision and to rename; {password} is admin's"
        ),
    ] = "postgresql://postgres:{password}@localhost/postgres"
    pool_web: Annotated[
        int,
        Field(
            ge=1,
            description="处理请求的数据库连接数，每个服务、每个进程 · "
            "database connections for requests, per service and process",
        ),
    ] = 8
    pool_work: Annotated[
        int,
        Field(
            ge=1,
            description="后台任务的数据库连接数，发送事件另占一个 · "
            "database connections for background work, one more for the relay",
        ),
    ] = 4

    def service_url(self, service: str) -> str:
        """The database address that the service itself logs in with."""
        return self._fill(self.database_url, service, database=service, role=service)

    def bus_url(self, service: str) -> str:
        """The address of the embedded bus's database, with the service's own login."""
        return self._fill(self.database_url, service, database="bus", role=service)

    def owner_url(self, database: str) -> str:
        """The database address of the role that owns the tables: for migrations only."""
        return self._fill(self.owner_database_url, database, database=database, role="owner")

    @property
    def admin_url(self) -> str:
        """The server's superuser, who makes roles and databases."""
        return self._fill(self.admin_database_url, "postgres", database="postgres", role="admin")

    def auditor_url(self, database: str) -> str:
        """The database address of the read-only auditor."""
        return self._fill(self.auditor_database_url, database, database=database, role="auditor")

    def _fill(self, template: str, service: str, *, database: str, role: str) -> str:
        password = self.database_passwords.get(role)
        name = database if role == "admin" else database_name(database)
        secret = quote(password.get_secret_value(), safe="") if password else ""
        return template.format(service=service, database=name, password=secret)
