"""Who listens to whom, and which aggregates a listener is behind with."""

from collections.abc import AsyncIterator

from verify.comparison import Compared, Difference, Side, compare, differences
from verify.snapshot import Databases

# What subscribes to one event of a publisher follows all of them, in order.
LISTENERS = (
    ("registration", "subsidy"),
    ("registration", "payment"),
    ("registration", "quota"),
    ("subsidy", "registration"),
    ("subsidy", "payment"),
    ("payment", "registration"),
)
# Grouped by the tail of the id, so that only the few groups that differ are looked at row by row.
_ANNOUNCED = "SELECT id::text AS key, right(id::text, 3) AS region, '' AS facts, seq AS fen FROM proof.aggregate"
_HEARD = """
    SELECT aggregate_id::text AS key, right(aggregate_id::text, 3) AS region, '' AS facts, seq AS fen
    FROM proof.cursor WHERE publisher = '{publisher}'
"""
_AT_ONCE = 2_000


async def listening(databases: Databases, publisher: str, consumer: str) -> tuple[Compared, Side, Side]:
    """How far a consumer has heard a publisher, group by group."""
    said = Side(databases.publisher(publisher), _ANNOUNCED)
    heard = Side(databases.consumer(consumer), _HEARD.format(publisher=publisher))
    return await compare(said, heard), said, heard


async def unequal(compared: Compared, said: Side, heard: Side) -> AsyncIterator[list[Difference]]:
    """The aggregates whose last event and whose cursor differ, some thousand at a time."""
    if not compared.regions:
        return
    some: list[Difference] = []
    async for difference in differences(said, heard, compared.regions):
        some.append(difference)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def heard_until(difference: Difference) -> int:
    """The last event that the consumer has taken in; 0 where none."""
    return difference.right.fen if difference.right else 0
