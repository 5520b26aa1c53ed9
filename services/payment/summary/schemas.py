"""The summary as HTTP shows it. Aggregates only, never a person."""

from datetime import date

from pydantic import BaseModel

from shared.messaging.topics.stats import MessagesOut


class CountAndAmount(BaseModel):
    """A number of items and what they are worth, in fen."""

    count: int = 0
    fen: int = 0


class CountAndAmountOfReason(CountAndAmount):
    """The items of one reason."""

    reason: str


class CountAndAmountByReason(CountAndAmount):
    """The items of each reason, and their sum."""

    by_reason: list[CountAndAmountOfReason] = []


class Standing(BaseModel):
    """Where money stands, in fen."""

    paid_count: int
    taken_fen: int
    aided_fen: int
    village_cash_fen: int
    channel_fen: int
    pending_fen: int
    in_transit_fen: int
    treasury_fen: int
    suspense_fen: int
    refund_payable_fen: int


class TownOut(Standing):
    """Where a township's money stands, in fen."""

    region: str


class UnattributedOut(CountAndAmount, Standing):
    """Money of no township: what it owes or earned, and where it stands."""


class CallbacksOut(BaseModel):
    """Notices kept, and payments among them acknowledged but not yet credited: the money at risk."""

    received: int
    waiting: int
    waiting_fen: int
    oldest_waiting_s: int


class RefundsOut(CountAndAmount):
    """Refunds not yet paid back; ``by_state`` has the paid ones too."""

    by_state: dict[str, CountAndAmount]


class SummaryOut(BaseModel):
    """The money of one benefit year."""

    business_date: date
    benefit_year: int
    towns: list[TownOut]
    unattributed: UnattributedOut
    callbacks: CallbacksOut
    suspense: CountAndAmountByReason
    quarantine: CountAndAmountByReason
    parked: CountAndAmount
    refunds: RefundsOut
    held: CountAndAmount
    messages: MessagesOut
