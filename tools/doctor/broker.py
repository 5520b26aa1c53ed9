"""The bus: whether it answers, whether its topics are ours and in shape, and how far each service is behind."""

from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka.errors import KafkaError
from sqlalchemy import exc

from shared.database.engine import Database
from shared.database.migrate import version_and_newest
from shared.installation import BUS_HISTORY
from shared.messaging.bus.factory import open_bus
from shared.messaging.bus.protocol import Bus
from shared.messaging.outbox.own_topic import OwnTopic
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
TOPIC_LOST = FindingType(
    "TOPIC_LOST",
    "broken",
    "{lanes} 个分区里已没有本服务发送过的事件，主题曾被删除或重建。",
    "{lanes} partitions no longer hold what was sent: the topic was deleted or made again.",
    "启动 {service} 的 work 进程，它会自行补发；或运行 canbao replay outbox --since 丢失之前的时间。",
    "Start a work process of {service}: it sends everything again by itself; or run canbao replay outbox --since a "
    "time before the loss.",
)
TOPIC_AHEAD = FindingType(
    "TOPIC_AHEAD",
    "broken",
    "总线上有 {count} 条以上本数据库没有的事件（如 {event}）：数据库已恢复到较早的状态，后台工作不会启动。",
    "The bus holds {count} or more events that this database does not know (as {event}): it was restored to an earlier "
    "state, and work does not start.",
    "运行 canbao restore {service}。",
    "Run canbao restore {service}.",
)
TOPIC_THIN = FindingType(
    "TOPIC_THIN",
    "warn",
    "主题只有 {there} 份副本，应为 {wanted} 份：一台代理损坏就可能丢失事件。",
    "The topic has {there} copies instead of {wanted}: one broken broker may lose events.",
    "用 kafka-reassign-partitions.sh 增加副本；新主题可设 CANBAO_KAFKA_REPLICAS。",
    "Add copies with kafka-reassign-partitions.sh; for new topics set CANBAO_KAFKA_REPLICAS.",
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
        copies = await bus.replicas()
        for name in names:
            if name in copies and copies[name][0] < copies[name][1]:
                found.append(TOPIC_THIN.at(name, there=copies[name][0], wanted=copies[name][1]))
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
                ours = await has_claimed(session, broker, f"{settings.installation}.{name}")
            if not ours:
                yield TOPIC_FOREIGN.at(name)
            else:
                async for finding in _content(OwnTopic(database, bus, name, settings.region), name):
                    yield finding
        topics = {subscription.event.publisher() for subscription in service.subscriptions}
        # Nobody can ask for the end of a partition that is not there; the topic's own line says so.
        topics = {topic for topic in topics if there.get(topic, settings.partitions) == settings.partitions}
        behind = await lag(database, bus, settings.region, sorted(topics))
        records = sum(behind.values())
        named = ", ".join(f"{topic} {count}" for topic, count in behind.items() if count)
        yield (LAGGING if records > FAR_BEHIND else LAG).at(name, records=records, topics=named, service=name)
    finally:
        await database.dispose()


async def _content(topic: OwnTopic, name: str) -> AsyncIterator[Finding]:
    """Whether the topic holds what was sent, and nothing that the database has lost."""
    if lanes := await topic.missing():
        yield TOPIC_LOST.at(name, lanes=len(lanes), service=name)
    if unknown := await topic.unknown():
        yield TOPIC_AHEAD.at(name, count=len(unknown), event=unknown[0][0].event, service=name)


CHECKS = (Check("bus", examine, within_s=25.0), Check("embedded bus", examine_embedded))
