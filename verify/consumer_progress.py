"""Which service consumes which publisher's events, and for which aggregates it is behind."""

from collections.abc import AsyncIterator

from verify.comparison import ComparedSides, KeyDifference, Side, compare, differences
from verify.snapshot import Databases

# A service that subscribes to one event of a publisher consumes all of them, in order. (publisher, consumer)
SUBSCRIPTIONS = (
    ("registration", "subsidy"),
    ("registration", "payment"),
    ("registration", "quota"),
    ("subsidy", "registration"),
    ("subsidy", "payment"),
    ("payment", "registration"),
)
# Grouped by the tail of the id, so that only the few groups that differ are looked at row by row.
_ANNOUNCED = "SELECT id::text AS key, right(id::text, 3) AS region, '' AS facts, seq AS fen FROM proof.aggregate"
_CONSUMED = """
    SELECT aggregate_id::text AS key, right(aggregate_id::text, 3) AS region, '' AS facts, seq AS fen
    FROM proof.cursor WHERE publisher = '{publisher}'
"""
_AT_ONCE = 2_000


async def compare_cursors(databases: Databases, publisher: str, consumer: str) -> tuple[ComparedSides, Side, Side]:
    """Compare a publisher's sequences with a consumer's cursors, group by group."""
    announced = Side(databases.publisher(publisher), _ANNOUNCED)
    consumed = Side(databases.consumer(consumer), _CONSUMED.format(publisher=publisher))
    return await compare(announced, consumed), announced, consumed


async def unequal(compared: ComparedSides, announced: Side, consumed: Side) -> AsyncIterator[list[KeyDifference]]:
    """The aggregates whose last event and whose cursor differ, some thousand at a time."""
    if not compared.regions:
        return
    some: list[KeyDifference] = []
    async for difference in differences(announced, consumed, compared.regions):
        some.append(difference)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def consumed_until(difference: KeyDifference) -> int:
    """The last event that the consumer has taken in; 0 where none."""
    return difference.right.fen if difference.right else 0
