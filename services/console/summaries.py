"""What the console understands of the services' summaries: only what the page shows, never anything about a person.

A part that a service does not report is None, and the page says nothing about it: silence is no good news.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class _Summary(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pile(_Summary):
    """A number of items and what they are worth, in fen."""

    count: int = 0
    fen: int = 0


class EnrolmentTown(_Summary):
    """Registration's own count of a township."""

    region: str
    registered: int = 0
    enrolled: int = 0


# Ages in whole minutes: another second on the same waiting event is no news.
Minutes = Annotated[int, BeforeValidator(lambda seconds: int(seconds) // 60)]


class Messages(_Summary):
    """What a service could not take in, and for how long it has waited to tell or to hear."""

    dead_letters: int = 0
    unsent_minutes: Annotated[Minutes, Field(validation_alias="oldest_unpublished_s")] = 0
    gap_minutes: Annotated[Minutes, Field(validation_alias="oldest_gap_s")] = 0


class RegistrationSummary(_Summary):
    """Enrolments by state and by township, and the business date."""

    messages: Messages | None = None
    business_date: date | None = None
    states: dict[str, int] = {}
    towns: tuple[EnrolmentTown, ...] = ()


class Money(_Summary):
    """Where money stands, in fen; ``taken`` is credited premium, and what stands apart has no home or goes back."""

    paid_count: int = 0
    taken_fen: int = 0
    village_cash_fen: int = 0
    channel_fen: int = 0
    pending_fen: int = 0
    in_transit_fen: int = 0
    treasury_fen: int = 0
    suspense_fen: int = 0
    refund_payable_fen: int = 0

    @staticmethod
    def total(parts: "Iterable[Money]") -> "Money":
        """All of it together."""
        kept = list(parts)
        return Money(**{name: sum(getattr(part, name) for part in kept) for name in Money.model_fields})


class MoneyTown(Money):
    """Where a township's money stands."""

    region: str


class StrayMoney(Money):
    """Money that belongs to no township: how many items, and what they are worth."""

    count: int = 0
    fen: int = 0


class Callbacks(_Summary):
    """Channel notices that were kept, and the payments among them not yet credited: the money at risk."""

    received: int = 0
    waiting: int = 0
    waiting_fen: int = 0
    waiting_minutes: Annotated[Minutes, Field(validation_alias="oldest_waiting_s")] = 0


class PaymentSummary(_Summary):
    """Where the money stands, by township, and what stands apart."""

    messages: Messages | None = None
    towns: tuple[MoneyTown, ...] = ()
    callbacks: Callbacks | None = None
    suspense: Pile | None = None
    quarantine: Pile | None = None
    refunds: Pile | None = None
    parked: Pile | None = None
    held: Pile | None = None
    unattributed: StrayMoney | None = None


class SubsidySummary(_Summary):
    """Under which amounts people are priced: a label where the document leaves them open."""

    messages: Messages | None = None
    amounts: str | None = None


class Notice(_Summary):
    """Where the targets come from, and what is to be known about them."""

    document: str
    note: str = ""


class TownStanding(_Summary):
    """A township's target and counters."""

    region: str
    name: str
    target: int
    registered: int
    enrolled: int
    percent: str | None
    remaining: int
    over: int


class CountyStanding(_Summary):
    """The whole area's target and counters."""

    target: int
    registered: int
    enrolled: int
    percent: str | None
    remaining: int
    over: int


class Strays(_Summary):
    """People counted outside every township with a target."""

    registered: int = 0
    enrolled: int = 0


class QuotaProgress(_Summary):
    """Targets and counters of the year."""

    messages: Messages | None = None
    notices: tuple[Notice, ...] = ()
    towns: tuple[TownStanding, ...] = ()
    unattributed: Strays = Strays()
    county: CountyStanding


class Fault(Enum):
    """Why a service gave no answer."""

    UNREACHABLE = "unreachable"
    NO_TOKEN = "no_token"  # noqa: S105 - the name of a fault
    REFUSED = "refused"
    UNREADABLE = "unreadable"


S = TypeVar("S", bound=_Summary)


@dataclass(frozen=True, slots=True)
class Answer(Generic[S]):
    """A service's last readable summary, and the fault if it could not be renewed just now."""

    summary: S | None = None
    fault: Fault | None = None
    # When the summary was read; the same facts read a second later are no news.
    read_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What all services answered; two snapshots are equal when nothing on the page would change."""

    registration: Answer[RegistrationSummary] = Answer()
    subsidy: Answer[SubsidySummary] = Answer()
    payment: Answer[PaymentSummary] = Answer()
    quota: Answer[QuotaProgress] = Answer()
    changed_at: datetime | None = field(default=None, compare=False)
