"""A cash receipt as it is kept, and as it is recorded. Pure."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.payment.ledger.transfer import Dimensions


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as it is kept."""

    id: UUID
    receipt_no: str
    region: str
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    amount_fen: int
    received_on: date
    state: str
    recall_reason: str | None
    batch_id: UUID | None
    deposited_on: date | None
    actor: str
    correlation_id: UUID

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    def free_for(self, batch_id: UUID) -> bool:
        """Whether no other statement, write-off or recall holds it."""
        return self.state == "USED" and self.batch_id in (None, batch_id)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A receipt to be recorded, with what its bill holds about the person."""

    id: UUID
    receipt_no: str
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    amount_fen: int
    received_on: date


@dataclass(frozen=True, slots=True)
class Entry:
    """How receipts are entered: on which day, how many days back one person alone may, and who let in later ones."""

    on: date
    limit_days: int
    late_approval: UUID | None = None


@dataclass(frozen=True, slots=True)
class RecalledReceipt:
    """A receipt to be taken back because its line failed import."""

    id: UUID
    recall_reason: str


def deposit_key(receipt_id: UUID, batch_id: UUID, version: int) -> str:
    """What makes the deposit of a receipt's cash one fact: under which version of which statement it was matched."""
    return f"{receipt_id}:{batch_id}:{version}"
