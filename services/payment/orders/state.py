"""An order and its lifecycle. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace
from shared.domain.clock import SHANGHAI

_REGION_DIGITS = (12, 9, 6, 4, 2)


class OrderState(StrEnum):
    """CREATED → AWAITING → CONFIRMED; AWAITING → EXPIRED or CANCELLED; UNKNOWN until a query settles it.

    REFUSED: the channel never opened it.
    """

    CREATED = "CREATED"
    AWAITING = "AWAITING"
    UNKNOWN = "UNKNOWN"
    CONFIRMED = "CONFIRMED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"


OPEN_STATES = (OrderState.CREATED, OrderState.AWAITING, OrderState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One bill in an order, at the amount that was due when it was ordered."""

    bill_id: UUID
    amount_fen: int
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt to collect its lines' amounts through one channel before it expires."""

    id: UUID
    order_no: str
    channel: str
    merchant_id: str
    state: OrderState
    amount_fen: int
    benefit_year: int
    region: str
    expires_at: datetime
    lines: tuple[OrderLine, ...]
    trace: Trace
    code_url: str | None = None


def expiry(business_date: date, last_days: Sequence[date]) -> datetime:
    """When an order made on a business date lapses: at the end of the next day, never past a line's price.

    Business time, not the machine's: a rehearsed season pays on rehearsed days.
    """
    last = min([business_date + timedelta(days=1), *last_days])
    return datetime.combine(last + timedelta(days=1), time.min, SHANGHAI)


def common_region(regions: Sequence[str]) -> str:
    """The smallest region that holds all of an order's lines."""
    first = regions[0]
    for digits in _REGION_DIGITS:
        if len(first) >= digits and all(region.startswith(first[:digits]) for region in regions):
            return first[:digits]
    raise ValueError("an order's lines lie in one province")
