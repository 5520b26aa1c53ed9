"""What is to be closed or taken up again, as it is kept with its approval; closed notices as HTTP shows them."""

from datetime import date
from uuid import UUID

from services.payment.crediting.schemas import QuarantinedOut
from services.payment.schemas import DocumentIn


class NoticeDecision(DocumentIn):
    """The notice that is decided about, and what it says."""

    notice_id: UUID
    channel: str
    notify_id: str
    quarantined_for: str
    order_no: str | None
    transaction_id: str | None
    amount_fen: int | None
    money_at_risk: bool


class ClosedNoticeOut(QuarantinedOut):
    """A notice that two people closed, and who they were."""

    closed_by: UUID
    closed_on: date
    proposed_by: str
    approved_by: str
