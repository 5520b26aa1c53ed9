"""A channel's own daily bills as every channel shows them: what is on offer, its lines, and what can be wrong with it.

What a channel's file looks like, only its own folder knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import BinaryIO, NamedTuple, Protocol


class BillKind(StrEnum):
    """TRADE: what was paid and given back on a day; FUND_FLOW: how the merchant's balance moved, payouts included."""

    TRADE = "TRADE"
    FUND_FLOW = "FUND_FLOW"


class TradeKind(StrEnum):
    """What a line of a trade bill is about."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"


class FlowKind(StrEnum):
    """Why the balance moved; a PAYOUT (提现) is money on its way to the bank account."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    PAYOUT = "PAYOUT"
    FEE = "FEE"
    OTHER = "OTHER"


class BillFault(StrEnum):
    """Why a bill was not read, or why what was read is in doubt. Nothing of such a file is used."""

    NOT_READY = "NOT_READY"
    UNAVAILABLE = "UNAVAILABLE"
    REFUSED = "REFUSED"
    ADDRESS_NOT_ALLOWED = "ADDRESS_NOT_ALLOWED"
    WRONG_HASH = "WRONG_HASH"
    NOT_GZIP = "NOT_GZIP"
    TOO_LARGE = "TOO_LARGE"
    CUT = "CUT"
    WRONG_COLUMNS = "WRONG_COLUMNS"
    WRONG_LINE = "WRONG_LINE"
    OTHER_DAY = "OTHER_DAY"
    OTHER_MERCHANT = "OTHER_MERCHANT"
    WRONG_SUMMARY = "WRONG_SUMMARY"
    BROKEN_BALANCE = "BROKEN_BALANCE"
    OTHER_CONTENT = "OTHER_CONTENT"


# These pass by themselves: the bill is late, not faulty.
PASSING = frozenset({BillFault.NOT_READY, BillFault.UNAVAILABLE})


class FaultyBill(Exception):
    """A bill that cannot be used; the detail names a place in the file and never what stands there."""

    def __init__(self, fault: BillFault, detail: str = "") -> None:
        super().__init__(f"{fault}: {detail}" if detail else fault.value)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class BillOffer:
    """Where the file of a day is fetched, and the hash of its content."""

    content_hash: str
    address: str


class TradeLine(NamedTuple):
    """A payment or a refund as the channel has it.

    ``amount_fen`` is the order's sum or what was asked to be given back; ``due_fen`` what the channel owes or takes
    back for it, which is less where a coupon of the merchant paid a part.
    """

    line_no: int
    kind: str
    order_no: str
    transaction_id: str
    refund_no: str | None
    channel_refund_id: str | None
    outcome: str
    amount_fen: int
    due_fen: int
    happened_at: datetime


class FlowLine(NamedTuple):
    """A movement of the merchant's balance: income positive, and what the balance was after it.

    ``business_no`` is the channel's own number of what moved it: of a payment its transaction, of a refund its refund.
    """

    line_no: int
    booked_at: datetime
    flow_no: str
    business_no: str
    voucher_no: str | None
    kind: str
    amount_fen: int
    balance_fen: int
    remark: str


@dataclass(frozen=True, slots=True)
class Portion:
    """Some lines of a bill, held by column in the order of TradeLine or FlowLine.

    An object for each line would cost more than all the rest of reading.
    """

    columns: tuple[Sequence[object], ...]

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self.columns[0])

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Line by line."""
        return zip(*self.columns, strict=True)


class BillReader(Protocol):
    """Reads a file in portions. What it says of the whole is known, and proved, when the last portion has been read."""

    def portions(self) -> Iterator[Portion]:
        """The lines in the file's order; raises FaultyBill, at the latest after the last one."""

    @property
    def summary(self) -> Mapping[str, str]:
        """The channel's own totals by the names that it gives them."""


class ChannelBills(Protocol):
    """How a channel's bills are fetched and read."""

    async def find_bill(self, kind: BillKind, day: date) -> BillOffer | None:
        """The file of a day, None where the channel says that there was no business; raises FaultyBill."""

    async def download_bill(self, offer: BillOffer, file: BinaryIO) -> int:
        """Write the packed file, checked by its hash; returns the bytes of its content. Raises FaultyBill."""

    def read_bill(self, kind: BillKind, day: date, file: BinaryIO) -> BillReader:
        """Read a packed file from its beginning."""
