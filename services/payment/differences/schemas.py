"""What differs from a channel's bills, as HTTP shows it and as its closing is asked for."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.payment.schemas import DocumentIn
from shared.web.page import Page


class DifferenceClosing(DocumentIn):
    """A difference that nothing more will resolve, as it stood when its closing was proposed."""

    difference_id: UUID
    difference_class: int
    transaction_id: str | None
    ours_fen: int | None
    theirs_fen: int | None


class DifferenceOut(BaseModel):
    """What we have and what the channel's bill has, who sees to it, and since when it stands.

    Classes: 2 the amounts differ, 3 theirs succeeded and ours did not, 4 theirs only, 5 ours succeeded and theirs did
    not, 6 ours only.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    difference_class: int = Field(ge=2, le=6)
    kind: str
    channel: str
    merchant_id: str
    transaction_id: str | None
    order_no: str | None
    refund_no: str | None
    channel_refund_id: str | None
    ours_fen: int | None
    theirs_fen: int | None
    happened_at: datetime
    owner: str
    since: date
    age_days: int
    state: str
    closed_because: str | None
    closed_on: date | None
    closed_by: UUID | None


class DifferencePage(Page[DifferenceOut, UUID]):
    """Differences, in the order in which they were found."""
