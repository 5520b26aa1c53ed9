"""Locating what explains a difference: an event that its publisher has announced and a consumer has not taken in.

An event waits in the outbox, on the bus, parked behind a gap or as a dead letter; in each case the consumer's cursor
stands before it, and its row is in the publisher's outbox. Nothing that cannot be pointed at there explains anything.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from verify.comparison import KeyDifference, Side, compare, differences
from verify.consumer_progress import EPOCH
from verify.findings import Findings
from verify.report import RowFinding
from verify.snapshot import Databases

_CURSORS = f"""
    SELECT aggregate.id::text AS key, coalesce(cursor.epoch * {EPOCH} + cursor.seq, 0) AS place
    FROM unnest(CAST(:keys AS uuid[])) AS aggregate (id)
    LEFT JOIN proof.cursor AS cursor ON cursor.publisher = :publisher AND cursor.aggregate_id = aggregate.id
    ORDER BY 1
"""  # noqa: S608 - a constant
_NOT_CONSUMED = f"""
    SELECT event.aggregate_id::text AS key, min(event.event) AS event,
           max(greatest(extract(epoch FROM clock_timestamp() - event.recorded_at), 0))::float8 AS age_s
    FROM unnest(CAST(:keys AS uuid[]), CAST(:places AS bigint[])) AS consumed (id, place)
    JOIN proof.outbox AS event
      ON event.aggregate_id = consumed.id AND event.epoch * {EPOCH} + event.aggregate_seq > consumed.place
    WHERE event.event = ANY(:events)
    GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - a constant
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Flow:
    """Facts on their way from one service to another: the events that would explain a difference."""

    publisher: str
    consumer: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """An event not yet taken in, and how long ago it was announced."""

    event: str
    age_s: float


async def locate(databases: Databases, flow: Flow, keys: Sequence[str]) -> dict[str, Located]:
    """The keys among these (at most a few thousand) for which an event of the flow is still on its way."""
    cursors = await databases.consumer(flow.consumer).rows(_CURSORS, keys=list(keys), publisher=flow.publisher)
    found = await databases.publisher(flow.publisher).rows(
        _NOT_CONSUMED,
        keys=[row["key"] for row in cursors],
        places=[row["place"] for row in cursors],
        events=list(flow.events),
    )
    return {row["key"]: Located(row["event"], row["age_s"]) for row in found}


async def reconcile(
    databases: Databases,
    findings: Findings,
    left: Side,
    right: Side,
    flows: Sequence[Flow],
    *,
    subject: str = "enrolment",
) -> None:
    """Compare two sides that are keyed by enrolment; what a flow does not explain is a break."""
    compared = await compare(left, right)
    findings.count_examined(compared.keys)
    if not compared.regions:
        return
    async for some in _chunks(differences(left, right, compared.regions)):
        explained: dict[str, Located] = {}
        for flow in flows:
            explained |= await locate(databases, flow, [difference.key for difference in some])
        for difference in some:
            finding = RowFinding(
                f"{subject} {difference.key}",
                difference.region or None,
                difference.left.facts if difference.left else "—",
                difference.right.facts if difference.right else "—",
                difference.fen,
            )
            located = explained.get(difference.key)
            if located is None:
                findings.add_break(finding)
            else:
                findings.add_in_flight(finding, located.age_s)


async def _chunks(found: AsyncIterator[KeyDifference]) -> AsyncIterator[list[KeyDifference]]:
    some: list[KeyDifference] = []
    async for difference in found:
        some.append(difference)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
