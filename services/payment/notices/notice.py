"""A channel's notice, in one form for every channel; amounts in fen, times with their zone. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from shared.contracts.event import Trace
from shared.domain.clock import business_date_of
from shared.domain.ids import new_id

# The event type of a refund notice that says how much of its payment has gone back so far, this refund included.
CUMULATIVE_REFUND: Final = "REFUND.CUMULATIVE"


class NoticeKind(StrEnum):
    """What a notice is about. UNREADABLE is authentic, yet not in the form that we know: kept in quarantine."""

    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    OTHER = "OTHER"
    UNREADABLE = "UNREADABLE"


class NoticeSource(StrEnum):
    """Whether the channel sent the notice by itself or answered a query."""

    NOTICE = "NOTICE"
    QUERY = "QUERY"


class Evidence(NamedTuple):
    """The message that a notice was read from, as it came, and the signature that vouches for it."""

    source: NoticeSource
    envelope: bytes
    serial: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNotice:
    """A notice that a channel vouches for; ``merchant_id`` is the merchant to whom it was addressed.

    One that cannot be read may all the same name its order.
    """

    kind: NoticeKind
    channel: str
    merchant_id: str
    region: str
    notify_id: str
    event_type: str
    order_no: str | None = None
    id: UUID = field(default_factory=new_id)
    correlation_id: UUID = field(default_factory=new_id)

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same notice when the channel sends it again."""
        return self.channel, self.notify_id

    @property
    def actor(self) -> str:
        """The channel, as the one who acts."""
        return f"channel:{self.channel}"

    @property
    def trace(self) -> Trace:
        """The chain of causes that the channel begins with it."""
        return Trace(self.actor, self.correlation_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotice(ChannelNotice):
    """A channel reports what became of an order's payment.

    ``payee_provider_id`` is there where a service provider collects for the payee: then it is another merchant's money.
    """

    kind: NoticeKind = NoticeKind.PAYMENT
    payee_merchant_id: str
    payee_provider_id: str | None = None
    payee_appid: str
    order_no: str
    transaction_id: str
    outcome: str
    amount_fen: int
    currency: str
    succeeded_at: datetime

    @property
    def paid_on(self) -> date:
        """The business date of its success time."""
        return business_date_of(self.succeeded_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNotice(ChannelNotice):
    """A channel reports what became of a refund; ``channel_refund_id`` is its own number, as its bills have it.

    ``amount_fen`` is the refund's own sum, or that of all refunds of its payment so far where ``is_cumulative``.
    """

    kind: NoticeKind = NoticeKind.REFUND
    payee_merchant_id: str
    payee_provider_id: str | None = None
    order_no: str
    transaction_id: str
    refund_no: str
    channel_refund_id: str | None = None
    outcome: str
    amount_fen: int
    succeeded_at: datetime | None

    @property
    def is_cumulative(self) -> bool:
        """Whether its sum is that of all refunds of its payment so far: what is new of it, only our books know."""
        return self.event_type == CUMULATIVE_REFUND


class VerifiedNotice(NamedTuple):
    """A notice and the message that vouches for it."""

    notice: ChannelNotice
    evidence: Evidence
