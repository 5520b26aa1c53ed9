"""What every payment channel can do, and what it answers; each channel speaks its own protocol behind it.

A call whose outcome is not known raises ChannelUnavailable: query before concluding that nothing happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from services.payment.channels.bills import ChannelBills
from services.payment.channels.prepayment import Prepayment, TradeType
from services.payment.notices.notice import ChannelNotice, Evidence, NoticeKind, VerifiedNotice
from shared.errors import DomainError, ErrorCode


class ChannelUnavailable(DomainError):
    """The channel did not answer, or not credibly: what became of the request is unknown."""

    code = ErrorCode.CHANNEL_UNAVAILABLE


class ChannelRefused(DomainError):
    """The channel understood the request and refused it; ``reason`` is its own code.

    ``already_paid`` where it refused because the order has been paid.
    """

    code = ErrorCode.CHANNEL_REFUSED

    def __init__(self, reason: str, *, already_paid: bool = False) -> None:
        super().__init__(f"渠道应答 the channel answered {reason}")
        self.reason = reason
        self.already_paid = already_paid


class ChannelNotAllowed(DomainError):
    """The document in force takes no contributions through this channel."""

    code = ErrorCode.CHANNEL_NOT_ALLOWED


class Closing(StrEnum):
    """What became of an order that was to be closed at the channel."""

    CLOSED = "CLOSED"
    PAID = "PAID"


class OrderAtChannel(StrEnum):
    """How an order stands at the channel; UNKNOWN where the channel has none of that number.

    PAYING while the payer confirms: it may become PAID although nobody else could begin to pay it any more. UNCLEAR
    where the channel's word is none that we know: nothing follows from it, and it is asked again.
    """

    UNKNOWN = "UNKNOWN"
    PAYABLE = "PAYABLE"
    PAYING = "PAYING"
    PAID = "PAID"
    ENDED = "ENDED"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """How an order stands at the channel, and the notice of its payment where it is PAID."""

    state: OrderAtChannel
    paid: tuple[ChannelNotice, Evidence] | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more can become of the order at the channel that we do not know by this answer."""
        if self.paid is not None:
            return self.paid[0].kind is not NoticeKind.UNREADABLE
        return self.state in (OrderAtChannel.UNKNOWN, OrderAtChannel.ENDED)

    @property
    def may_open(self) -> bool:
        """Whether the same request may be made again: nobody pays the order now, and it has not ended."""
        return self.state in (OrderAtChannel.UNKNOWN, OrderAtChannel.PAYABLE)


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """The channel's own status and number of a refund, and the notice of its outcome where there is one yet."""

    status: str
    channel_refund_id: str | None = None
    concluded: tuple[ChannelNotice, Evidence] | None = None


class PaymentChannel(Protocol):
    """One merchant's account at a payment channel."""

    @property
    def name(self) -> str:
        """The channel's name in the books, such as WECHAT."""

    @property
    def merchant_id(self) -> str:
        """The merchant's number at the channel."""

    @property
    def appid(self) -> str:
        """The app that the merchant takes payments for."""

    @property
    def bills(self) -> ChannelBills:
        """The channel's own daily bills of the merchant."""

    @property
    def lives(self) -> Mapping[TradeType, timedelta]:
        """How long an order can be paid, for each trade type that the channel offers."""

    @property
    def questions_per_second(self) -> int:
        """How many orders the channel may be asked about in a second."""

    async def prepay(self, ask: Prepayment) -> str:
        """Open an order at the channel and get what the payer pays with: a code to scan, a number, or an address.

        Asking again gives it again.
        """

    async def close(self, order_no: str) -> Closing:
        """Close an order so that nobody can pay it any more, or learn that it has been paid."""

    async def query(self, order_no: str) -> OrderAnswer:
        """What the channel knows of an order."""

    async def refund(
        self, *, transaction_id: str, refund_no: str, reason: str, refund_fen: int, paid_fen: int, notify_url: str
    ) -> str | None:
        """Ask for money to go back to the payer; accepted only, final when a notice or a query reports it.

        Returns the channel's own number of the refund.
        """

    async def query_refund(self, refund_no: str) -> RefundAnswer | None:
        """What the channel knows of a refund; None where it has none of that number."""

    def read_again(self, kept: VerifiedNotice) -> ChannelNotice | None:
        """Read a kept message once more, as a person who looks at it would; None where it cannot be opened.

        The notice that it gives is another one: what was kept stays as it is.
        """
