"""What is fixed at installation: which service a database is, how topics are called, how many partitions they have."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.database.engine import Database
from shared.messaging.bus import Bus, BusRefused

_SETTLE = text(
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
_SETTLED = text("SELECT service, installation, partitions FROM messaging_installation")


async def settle(session: AsyncSession | AsyncConnection, *, service: str, installation: str, partitions: int) -> None:
    """Record the installation's facts the first time; ever after refuse others, because events would change lanes."""
    wanted = {"service": service, "installation": installation, "partitions": partitions}
    await session.execute(_SETTLE, wanted)
    settled = (await session.execute(_SETTLED)).mappings().one()
    for name, value in wanted.items():
        if settled[name] != value:
            raise BusRefused(
                f"this database was installed with {name} {settled[name]!r}, not {value!r}: "
                f"this is fixed at installation, set it back"
            )
    await session.execute(_LANES, {"partitions": partitions})


_CLAIMED = text("SELECT EXISTS (SELECT FROM claimed_topic WHERE broker = :broker AND topic = :topic)")
_CLAIM = text(
    "INSERT INTO claimed_topic (broker, topic) VALUES (:broker, :topic) ON CONFLICT (broker, topic) DO NOTHING"
)


async def claim(database: Database, bus: Bus, service: str, region: str) -> None:
    """Make the service's topic, unless it is there already and this database never made it: then it is another's."""
    broker = await bus.broker()
    # First look at the bus, then at our note of it: a relay beside this one notes before it creates.
    exists = service in await bus.topics()
    topic = {"broker": broker, "topic": f"{bus.installation}.{service}"}
    async with database.transaction(region) as session:
        claimed: bool = (await session.execute(_CLAIMED, topic)).scalar_one()
        if exists and not claimed:
            raise BusRefused(
                f"the broker already holds a topic {topic['topic']!r} that this database did not make: "
                f"it belongs to another installation; set CANBAO_INSTALLATION to a name of your own"
            )
        await session.execute(_CLAIM, topic)
    await bus.create_topics([service])
