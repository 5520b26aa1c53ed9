"""Comparing what two databases say about the same keys, without carrying either of them into memory.

First only one digest per region is read from each side; where all agree, nothing else moves. Of the regions that
differ the rows are streamed in the order of their keys and merged.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping

from verify.snapshot import DatabaseSnapshot


@dataclass(frozen=True, slots=True)
class Side:
    """One database's account: a query with the columns ``key``, ``region``, ``facts`` (text) and ``fen``."""

    snapshot: DatabaseSnapshot
    sql: str


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What one side says about one key."""

    key: str
    region: str
    facts: str
    fen: int


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A key about which the sides disagree, or which only one of them knows."""

    key: str
    left: KeyFacts | None
    right: KeyFacts | None

    @property
    def region(self) -> str:
        """Where it lies, as the one says that knows."""
        entry = self.left or self.right
        return entry.region if entry else ""

    @property
    def fen(self) -> int:
        """By how much the right side exceeds the left."""
        return (self.right.fen if self.right else 0) - (self.left.fen if self.left else 0)


@dataclass(frozen=True, slots=True)
class ComparedSides:
    """How many keys the left side has, and in which regions the sides differ."""

    keys: int
    regions: tuple[str, ...]


async def compare(left: Side, right: Side) -> ComparedSides:
    """Compare the digests of each region."""
    ours, theirs = await _digests(left), await _digests(right)
    differing = [region for region in ours.keys() | theirs.keys() if ours.get(region) != theirs.get(region)]
    keys = max(sum(count for count, _ in side.values()) for side in (ours, theirs))
    return ComparedSides(keys, tuple(sorted(differing)))


async def differences(left: Side, right: Side, regions: Sequence[str]) -> AsyncIterator[KeyDifference]:
    """The keys of some regions about which the sides disagree, in order; rows are merged as they stream in."""
    ours, theirs = _entries(left, regions), _entries(right, regions)
    mine, other = await anext(ours, None), await anext(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine.key < other.key):
            assert mine is not None  # noqa: S101 - one of the two is there
            yield KeyDifference(mine.key, mine, None)
            mine = await anext(ours, None)
        elif mine is None or other.key < mine.key:
            yield KeyDifference(other.key, None, other)
            other = await anext(theirs, None)
        else:
            if mine != other:
                yield KeyDifference(mine.key, mine, other)
            mine, other = await anext(ours, None), await anext(theirs, None)


async def _digests(side: Side) -> dict[str, tuple[int, str]]:
    # A sum of hashes does not depend on the order of rows, and one wrong row changes it.
    sql = f"""
        SELECT coalesce(region, '') AS region, count(*) AS keys,
               sum(hashtextextended(concat_ws(' ', key, facts, fen), 0)::numeric)::text AS digest
        FROM ({side.sql}) AS side GROUP BY 1
    """  # noqa: S608 - the queries are constants of the checks
    return {row["region"]: (row["keys"], row["digest"]) for row in await side.snapshot.rows(sql)}


async def _entries(side: Side, regions: Sequence[str]) -> AsyncIterator[KeyFacts]:
    sql = f"""
        SELECT key, coalesce(region, '') AS region, coalesce(facts, '') AS facts, coalesce(fen, 0) AS fen
        FROM ({side.sql}) AS side WHERE coalesce(region, '') = ANY(:regions) ORDER BY key COLLATE "C"
    """  # noqa: S608 - the queries are constants of the checks
    async for rows in side.snapshot.stream(sql, regions=list(regions)):
        for row in rows:
            yield _entry(row)


def _entry(row: RowMapping) -> KeyFacts:
    return KeyFacts(row["key"], row["region"], row["facts"], int(row["fen"]))
