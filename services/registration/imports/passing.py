"""What passes from the process that reads a file to the one that enters its rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple, Self

from services.registration.imports.columns import Columns
from services.registration.imports.form import Form
from services.registration.imports.records import Position
from shared.contracts.registration import PersonFacts


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that can be imported: how it is written, its columns, and where its rows begin."""

    form: Form
    columns: Columns
    begin: Position


Facts = tuple[date, str, str | None, str, str, str, bool]
FACTS = ("birth_date", "hukou", "hukou_note", "residence", "document_type", "other_insurance", "newborn")


def packed(facts: PersonFacts) -> Facts:
    """What is known of a person, as it passes quickly."""
    return (
        facts.birth_date,
        facts.hukou,
        facts.hukou_note,
        facts.residence,
        str(facts.document_type),
        facts.other_insurance,
        facts.newborn,
    )


@lru_cache(maxsize=1 << 16)
def unpacked(facts: Facts) -> PersonFacts:
    """The same as it is recorded; many people share it."""
    return PersonFacts.model_validate(dict(zip(FACTS, facts, strict=True)))


# The enrolment's id, the number, the masked number and the name as they rest, and the token of the name.
SealedRow = tuple[bytes, bytes, str, bytes, str]


class Candidate(NamedTuple):
    """A row that is right by itself.

    ``content`` tells whether another row about the same person, read by the same process, says the same; ``sealed`` is
    the enrolment's id with number, masked number and name as they rest, where the row is to be entered.
    """

    line: int
    text: str
    person_token: str
    benefit_year: int
    region: str
    document_type: str
    name: str
    facts: Facts
    content: int
    sealed: SealedRow | None


class Candidates(NamedTuple):
    """Candidates by column: most batches are asked about as a whole, and few rows by themselves."""

    lines: Sequence[int] = ()
    texts: Sequence[str] = ()
    person_tokens: Sequence[str] = ()
    benefit_years: Sequence[int] = ()
    regions: Sequence[str] = ()
    document_types: Sequence[str] = ()
    names: Sequence[str] = ()
    facts: Sequence[Facts] = ()
    contents: Sequence[int] = ()
    sealed: Sequence[SealedRow | None] = ()

    @classmethod
    def of(cls, rows: Iterable[Candidate]) -> Self:
        """These rows."""
        return cls(*zip(*rows, strict=True))

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.lines)

    def row(self, place: int) -> Candidate:
        """One of them."""
        return Candidate._make([column[place] for column in self])

    def rows(self) -> Iterator[Candidate]:
        """One after the other."""
        return map(Candidate._make, zip(*self, strict=True))

    def at(self, places: Sequence[int]) -> "Candidates":
        """Some of them."""
        return self if len(places) == self.size else Candidates.of(self.row(place) for place in places)


class Refused(NamedTuple):
    """A row that is not taken, as it stands in the file, and why."""

    line: int
    text: str
    code: str
    reason: str


class Batch(NamedTuple):
    """The rows of one block, and where they end."""

    candidates: Candidates
    refused: list[Refused]
    end: Position
