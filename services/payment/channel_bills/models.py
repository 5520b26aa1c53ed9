"""The channel's bills as they are wanted, read and compared."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.payment.channels.bills import BillKind


class ChannelBillState(StrEnum):
    """WANTED until it has been read; EMPTY where the channel says that the day had no business."""

    WANTED = "WANTED"
    READ = "READ"
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True)
class MerchantAtChannel:
    """A merchant of ours at a channel."""

    channel: str
    merchant_id: str


@dataclass(frozen=True, slots=True)
class AskedBill:
    """A bill that this worker asks for; one that was read before is looked at once more by its hash."""

    id: UUID
    channel: str
    merchant_id: str
    kind: BillKind
    bill_day: date
    state: ChannelBillState
    content_hash: str | None


@dataclass(frozen=True, slots=True)
class ChannelBill:
    """A bill as it is shown; its summary is the channel's own, as it wrote it."""

    id: UUID
    channel: str
    merchant_id: str
    kind: str
    bill_day: date
    state: str
    fault: str | None
    attempts: int
    asked_at: datetime | None
    content_hash: str | None
    content_bytes: int | None
    line_count: int
    summary: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class LateBills:
    """How many bills are wanted, and how long the oldest has been."""

    wanted: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class FaultCount:
    """How many bills have one fault."""

    fault: str
    bills: int


@dataclass(frozen=True, slots=True)
class Compared:
    """The payments of a bill that agree with ours, counted in one row, or one payment that differs.

    ``difference_class``: 1 agrees; 2 amounts differ; 3 theirs, and an order of ours that nobody paid by our books;
    4 theirs only; 6 ours only.
    """

    difference_class: int
    payments: int
    ours_fen: int
    theirs_fen: int
    transaction_id: str | None
    order_no: str | None
    payment_id: UUID | None
    line_no: int | None


@dataclass(frozen=True, slots=True)
class ComparedRefund:
    """A refund of a bill beside ours.

    ``difference_class``: 0 not concluded by both; 1 agrees; 2 amounts differ; 3 theirs succeeded, ours did not;
    4 theirs only; 5 ours succeeded, theirs did not; 6 ours only; 7 failed by both.
    """

    difference_class: int
    ours_fen: int | None
    theirs_fen: int | None
    refund_no: str | None
    channel_refund_id: str | None
    refund_id: UUID | None
    line_no: int | None
