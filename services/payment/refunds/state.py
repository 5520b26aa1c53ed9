"""A refund and its lifecycle. Pure."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace
from shared.domain.ids import new_id


class RefundState(StrEnum):
    """REQUESTED → APPROVED → ASKED → PAID.

    A refund that the channel refuses stays ASKED with its failure noted, and is asked again under its number: an
    earlier try may have arrived. ABNORMAL is not final: the channel could not reach the payer's account, it may still
    succeed. PAY_FAILED: the channel closed it; approving it again asks with a new number. REQUESTED → WITHDRAWN: two
    people decided otherwise about its money.
    """

    REQUESTED = "REQUESTED"
    WITHDRAWN = "WITHDRAWN"
    APPROVED = "APPROVED"
    ASKED = "ASKED"
    ABNORMAL = "ABNORMAL"
    PAY_FAILED = "PAY_FAILED"
    PAID = "PAID"


_OURS = re.compile(r"R([0-9a-f]{32})T([1-9][0-9]{0,8})")
AT_CHANNEL = (RefundState.APPROVED, RefundState.ASKED, RefundState.ABNORMAL)


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Suspended money that should go back to the payer."""

    suspense_id: UUID
    requested_on: date
    trace: Trace
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money on its way back to the payer, under one number at the channel however often it is asked.

    ``received_on`` is the day on which the payer paid it.
    """

    id: UUID
    suspense_id: UUID
    refund_no: str
    attempt: int
    channel: str
    merchant_id: str
    transaction_id: str
    amount_fen: int
    paid_fen: int
    reason: str
    state: RefundState
    received_on: date
    dimensions: Dimensions
    trace: Trace


def refund_no(refund_id: UUID, attempt: int) -> str:
    """The channel's number of a refund: the same on every retry, a new one only after the channel closed the last."""
    return f"R{refund_id.hex}T{attempt}"


def asked_under(number: str) -> tuple[UUID, int] | None:
    """Which refund, and which attempt at it, one of our numbers stands for; None where it is no number of ours."""
    found = _OURS.fullmatch(number)
    return (UUID(found[1]), int(found[2])) if found else None


def outcome_of(channel_status: str) -> RefundState | None:
    """What the channel's word makes of a refund; None where it changes nothing yet."""
    return {
        "SUCCESS": RefundState.PAID,
        "ABNORMAL": RefundState.ABNORMAL,
        "CLOSED": RefundState.PAY_FAILED,
    }.get(channel_status)
