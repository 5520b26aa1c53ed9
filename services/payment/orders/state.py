"""An order and its lifecycle. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.payment.channels.prepayment import TradeType
from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace

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
    """One attempt to collect its lines' amounts through one channel before it expires.

    It was opened at ``opened_at`` of real time, and ``last_day`` is the last business date of its lines' price.
    """

    id: UUID
    order_no: str
    channel: str
    merchant_id: str
    trade_type: TradeType
    state: OrderState
    amount_fen: int
    benefit_year: int
    region: str
    opened_at: datetime
    expires_at: datetime
    last_day: date
    lines: tuple[OrderLine, ...]
    trace: Trace
    code_url: str | None = None

    def is_over(self, now: datetime, today: date) -> bool:
        """Whether its life has ended: by real time, or because its price has no further business day."""
        return now > self.expires_at or today > self.last_day

    def covers(self, succeeded_at: datetime, paid_on: date) -> bool:
        """Whether a payment was made in time; one of the very second of its end was."""
        return succeeded_at <= self.expires_at and paid_on <= self.last_day


def common_region(regions: Sequence[str]) -> str:
    """The smallest region that holds all of an order's lines."""
    first = regions[0]
    for digits in _REGION_DIGITS:
        if len(first) >= digits and all(region.startswith(first[:digits]) for region in regions):
            return first[:digits]
    raise ValueError("an order's lines lie in one province")
