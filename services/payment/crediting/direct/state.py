"""What an institution that collects for us says of its payments and reversals; amounts in fen. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from shared.contracts.event import Trace
from shared.domain.clock import business_date_of
from shared.domain.ids import new_id


class DirectSource(StrEnum):
    """ONLINE: it asks before the money counts and can be refused. FILE: it has the money."""

    ONLINE = "ONLINE"
    FILE = "FILE"


class DirectKey(NamedTuple):
    """How a payment is known: the institution's number (流水号) on one of its business dates."""

    institution: str
    business_date: date
    sequence: str

    @property
    def transaction_id(self) -> str:
        """The same as the number of a transaction of the institution."""
        return f"{self.business_date:%Y%m%d}-{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectPayment:
    """An institution collected a person's contribution of one benefit year.

    ``paid_at`` decides what was due; ``business_date`` is only the day with which the institution pays it out.
    """

    channel: str
    institution: str
    business_date: date
    sequence: str
    person_token: str
    name_token: str | None
    benefit_year: int
    amount_fen: int
    paid_at: datetime
    region: str
    source: DirectSource
    trace: Trace
    id: UUID = field(default_factory=new_id)

    @property
    def key(self) -> DirectKey:
        """How it is known."""
        return DirectKey(self.institution, self.business_date, self.sequence)

    @property
    def paid_on(self) -> date:
        """The calendar day on which the person paid."""
        return business_date_of(self.paid_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectReversal:
    """An institution takes a payment back (冲正), which it names by the payment's own key."""

    institution: str
    business_date: date
    sequence: str
    amount_fen: int
    reversed_at: datetime
    region: str
    source: DirectSource
    trace: Trace
    id: UUID = field(default_factory=new_id)

    @property
    def key(self) -> DirectKey:
        """How the payment is known."""
        return DirectKey(self.institution, self.business_date, self.sequence)

    @property
    def reversed_on(self) -> date:
        """The calendar day on which it was taken back."""
        return business_date_of(self.reversed_at)


class DirectState(StrEnum):
    """What became of an institution's word.

    AWAITED: a reversal whose payment has not come; it will pay nothing. REFUSED changed nothing.
    """

    CREDITED = "CREDITED"
    SUSPENDED = "SUSPENDED"
    REVERSED = "REVERSED"
    AWAITED = "AWAITED"
    CONTESTED = "CONTESTED"
    REFUSED = "REFUSED"


class DirectRefusal(StrEnum):
    """Why a reversal is refused, beside the reasons for which a payment pays no bill."""

    ALREADY_SETTLED = "ALREADY_SETTLED"
    ALREADY_REMITTED = "ALREADY_REMITTED"
    REFUND_UNDER_WAY = "REFUND_UNDER_WAY"
    OTHER_AMOUNT = "OTHER_AMOUNT"


@dataclass(frozen=True, slots=True)
class DirectOutcome:
    """What became of it, and why where it was not credited; ``repeated`` where the same word had come before."""

    state: DirectState
    reason: str | None = None
    repeated: bool = False
