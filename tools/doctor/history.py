"""What a database is: migrated to the newest version, and installed as what the settings say."""

from collections.abc import Sequence

from shared.database.migrate import histories_of, version_and_newest
from shared.messaging.topics.installation import recorded_installation
from tools.doctor.findings import DatabaseCheck, Finding, FindingType, OpenDatabase

MIGRATED = FindingType("MIGRATED", "ok", "表结构为最新 {version}", "the tables are at the newest version, {version}")
MIGRATION_BEHIND = FindingType(
    "MIGRATION_BEHIND",
    "broken",
    "表结构为 {version}，程序需要 {newest}。",
    "The tables are at {version}, the program needs {newest}.",
    "运行 canbao migrate；若数据库比程序新，请升级程序。",
    "Run canbao migrate; where the database is ahead of the program, upgrade the program.",
)
INSTALLED = FindingType("INSTALLED", "ok", "属于安装 {installation}", "belongs to installation {installation}")
INSTALLED_OTHERWISE = FindingType(
    "INSTALLED_OTHERWISE",
    "broken",
    "安装时的 {name} 是 {there}，设置却是 {wanted}，消息服务不会启动。",
    "Installed with {name} {there}, but the settings say {wanted}: messaging refuses to start.",
    "改回安装时的 CANBAO_INSTALLATION、CANBAO_PARTITIONS；检查是否连到了别的安装的数据库。",
    "Set CANBAO_INSTALLATION and CANBAO_PARTITIONS back; check that this is not another installation's database.",
)


async def examine_migrations(database: OpenDatabase) -> Sequence[Finding]:
    """Whether the shared and the service's own tables are at the newest version."""
    versions = database.installation.with_database[database.name].migrations
    assert versions is not None  # noqa: S101 - only services with a database are asked
    stands = [await version_and_newest(database.connection, each) for each in histories_of(database.name, versions)]
    behind = [
        MIGRATION_BEHIND.at(database.name, version=version or "—", newest=newest)
        for version, newest in stands
        if version != newest
    ]
    return behind or [MIGRATED.at(database.name, version=stands[-1][0])]


async def examine_installation(database: OpenDatabase) -> Sequence[Finding]:
    """Whether what was fixed at installation is what the settings say now."""
    there = await recorded_installation(database.connection)
    settings = database.installation.settings
    if there is None:
        return [MIGRATION_BEHIND.at(database.name, version="—", newest=settings.installation)]
    wanted = {"service": database.name, "installation": settings.installation, "partitions": settings.partitions}
    differing = [
        INSTALLED_OTHERWISE.at(database.name, name=name, there=there[name], wanted=value)
        for name, value in wanted.items()
        if there[name] != value
    ]
    return differing or [INSTALLED.at(database.name, installation=settings.installation)]


CHECKS = (
    DatabaseCheck("migrations", examine_migrations),
    DatabaseCheck("installation", examine_installation),
)
