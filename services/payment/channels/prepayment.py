"""An order as it is opened at a channel, and what its payer then pays with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TradeType(StrEnum):
    """How a payer is asked: a code to scan, a page inside the channel's own app, or a browser elsewhere."""

    NATIVE = "NATIVE"
    JSAPI = "JSAPI"
    H5 = "H5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment:
    """An order that is to be opened at the channel."""

    order_no: str
    description: str
    amount_fen: int
    expires_at: datetime
    notify_url: str
    trade_type: TradeType
