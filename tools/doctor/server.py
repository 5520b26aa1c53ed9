"""PostgreSQL: its version, whether a commit is a promise, whose role we are, and whether the connections suffice."""

from collections.abc import Sequence

from sqlalchemy import text

from shared.database.durability import switched_off
from shared.database.server_version import OLDEST
from tools.doctor.findings import DatabaseCheck, Finding, FindingType, OpenDatabase

POSTGRES_VERSION = FindingType("POSTGRES_VERSION", "ok", "PostgreSQL {version}", "PostgreSQL {version}")
POSTGRES_OLD = FindingType(
    "POSTGRES_OLD",
    "broken",
    "PostgreSQL {version} 早于 18，服务无法在其上运行。",
    "PostgreSQL {version} is older than 18: services do not run on it.",
    "升级到 PostgreSQL 18。",
    "Upgrade to PostgreSQL 18.",
)
DURABLE = FindingType("DURABLE", "ok", "已提交的数据不会丢失", "what is committed is kept")
NOT_DURABLE = FindingType(
    "NOT_DURABLE",
    "broken",
    "{settings} 已关闭：断电会丢失已应答的缴费。",
    "Switched off: {settings}. A power cut loses payments that were acknowledged.",
    "在 postgresql.conf 中打开并重新加载；若由 ALTER ROLE 或 ALTER DATABASE 关闭，用 RESET 撤销。",
    "Switch on in postgresql.conf and reload; where ALTER ROLE or ALTER DATABASE did it, RESET it there.",
)
ROLE = FindingType("ROLE", "ok", "角色 {role} 无特权", "role {role} has no special power")
ROLE_TOO_POWERFUL = FindingType(
    "ROLE_TOO_POWERFUL",
    "broken",
    "角色 {role} 权力过大：{powers}，行级安全形同虚设。",
    "Role {role} is too powerful: {powers}. Row-level security does not hold for it.",
    "ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB，表归 canbao_owner 所有，并收回其成员身份。",
    "ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB; tables belong to "
    "canbao_owner, and nobody is its member.",
)

_VERSION = text(
    "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer AS number"
)
_POWERS = text(
    """
    SELECT r.rolname AS role, array_remove(ARRAY[
        CASE WHEN r.rolsuper THEN 'superuser' END,
        CASE WHEN r.rolbypassrls THEN 'bypasses row security' END,
        CASE WHEN r.rolcreaterole THEN 'creates roles' END,
        CASE WHEN r.rolcreatedb THEN 'creates databases' END,
        CASE WHEN EXISTS (SELECT FROM pg_class WHERE relowner = r.oid)
               OR EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid)
               OR EXISTS (SELECT FROM pg_database WHERE datdba = r.oid) THEN 'owns tables' END,
        CASE WHEN EXISTS (
            SELECT FROM pg_class c WHERE c.relrowsecurity AND c.relowner <> r.oid AND pg_has_role(c.relowner, 'MEMBER')
        ) THEN 'member of the owner' END], NULL) AS powers
    FROM pg_roles r WHERE r.rolname = current_user
    """
)


async def examine_version(database: OpenDatabase) -> Sequence[Finding]:
    """How new the server is."""
    row = (await database.connection.execute(_VERSION)).one()
    return [(POSTGRES_VERSION if row.number >= OLDEST else POSTGRES_OLD).at(database.name, version=row.version)]


async def examine_durability(database: OpenDatabase) -> Sequence[Finding]:
    """Whether the service's own sessions may lose what they commit."""
    off = await switched_off(database.connection)
    return [NOT_DURABLE.at(database.name, settings=", ".join(off))] if off else [DURABLE.at(database.name)]


async def examine_role(database: OpenDatabase) -> Sequence[Finding]:
    """Whether the service's role owns nothing and passes through nothing."""
    row = (await database.connection.execute(_POWERS)).one()
    if row.powers:
        return [ROLE_TOO_POWERFUL.at(database.name, role=row.role, powers=", ".join(row.powers))]
    return [ROLE.at(database.name, role=row.role)]


CHECKS = (
    DatabaseCheck("version", examine_version),
    DatabaseCheck("durability", examine_durability),
    DatabaseCheck("role", examine_role),
)
