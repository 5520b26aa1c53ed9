"""A payout of a channel's bill: which movements it covers, and where it stands."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.payment.payments.counted.repository import CoveredRange


@dataclass(frozen=True, slots=True)
class Payout:
    """A payout, which movements it covers, and where it stands."""

    id: UUID
    channel: str
    merchant_id: str
    bill_id: UUID
    line_no: int
    paid_out_on: date
    amount_fen: int
    after_day: date
    after_line: int
    until_day: date | None
    until_line: int | None
    state: str
    fault: str | None
    unusual_fen: int
    released_by: UUID | None
    batch_id: UUID | None
    region: str
    actor: str
    correlation_id: UUID
    settled_day: date | None = None
    settled_line: int | None = None

    @property
    def wanted_fen(self) -> int:
        """What the bank has to show: the payout, with a fee that two people expect back."""
        return self.amount_fen - self.unusual_fen

    @property
    def covered(self) -> CoveredRange:
        """Its movements; raises where they are not known."""
        if self.until_day is None or self.until_line is None:
            raise RuntimeError(f"payout {self.id} covers nothing that is known")  # a constraint forbids it once awaited
        return CoveredRange(
            self.channel, self.merchant_id, self.after_day, self.after_line, self.until_day, self.until_line
        )

    @property
    def left(self) -> CoveredRange:
        """Its movements that are still to be settled."""
        if self.settled_day is None or self.settled_line is None:
            return self.covered
        return replace(self.covered, after_day=self.settled_day, after_line=self.settled_line)
