"""The channel's bills as HTTP shows them; dates in ISO form."""

import json
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from services.payment.channel_bills.models import ChannelBill, ChannelBillState
from services.payment.channels.bills import BillFault, BillKind
from shared.web.page import Page


class ChannelBillOut(BaseModel):
    """A channel's bill of one day: whether it is read, what is wrong with it, and the channel's own totals."""

    id: UUID
    channel: str
    merchant_id: str
    kind: BillKind
    bill_day: date
    state: ChannelBillState
    fault: BillFault | None
    attempts: int
    asked_at: datetime | None
    content_hash: str | None
    content_bytes: int | None
    line_count: int
    totals: dict[str, str]
    read_at: datetime | None

    @classmethod
    def of(cls, bill: ChannelBill) -> Self:
        """Show a bill."""
        shown = {name: getattr(bill, name) for name in cls.model_fields if name != "totals"}
        return cls(**shown, totals=json.loads(bill.summary))


class ChannelBillPage(Page[ChannelBillOut, UUID]):
    """The channel's bills in the order in which they were wanted."""
