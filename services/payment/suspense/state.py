"""Suspended money and its lifecycle. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice
from services.payment.suspense.reasons import SuspenseReason
from shared.contracts.event import Trace


class SuspenseState(StrEnum):
    """HELD → REFUNDING → REFUNDED, or HELD → RECOVERED: it makes good what a channel gave back unasked.

    CONTESTED: a channel claims one transaction twice; no money stands behind it. REVERSED: the institution that had
    collected it took it back. NEEDS_TREASURY_REFUND: the tax bureau collected it, so only the treasury can return it.
    """

    HELD = "HELD"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    CONTESTED = "CONTESTED"
    RECOVERED = "RECOVERED"
    REVERSED = "REVERSED"
    NEEDS_TREASURY_REFUND = "NEEDS_TREASURY_REFUND"


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


@dataclass(frozen=True, slots=True)
class SuspendedDirect:
    """Money of an institution, without an order, that pays nothing; without a payment line it is contested."""

    id: UUID
    payment_line_id: UUID | None
    direct_id: UUID
    channel: str
    institution: str
    transaction_id: str
    dimensions: Dimensions
    amount_fen: int
    reason: SuspenseReason
    suspended_on: date
    state: SuspenseState
    trace: Trace
