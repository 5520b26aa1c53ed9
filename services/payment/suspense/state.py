"""Suspended money and its lifecycle. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice
from services.payment.suspense.reasons import SuspenseReason
from shared.contracts.event import Trace


class SuspenseState(StrEnum):
    """HELD → REFUNDING → REFUNDED, or HELD → RECOVERED: it makes good what a channel gave back unasked.

    HELD → MATCHED: two people found the bill that it pays. What they carry over to another year stays HELD.

    CONTESTED: a channel claims one transaction twice; no money stands behind it.
    """

    HELD = "HELD"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    CONTESTED = "CONTESTED"
    RECOVERED = "RECOVERED"
    MATCHED = "MATCHED"


@dataclass(frozen=True, slots=True)
class Suspended:
    """A part of a payment that pays nothing. Without a payment line it is contested: no money stands behind it."""

    id: UUID
    payment_line_id: UUID | None
    notice: PaymentNotice
    dimensions: Dimensions
    amount_fen: int
    reason: SuspenseReason
    trace: Trace

    @property
    def state(self) -> SuspenseState:
        """Where it begins."""
        return SuspenseState.CONTESTED if self.payment_line_id is None else SuspenseState.HELD
