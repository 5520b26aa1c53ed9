"""Lines of a declared file as every institution's are read: what was paid, by whom, and what could not be read.

A document's number and a name stand in no representation of a line: logs and errors show the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.payment.channels.layouts.faults import LineFault
from services.payment.channels.layouts.layout import LineKind


@dataclass(frozen=True, slots=True)
class FileLine:
    """Money that an institution says it took, or took back: fen, always positive.

    ``sequence`` is the institution's own number (流水号, 缴费明细流水号). Of a reversal ``original`` and
    ``original_on`` name the payment that it takes back: they are its own where the layout has no others.
    """

    line_no: int
    kind: LineKind
    sequence: str
    original: str | None
    original_on: date | None
    day: date
    happened_at: datetime
    channel: str
    document_type: str
    document_number: str = field(repr=False)
    person_name: str | None = field(repr=False)
    amount_fen: int
    benefit_year: int | None
    remitted_on: date | None
    treasury_on: date | None
    voucher_no: str | None


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A line that cannot be read: its number in the file, what is wrong, and in which field, never what stands there.

    Its amount and kind are known where these two fields could be read by themselves.
    """

    line_no: int
    fault: LineFault
    field: str
    amount_fen: int | None = None
    kind: LineKind | None = None


@dataclass(frozen=True, slots=True)
class FilePortion:
    """Some lines of a file, in its order, and those between them that cannot be read."""

    lines: Sequence[FileLine]
    unread: Sequence[UnreadLine]


@dataclass(frozen=True, slots=True)
class FileSummary:
    """What a file says of itself and what was added up, proven to agree.

    ``open_fen`` is the part of its total that only the lines which cannot be read account for.
    """

    file_day: date | None
    declared_count: int
    declared_fen: int
    lines: int
    unread: int
    paid_fen: int
    reversed_fen: int
    open_fen: int

    @property
    def net_fen(self) -> int:
        """What the institution owes by the lines that were read: payments less reversals."""
        return self.paid_fen - self.reversed_fen
