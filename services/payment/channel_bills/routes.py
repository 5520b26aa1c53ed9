"""The channel's own bills over HTTP: which days are read, which are not, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.channel_bills import repository
from services.payment.channel_bills.models import ChannelBillState
from services.payment.channel_bills.schemas import ChannelBillOut, ChannelBillPage
from shared.web.dependencies import Session, requires
from shared.web.fields import Day
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.get("/v1/channel-bills", dependencies=[requires("payment:read")])
async def list_channel_bills(
    session: Session,
    state: ChannelBillState | None = None,
    bill_day: Day | None = None,
    at_fault: bool = False,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ChannelBillPage:
    """The channel's bills in the order in which they were wanted; at wish those of a day, or at fault, only."""
    bills = await repository.listed(
        session, state=state, bill_day=bill_day, at_fault=at_fault, after=after, limit=limit
    )
    return ChannelBillPage.of(map(ChannelBillOut.of, bills), limit, key=lambda bill: bill.id)
