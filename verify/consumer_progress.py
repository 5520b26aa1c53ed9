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
# An epoch and a number in it as one number that counts on.
EPOCH = 1_000_000_000_000
# Grouped by the tail of the id, so that only the few groups that differ are looked at row by row. The last event's id
# is compared for as long as every outbox keeps it; an id says when it was made.
_RECENT = "uuid_extract_timestamp({id}) > clock_timestamp() - interval '29 days'"
_ANNOUNCED = f"""
    SELECT aggregate.id::text AS key, right(aggregate.id::text, 3) AS region, coalesce(event.id::text, '') AS facts,
           aggregate.epoch * {EPOCH} + aggregate.seq AS fen
    FROM proof.aggregate AS aggregate
    LEFT JOIN proof.outbox AS event ON event.aggregate_id = aggregate.id AND event.aggregate_seq = aggregate.seq
          AND {_RECENT.format(id="event.id")}
"""  # noqa: S608 - constants
_CONSUMED = f"""
    SELECT aggregate_id::text AS key, right(aggregate_id::text, 3) AS region,
           CASE WHEN {_RECENT.format(id="last_event_id")} THEN last_event_id::text ELSE '' END AS facts,
           epoch * {EPOCH} + seq AS fen
    FROM proof.cursor WHERE publisher = '{{publisher}}'
"""  # noqa: S608 - constants
_AT_ONCE = 2_000


async def compare_cursors(databases: Databases, publisher: str, consumer: str) -> tuple[ComparedSides, Side, Side]:
    """Compare a publisher's last events with a consumer's cursors, group by group."""
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
    """The place of the last event that the consumer has taken in; 0 where none."""
    return difference.right.fen if difference.right else 0


def place_text(place: int) -> str:
    """A place as a person reads it: the number, with its epoch where that is not the first."""
    epoch, seq = divmod(place, EPOCH)
    return f"{seq}" if epoch <= 1 else f"{seq} (epoch {epoch})"


def same_event(difference: KeyDifference) -> bool:
    """Whether both name the same last event, as far as both still know which it is."""
    left, right = difference.left, difference.right
    return left is None or right is None or not (left.facts and right.facts) or left.facts == right.facts
