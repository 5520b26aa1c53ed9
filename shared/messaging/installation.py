"""What is fixed at installation: which service a database is, how topics are called, how many partitions they have."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.messaging.bus import BusRefused

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
