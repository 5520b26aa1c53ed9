"""What a database is: migrated to the newest version, and installed as what the settings say."""

from collections.abc import Sequence

from shared.database.migrate import histories_of, version_and_newest
from shared.messaging.topics.installation import recorded_installation
from tools.doctor.finding import DatabaseCheck, Finding, Symptom, Visit

MIGRATED = Symptom("MIGRATED", "ok", "表结构为最新 {version}", "the tables are at the newest version, {version}")
MIGRATION_BEHIND = Symptom(
    "MIGRATION_BEHIND",
    "broken",
    "表结构为 {version}，程序需要 {newest}。",
    "The tables are at {version}, the program needs {newest}.",
    "运行 canbao migrate；若数据库比程序新，请升级程序。",
    "Run canbao migrate; where the database is ahead of the program, upgrade the program.",
)
INSTALLED = Symptom("INSTALLED", "ok", "属于安装 {installation}", "belongs to installation {installation}")
INSTALLED_OTHERWISE = Symptom(
    "INSTALLED_OTHERWISE",
    "broken",
    "安装时的 {name} 是 {there}，设置却是 {wanted}，消息服务不会启动。",
    "Installed with {name} {there}, but the settings say {wanted}: messaging refuses to start.",
    "改回安装时的 CANBAO_INSTALLATION、CANBAO_PARTITIONS；检查是否连到了别的安装的数据库。",
    "Set CANBAO_INSTALLATION and CANBAO_PARTITIONS back; check that this is not another installation's database.",
)


async def examine_migrations(visit: Visit) -> Sequence[Finding]:
    """Whether the shared and the service's own tables are at the newest version."""
    versions = visit.patient.with_database[visit.name].migrations
    assert versions is not None  # noqa: S101 - only services with a database are visited
    stands = [await version_and_newest(visit.connection, each) for each in histories_of(visit.name, versions)]
    behind = [
        MIGRATION_BEHIND.at(visit.name, version=version or "—", newest=newest)
        for version, newest in stands
        if version != newest
    ]
    return behind or [MIGRATED.at(visit.name, version=stands[-1][0])]


async def examine_installation(visit: Visit) -> Sequence[Finding]:
    """Whether what was fixed at installation is what the settings say now."""
    there = await recorded_installation(visit.connection)
    settings = visit.patient.settings
    if there is None:
        return [MIGRATION_BEHIND.at(visit.name, version="—", newest=settings.installation)]
    wanted = {"service": visit.name, "installation": settings.installation, "partitions": settings.partitions}
    differing = [
        INSTALLED_OTHERWISE.at(visit.name, name=name, there=there[name], wanted=value)
        for name, value in wanted.items()
        if there[name] != value
    ]
    return differing or [INSTALLED.at(visit.name, installation=settings.installation)]


CHECKS = (
    DatabaseCheck("migrations", examine_migrations),
    DatabaseCheck("installation", examine_installation),
)
