"""One cursor per publisher and aggregate: what is older is a duplicate, what is too new waits in a table."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.messaging.bus.envelope import Envelope
from shared.messaging.bus.protocol import Incoming

# A damaged envelope only claims its place: it makes no event a duplicate. What comes after a real one waits at the gap.
_LOAD = text(
    """
    SELECT k.publisher, k.aggregate_id, COALESCE(c.seq, 0) AS seq,
           (SELECT min(d.seq) FROM dead_letter d
            WHERE d.publisher = k.publisher AND d.aggregate_id = k.aggregate_id AND d.state = 'WAITING'
              AND d.reason <> 'MALFORMED') AS dead_seq,
           EXISTS (SELECT FROM parked_event p
                   WHERE p.publisher = k.publisher AND p.aggregate_id = k.aggregate_id) AS parked
    FROM unnest(CAST(:publishers AS text[]), CAST(:aggregates AS uuid[])) AS k (publisher, aggregate_id)
    LEFT JOIN cursor c ON c.publisher = k.publisher AND c.aggregate_id = k.aggregate_id
    """
)
_ADVANCE = text(
    """
    INSERT INTO cursor AS c (publisher, aggregate_id, seq)
    SELECT publisher, aggregate_id, seq
    FROM unnest(CAST(:publishers AS text[]), CAST(:aggregates AS uuid[]), CAST(:seqs AS bigint[]))
         AS n (publisher, aggregate_id, seq)
    ORDER BY publisher, aggregate_id
    ON CONFLICT (publisher, aggregate_id) DO UPDATE SET seq = EXCLUDED.seq
    """
)


class Line(NamedTuple):
    """The events of one publisher about one aggregate: what a cursor counts."""

    publisher: str
    aggregate_id: UUID


@dataclass(slots=True)
class Standing:
    """How far a line was taken in, and what stands in its way."""

    seq: int
    dead_seq: int | None
    parked: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A record whose envelope is whole: the next thing that happened to its aggregate."""

    record: Incoming
    envelope: Envelope
    was_parked: bool = False

    @property
    def line(self) -> Line:
        """The line it belongs to."""
        return Line(self.envelope.publisher, self.envelope.key)


@dataclass(slots=True)
class Plan:
    """What to do with a batch: take in, let wait, forget."""

    take: list[Step] = field(default_factory=list)
    park: list[Step] = field(default_factory=list)
    duplicates: list[Step] = field(default_factory=list)


async def load(session: AsyncSession, lines: Collection[Line]) -> dict[Line, Standing]:
    """Where each line stands; the offsets that the caller has moved keep others from moving it."""
    rows = await session.execute(
        _LOAD,
        {"publishers": [line.publisher for line in lines], "aggregates": [line.aggregate_id for line in lines]},
    )
    return {Line(row.publisher, row.aggregate_id): Standing(row.seq, row.dead_seq, row.parked) for row in rows}


async def advance(session: AsyncSession, taken: Iterable[Step]) -> None:
    """Note what was taken in; the last step of a line is its highest."""
    highest = {step.line: step.envelope.seq for step in taken}
    if not highest:
        return
    await session.execute(
        _ADVANCE,
        {
            "publishers": [line.publisher for line in highest],
            "aggregates": [line.aggregate_id for line in highest],
            "seqs": list(highest.values()),
        },
    )


def plan(steps: Sequence[Step], standings: dict[Line, Standing], parked: dict[Line, dict[int, Step]]) -> Plan:
    """Decide per step, in order of arrival; what was parked follows as soon as the gap before it closes."""
    made = Plan()
    for step in steps:
        standing = standings[step.line]
        seq = step.envelope.seq
        if seq <= standing.seq or seq == standing.dead_seq:
            made.duplicates.append(step)
        elif standing.dead_seq is not None or seq > standing.seq + 1:
            made.park.append(step)
        else:
            made.take.append(step)
            standing.seq = seq
            _release(made, standing, parked.get(step.line, {}))
    return made


def _release(made: Plan, standing: Standing, waiting: dict[int, Step]) -> None:
    while (following := waiting.pop(standing.seq + 1, None)) is not None:
        made.take.append(following)
        standing.seq += 1
