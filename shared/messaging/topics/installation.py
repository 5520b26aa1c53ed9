"""What is fixed at installation: which service a database is, how topics are called, how many partitions they have."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.database.engine import Database
from shared.messaging.bus.protocol import Bus, BusRefused
from shared.settings_errors import fixed_at_installation

_RECORD = text(
    """
    INSERT INTO messaging_installation (service, installation, partitions)
    VALUES (:service, :installation, :partitions) ON CONFLICT (singleton) DO NOTHING
    """
)
_LANES = text(
    """
    INSERT INTO relay_lane (lane) SELECT lane FROM generate_series(0, :partitions - 1) AS lane
    ON CONFLICT (lane) DO NOTHING
    """
)
RECORDED = "SELECT service, installation, partitions FROM messaging_installation"
_RECORDED = text(RECORDED)

_SETTING_OF = {
    "service": "CANBAO_DATABASE_URL",
    "installation": "CANBAO_INSTALLATION",
    "partitions": "CANBAO_PARTITIONS",
}


async def record_installation(
    session: AsyncSession | AsyncConnection, *, service: str, installation: str, partitions: int
) -> None:
    """Record the installation's facts the first time; ever after refuse others, because events would change lanes."""
    wanted = {"service": service, "installation": installation, "partitions": partitions}
    await session.execute(_RECORD, wanted)
    refuse_other_facts(dict((await session.execute(_RECORDED)).mappings().one()), wanted)
    await session.execute(_LANES, {"partitions": partitions})


def refuse_other_facts(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise ``BusRefused`` where a database was installed with other facts than those that are set."""
    for name, value in wanted.items():
        if found[name] != value:
            raise BusRefused(
                fixed_at_installation(_SETTING_OF[name], wanted["service"], name, found=found[name], given=value)
            )


_CLAIMED = text("SELECT EXISTS (SELECT FROM claimed_topic WHERE broker = :broker AND topic = :topic)")
_CLAIM = text(
    "INSERT INTO claimed_topic (broker, topic) VALUES (:broker, :topic) ON CONFLICT (broker, topic) DO NOTHING"
)


async def recorded_installation(session: AsyncSession | AsyncConnection) -> Mapping[str, Any] | None:
    """What a database was installed with: service, installation and partitions; None where it was never settled."""
    row = (await session.execute(_RECORDED)).mappings().one_or_none()
    return None if row is None else dict(row)


async def has_claimed(session: AsyncSession, broker: str, topic: str) -> bool:
    """Whether this database made the topic of that full name on that broker, so that it is ours."""
    return bool((await session.execute(_CLAIMED, {"broker": broker, "topic": topic})).scalar_one())


async def join_installation(*, database: Database, bus: Bus, service: str, region: str) -> None:
    """Check that database and bus are this installation's, and make the service's topic; raises ``BusRefused``.

    The name is written down together with the claim on the topic: a refused first attempt leaves no mark, so that
    another name can be chosen.
    """
    wanted = {"service": service, "installation": bus.installation, "partitions": bus.partitions}
    async with database.transaction(region) as session:
        recorded = await recorded_installation(session)
    if recorded is not None:
        refuse_other_facts(recorded, wanted)
    async with _own_topic(database, bus, service, region) as (session, topic):
        await record_installation(session, service=service, installation=bus.installation, partitions=bus.partitions)
        await session.execute(_CLAIM, topic)
    await bus.create_topics([service])


async def refuse_foreign_topic(database: Database, bus: Bus, service: str, region: str) -> None:
    """Raise ``BusRefused`` where the service's topic is another installation's; changes nothing."""
    async with _own_topic(database, bus, service, region):
        return


@asynccontextmanager
async def _own_topic(
    database: Database, bus: Bus, service: str, region: str
) -> AsyncIterator[tuple[AsyncSession, dict[str, str]]]:
    # Read the bus first, then our record of it: another relay of this service records before it creates.
    topic = {"broker": await bus.broker(), "topic": f"{bus.installation}.{service}"}
    exists = service in await bus.topics()
    async with database.transaction(region) as session:
        if exists and not await has_claimed(session, topic["broker"], topic["topic"]):
            raise BusRefused(
                f"总线上的主题 {topic['topic']!r} 不是本数据库建立的，属于另一套安装，"
                f"请用 CANBAO_INSTALLATION 另取一个名字"
                f" · the broker already holds a topic {topic['topic']!r} that this database did not make: "
                f"it belongs to another installation; set CANBAO_INSTALLATION to a name of your own"
            )
        yield session, topic
