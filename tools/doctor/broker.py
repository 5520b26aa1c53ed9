"""The bus: whether it answers, whether its topics are ours and in shape, and how far each service is behind."""

from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka.errors import KafkaError
from sqlalchemy import exc

from shared.database.engine import Database
from shared.database.migrate import version_and_newest
from shared.installation import BUS_HISTORY
from shared.messaging.bus.factory import open_bus
from shared.messaging.bus.protocol import Bus
from shared.messaging.topics.installation import has_claimed
from shared.messaging.topics.stats import lag
from tools.doctor.databases import reason
from tools.doctor.findings import Check, ExaminedInstallation, Finding, FindingType

FAR_BEHIND = 1_000

BUS = FindingType("BUS", "ok", "可达，{topics} 个主题", "it answers and holds {topics} topics")
BUS_UNREACHABLE = FindingType(
    "BUS_UNREACHABLE",
    "broken",
    "消息总线不应答：{why}。缴费仍可受理，但其他服务得不到消息。",
    "The bus does not answer: {why}. Payments are still taken, but other services receive nothing.",
    "启动 Kafka 并检查 CANBAO_KAFKA_BOOTSTRAP_SERVERS；内置总线请检查 bus 数据库。恢复后自动补发。",
    "Start Kafka and check CANBAO_KAFKA_BOOTSTRAP_SERVERS; for the embedded bus, check the database bus. "
    "What waits is sent by itself.",
)
BUS_BEHIND = FindingType(
    "BUS_BEHIND",
    "broken",
    "内置总线的表结构为 {version}，程序需要 {newest}。",
    "The embedded bus is at {version}, the program needs {newest}.",
    "运行 canbao migrate。",
    "Run canbao migrate.",
)
BUS_UNASKED = FindingType(
    "BUS_UNASKED",
    "broken",
    "无法得知它落后多少：{why}。",
    "It cannot be known how far it is behind: {why}.",
    "先处理本表中该数据库或消息总线的问题。",
    "First fix what this table says about its database or the bus.",
)
TOPIC_MISSING = FindingType(
    "TOPIC_MISSING",
    "warn",
    "主题还不存在。",
    "The topic does not exist yet.",
    "启动 {service} 的 work 进程，它会自己创建。",
    "Start a work process of {service}: it makes its own.",
)
TOPIC_MISSHAPEN = FindingType(
    "TOPIC_MISSHAPEN",
    "broken",
    "主题有 {there} 个分区，应为 {wanted} 个，消息服务不会启动。",
    "The topic has {there} partitions instead of {wanted}: messaging refuses to start.",
    "把 CANBAO_PARTITIONS 改回安装时的值；不要手工增加分区。",
    "Set CANBAO_PARTITIONS back to what it was at installation; never add partitions by hand.",
)
TOPIC_FOREIGN = FindingType(
    "TOPIC_FOREIGN",
    "broken",
    "总线上的同名主题不是本安装创建的。",
    "The bus holds a topic of that name which this installation did not make.",
    "为本安装另取 CANBAO_INSTALLATION，或连接正确的总线。",
    "Give this installation a CANBAO_INSTALLATION of its own, or connect to the right bus.",
)
LAG = FindingType("LAG", "ok", "落后 {records} 条", "{records} records behind")
LAGGING = FindingType(
    "LAGGING",
    "warn",
    "{topics} 还有 {records} 条消息未接收。",
    "Not yet taken in: {records} records ({topics}).",
    "确认 {service} 的 work 进程在运行；持续增长时增加进程。",
    "See that a work process of {service} runs; where it keeps growing, run more of them.",
)


async def examine(installation: ExaminedInstallation) -> Sequence[Finding]:
    """The bus as each service needs it; a service whose database is closed cannot be asked how far it is."""
    names = [name for name in installation.with_database if name not in installation.closed]
    if not names:
        return []
    async with open_bus(installation.settings, names[0]) as bus:
        try:
            there = await bus.topics()
            broker = await bus.broker()
        except (KafkaError, OSError, TimeoutError, exc.SQLAlchemyError) as error:
            return [BUS_UNREACHABLE.at(installation.settings.bus, why=reason(error))]
        found = [BUS.at(broker, topics=len(there))]
        for name in names:
            try:
                found += [finding async for finding in _service(installation, bus, broker, there, name)]
            except (KafkaError, OSError, TimeoutError, exc.SQLAlchemyError) as error:
                found.append(BUS_UNASKED.at(name, why=reason(error)))
    return found


async def examine_embedded(installation: ExaminedInstallation) -> Sequence[Finding]:
    """Whether the tables of the embedded bus are at the newest version."""
    names = [name for name in installation.with_database if name not in installation.closed]
    if installation.settings.bus != "postgres" or not names:
        return []
    database = Database(installation.settings.bus_url(names[0]), pool_size=1, application_name="canbao doctor")
    try:
        async with database.engine.connect() as connection:
            version, newest = await version_and_newest(connection, BUS_HISTORY)
    except (OSError, TimeoutError, exc.SQLAlchemyError):
        return []  # the bus's own check says that it does not answer
    finally:
        await database.dispose()
    return [BUS_BEHIND.at("bus", version=version or "—", newest=newest)] if version != newest else []


async def _service(
    installation: ExaminedInstallation, bus: Bus, broker: str, there: Mapping[str, int], name: str
) -> AsyncIterator[Finding]:
    """One service on the bus: its own topic, and how far it has listened to the others'."""
    settings, service = installation.settings, installation.with_database[name]
    database = Database(settings.service_url(name), pool_size=1, application_name="canbao doctor")
    try:
        if name not in there:
            yield TOPIC_MISSING.at(name, service=name)
        elif there[name] != settings.partitions:
            yield TOPIC_MISSHAPEN.at(name, there=there[name], wanted=settings.partitions)
        else:
            async with database.transaction(settings.region) as session:
                if not await has_claimed(session, broker, f"{settings.installation}.{name}"):
                    yield TOPIC_FOREIGN.at(name)
        topics = {subscription.event.publisher() for subscription in service.subscriptions}
        # Nobody can ask for the end of a partition that is not there; the topic's own line says so.
        topics = {topic for topic in topics if there.get(topic, settings.partitions) == settings.partitions}
        behind = await lag(database, bus, settings.region, sorted(topics))
        records = sum(behind.values())
        named = ", ".join(f"{topic} {count}" for topic, count in behind.items() if count)
        yield (LAGGING if records > FAR_BEHIND else LAG).at(name, records=records, topics=named, service=name)
    finally:
        await database.dispose()


CHECKS = (Check("bus", examine, within_s=25.0), Check("embedded bus", examine_embedded))
