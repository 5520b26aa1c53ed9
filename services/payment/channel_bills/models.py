"""The channel's bills as they are wanted and read."""

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
