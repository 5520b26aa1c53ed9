"""Files of institutions as they are stored and worked; amounts in fen."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.contracts.event import Trace


@dataclass(frozen=True, slots=True)
class ChannelFile:
    """A file: whose, of which day, what it says of its whole, and how far its lines are worked."""

    id: UUID
    institution: str
    layout: str
    file_day: date
    content_hash: str
    content_bytes: int
    source: str
    signed_by: str
    fault: str | None
    fault_detail: str | None
    declared_count: int | None
    declared_fen: int | None
    line_count: int
    unread_count: int
    paid_fen: int
    reversed_fen: int
    open_fen: int
    worked_through: int
    state: str
    region: str
    actor: str
    correlation_id: UUID
    recorded_at: datetime

    @property
    def trace(self) -> Trace:
        """Who brought it; the file is the cause of what its lines do."""
        return Trace(self.actor, self.correlation_id, self.id)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line about to be written: of a person the tokens alone. ``fault`` where it cannot be read."""

    line_no: int
    kind: str | None = None
    sequence: str | None = None
    business_date: date | None = None
    original: str | None = None
    original_on: date | None = None
    happened_at: datetime | None = None
    channel: str | None = None
    person_token: str | None = None
    name_token: str | None = None
    benefit_year: int | None = None
    amount_fen: int | None = None
    remitted_on: date | None = None
    treasury_on: date | None = None
    voucher_no: str | None = None
    fault: str | None = None
    fault_field: str | None = None


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A line to be worked."""

    line_no: int
    kind: str
    sequence: str
    business_date: date
    original: str | None
    original_on: date | None
    happened_at: datetime
    channel: str
    person_token: str
    name_token: str | None
    benefit_year: int
    amount_fen: int
    remitted_on: date | None
    treasury_on: date | None
    voucher_no: str | None


@dataclass(frozen=True, slots=True)
class WorkedLine:
    """What became of a line."""

    line_no: int
    state: str
    reason: str | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class ListedLine:
    """A line as it is shown: no person's number, name or token."""

    line_no: int
    kind: str | None
    sequence: str | None
    business_date: date | None
    channel: str | None
    amount_fen: int | None
    treasury_on: date | None
    fault: str | None
    fault_field: str | None
    state: str
    reason: str | None
    repeated: bool
