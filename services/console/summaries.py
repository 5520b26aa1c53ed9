"""What the console understands of the services' summaries: only what the page shows, never anything about a person.

A part that a service does not report is None, and the page says nothing about it: no report is not good news.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class _Summary(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ItemSum(_Summary):
    """A number of items and what they are worth, in fen."""

    count: int = 0
    fen: int = 0


class TownEnrolment(_Summary):
    """Registration's own count of a township."""

    region: str
    registered: int = 0
    enrolled: int = 0


# Ages in whole minutes: another second on the same waiting event is no news.
Minutes = Annotated[int, BeforeValidator(lambda seconds: int(seconds) // 60)]


class MessageBacklog(_Summary):
    """Messages that a service could not process, and how long the oldest has waited to be sent or received."""

    dead_letters: int = 0
    unsent_minutes: Annotated[Minutes, Field(validation_alias="oldest_unpublished_s")] = 0
    gap_minutes: Annotated[Minutes, Field(validation_alias="oldest_gap_s")] = 0


class EnrolledDay(_Summary):
    """How many people came to be enrolled on a day."""

    day: date
    enrolled: int


class RegistrationSummary(_Summary):
    """Enrolments by state, by township and by day, and the business date."""

    messages: MessageBacklog | None = None
    business_date: date | None = None
    states: dict[str, int] = {}
    towns: tuple[TownEnrolment, ...] = ()
    enrolled_by_day: tuple[EnrolledDay, ...] | None = None
    year_before: Annotated[tuple[EnrolledDay, ...], Field(validation_alias="enrolled_by_day_year_before")] = ()


class MoneyPosition(_Summary):
    """Where money stands, in fen; ``taken`` is credited premium; suspense and refunds stand apart."""

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
    def total(parts: "Iterable[MoneyPosition]") -> "MoneyPosition":
        """All of it together."""
        kept = list(parts)
        return MoneyPosition(**{name: sum(getattr(part, name) for part in kept) for name in MoneyPosition.model_fields})


class TownMoney(MoneyPosition):
    """Where a township's money stands."""

    region: str


class UnattributedMoney(MoneyPosition):
    """Money that belongs to no township: how many items, and what they are worth."""

    count: int = 0
    fen: int = 0


class CallbackBacklog(_Summary):
    """Channel notices that were kept, and the payments among them not yet credited: the money at risk."""

    received: int = 0
    waiting: int = 0
    waiting_fen: int = 0
    waiting_minutes: Annotated[Minutes, Field(validation_alias="oldest_waiting_s")] = 0


class PaymentSummary(_Summary):
    """Where the money stands, by township, and what stands apart."""

    messages: MessageBacklog | None = None
    towns: tuple[TownMoney, ...] = ()
    callbacks: CallbackBacklog | None = None
    suspense: ItemSum | None = None
    quarantine: ItemSum | None = None
    refunds: ItemSum | None = None
    parked: ItemSum | None = None
    held: ItemSum | None = None
    unattributed: UnattributedMoney | None = None


class CollectionWindow(_Summary):
    """First and last day on which everybody may pay and nobody pays late."""

    first: date
    last: date


class SubsidySummary(_Summary):
    """When money may come, and under which amounts: a label where the document leaves them open."""

    messages: MessageBacklog | None = None
    amounts: str | None = None
    collection_window: CollectionWindow | None = None


class TargetNote(_Summary):
    """Where the targets come from, and what is to be known about them."""

    document: str
    note: str = ""


class TownQuota(_Summary):
    """A township's target and counters."""

    region: str
    name: str
    target: int
    registered: int
    enrolled: int
    percent: str | None
    remaining: int
    over: int


class CountyQuota(_Summary):
    """The whole area's target and counters."""

    target: int
    registered: int
    enrolled: int
    percent: str | None
    remaining: int
    over: int


class UnattributedPeople(_Summary):
    """People counted outside every township with a target."""

    registered: int = 0
    enrolled: int = 0


class QuotaProgress(_Summary):
    """Targets and counters of the year."""

    messages: MessageBacklog | None = None
    notices: tuple[TargetNote, ...] = ()
    towns: tuple[TownQuota, ...] = ()
    unattributed: UnattributedPeople = UnattributedPeople()
    county: CountyQuota


class ServiceFault(Enum):
    """Why a service gave no answer."""

    UNREACHABLE = "unreachable"
    NO_TOKEN = "no_token"  # noqa: S105 - the name of a fault
    REFUSED = "refused"
    UNREADABLE = "unreadable"


S = TypeVar("S", bound=_Summary)


@dataclass(frozen=True, slots=True)
class ServiceAnswer(Generic[S]):
    """A service's last readable summary, and the fault if it could not be renewed just now."""

    summary: S | None = None
    fault: ServiceFault | None = None
    # When the summary was read; the same facts read a second later are no news.
    read_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What all services answered; two snapshots are equal when nothing on the page would change."""

    registration: ServiceAnswer[RegistrationSummary] = ServiceAnswer()
    subsidy: ServiceAnswer[SubsidySummary] = ServiceAnswer()
    payment: ServiceAnswer[PaymentSummary] = ServiceAnswer()
    quota: ServiceAnswer[QuotaProgress] = ServiceAnswer()
    changed_at: datetime | None = field(default=None, compare=False)
