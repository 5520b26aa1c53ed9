"""Orders as HTTP shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.payment.channels.table import ADAPTERS
from services.payment.orders.state import Order, OrderState
from shared.domain.clock import SHANGHAI
from shared.policy.mechanisms import channels_by
from shared.web.fields import example

_ORDERED = tuple(channel.value for adapter in ADAPTERS for channel in channels_by(adapter.mechanism))


def _takes_orders(channel: str) -> str:
    if channel not in _ORDERED:
        raise ValueError(f"此渠道不下订单，可用 no orders are placed through it, but through: {', '.join(_ORDERED)}")
    return channel


OrderedChannel = Annotated[str, AfterValidator(_takes_orders), Field(json_schema_extra={"enum": [*_ORDERED]})]


class OrderIn(BaseModel):
    """Whose contributions to collect, through which channel."""

    model_config = ConfigDict(
        extra="forbid", **example(enrolment_ids=["0197c2a0-7b1c-7e51-9a57-6b3a4d1c2024"], channel="WECHAT")
    )

    enrolment_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    channel: OrderedChannel


class OrderLineOut(BaseModel):
    """One enrolment's part."""

    enrolment_id: UUID | None
    amount_fen: int
    region: str


class OrderOut(BaseModel):
    """An order and the code to pay it with."""

    order_no: str
    channel: str
    state: OrderState
    amount_fen: int
    benefit_year: int
    code_url: str | None
    expires_at: datetime
    lines: list[OrderLineOut]

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        """Show an order."""
        return cls(
            order_no=order.order_no,
            channel=order.channel,
            state=order.state,
            amount_fen=order.amount_fen,
            benefit_year=order.benefit_year,
            code_url=order.code_url,
            expires_at=order.expires_at.astimezone(SHANGHAI),
            lines=[
                OrderLineOut(
                    enrolment_id=line.dimensions.enrolment_id, amount_fen=line.amount_fen, region=line.dimensions.region
                )
                for line in order.lines
            ],
        )
