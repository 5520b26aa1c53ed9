"""Rosters of several departments as one list: nobody missed, nobody twice (不遗漏、不重复), wrong rows back."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class RosterMember:
    """One row as its source delivered it; ``person`` is None where the row names nobody."""

    source: str
    number: int
    person: str | None
    identity: str


class RosterFault(StrEnum):
    """Why a row goes back to its source."""

    NAMES_NOBODY = "NAMES_NOBODY"
    TWICE_IN_ROSTER = "TWICE_IN_ROSTER"
    CERTIFIED_TWICE = "CERTIFIED_TWICE"


@dataclass(frozen=True, slots=True)
class Returned:
    """A row that its source has to look at again, and the row that stands in its place."""

    row: RosterMember
    fault: RosterFault
    stands: RosterMember | None = None


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The rows that stand, one per person and identity, in the order in which they came; and those that go back."""

    rows: tuple[RosterMember, ...]
    returned: tuple[Returned, ...]

    def people(self) -> dict[str, tuple[str, ...]]:
        """Each person once, with all identities: which of them pays is decided by the pack, not by the list."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.rows:
            if row.person is not None:
                found[row.person] = (*found.get(row.person, ()), row.identity)
        return found


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How the list that was sent on differs from the people certified; nothing where it names each of them once."""

    missed: tuple[str, ...]
    twice: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """不遗漏、不重复."""
        return not (self.missed or self.twice or self.foreign)


def aggregate(rows: Iterable[RosterMember]) -> Aggregated:
    """Let the first row of each person and identity stand and send every other one back to its source."""
    standing: dict[tuple[str, str], RosterMember] = {}
    returned: list[Returned] = []
    for row in rows:
        if row.person is None:
            returned.append(Returned(row, RosterFault.NAMES_NOBODY))
            continue
        stands = standing.setdefault((row.person, row.identity), row)
        if stands is not row:
            fault = RosterFault.TWICE_IN_ROSTER if stands.source == row.source else RosterFault.CERTIFIED_TWICE
            returned.append(Returned(row, fault, stands))
    return Aggregated(tuple(standing.values()), tuple(returned))


def reconcile(certified: Collection[str], sent: Sequence[str]) -> Reconciled:
    """Compare the people certified with the list that was sent to the tax bureau."""
    times = Counter(sent)
    return Reconciled(
        missed=tuple(sorted(set(certified) - times.keys())),
        twice=tuple(sorted(person for person, count in times.items() if count > 1)),
        foreign=tuple(sorted(times.keys() - set(certified))),
    )
