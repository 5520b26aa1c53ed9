"""Orders over HTTP. No session per request here: the channel is called between transactions, never inside one."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.payment.bills.refusals import WITHOUT_BILL
from services.payment.channels.channel import ChannelNotAllowed, ChannelRefused, ChannelUnavailable
from services.payment.orders import new_order, placement, service
from services.payment.orders.schemas import OrderIn, OrderOut
from services.payment.resources import PaymentResources
from shared.errors import NotFound
from shared.policy.vocabulary import Channel
from shared.web.dependencies import CurrentCaller, CurrentContext, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)
OrderNo = Annotated[str, Path(min_length=6, max_length=32, pattern=r"^[0-9A-Za-z_|*-]+$")]


@ROUTER.post("/v1/orders", status_code=201, dependencies=[requires("payment:write")])
@responses_for(
    NotFound,
    service.ChannelNotOffered,
    ChannelNotAllowed,
    new_order.NothingToPay,
    *WITHOUT_BILL,
    placement.OrderAlreadyOpen,
    service.OrderPaid,
    service.OrderNotOpen,
    ChannelUnavailable,
    ChannelRefused,
)
async def place_order(context: CurrentContext[PaymentResources], caller: CurrentCaller, body: OrderIn) -> OrderOut:
    """Collect what these enrolments owe today; an earlier order for one of them is closed first."""
    ids = tuple(dict.fromkeys(body.enrolment_ids))
    return OrderOut.of(
        await placement.place(
            context, new_order.OrderRequest(ids, Channel(body.channel), caller.region, caller.trace())
        )
    )


@ROUTER.get("/v1/orders/{order_no}", dependencies=[requires("payment:read")])
@responses_for(NotFound)
async def show_order(context: CurrentContext[PaymentResources], caller: CurrentCaller, order_no: OrderNo) -> OrderOut:
    """One order as it stands."""
    return OrderOut.of(await service.show(context, order_no, caller.region))


@ROUTER.post("/v1/orders/{order_no}/cancel", dependencies=[requires("payment:write")])
@responses_for(
    NotFound, service.ChannelNotOffered, service.OrderPaid, service.OrderNotOpen, ChannelUnavailable, ChannelRefused
)
async def cancel_order(context: CurrentContext[PaymentResources], caller: CurrentCaller, order_no: OrderNo) -> OrderOut:
    """Close an order at its channel, so that nobody can pay it any more."""
    return OrderOut.of(await service.cancel(context, order_no, caller.region))
