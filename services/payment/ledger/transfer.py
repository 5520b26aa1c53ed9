"""What a transfer is, and what its dimensions are."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.contracts.event import Trace


class ImpossibleTransfer(ValueError):
    """A transfer moves a positive amount between two different accounts; anything else is a bug of the caller."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Whose money it is: one enrolment in one benefit year and region. Money without a bill may have a region only."""

    region: str
    enrolment_id: UUID | None = None
    person_token: str | None = None
    benefit_year: int | None = None


@dataclass(frozen=True, slots=True)
class PostingContext:
    """Why money moves now.

    ``key`` names the fact that can happen only once (a payment line, a receipt, a batch line); together with the kind
    of posting it is the transfer's idempotency key. ``caused_by`` is the notice, event or document behind it.
    """

    key: str
    effective_on: date
    caused_by: UUID
    trace: Trace
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement of money: ``debit`` ← ``credit``, in fen."""

    kind: str
    debit: str
    credit: str
    amount_fen: int
    dimensions: Dimensions
    context: PostingContext

    def __post_init__(self) -> None:
        if self.amount_fen <= 0 or self.debit == self.credit:
            raise ImpossibleTransfer(f"{self.kind}: {self.debit} ← {self.credit} {self.amount_fen} fen")

    @property
    def idempotency_key(self) -> str:
        """What makes this movement the same one when it is posted again."""
        return f"{self.kind}:{self.context.key}"
