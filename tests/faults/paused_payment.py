"""A payment that stands at a wire: its notice before it is stored, or its person before they are enrolled."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.harmed_county import County
from tests.faults.lock_trigger import Wire
from tests.harness.payable import Payable


@dataclass(frozen=True)
class Held:
    """The payment, the sessions that stand there with it, and the channel that goes on notifying."""

    transaction: str
    order: Payable
    wire: Wire
    caught: set[int]
    notifying: asyncio.Task[None]

    async def never_said(self) -> None:
        """The process that stood there is dead or given up: what it was about to say is never said."""
        await self.wire.cut(self.caught)


@asynccontextmanager
async def notice_held(county: County) -> AsyncIterator[Held]:
    """The callback is about to store a notice; it goes on when the block ends."""
    transaction, order = county.channel.pay()
    condition = f"NEW.transaction_id = '{transaction}'"
    async with county.wire("payment", "raw_notice", "INSERT", when=condition) as wire:
        notifying = asyncio.create_task(county.channel.notify(transaction))
        yield Held(transaction, order, wire, await wire.caught(), notifying)


@asynccontextmanager
async def enrolment_held(county: County) -> AsyncIterator[Held]:
    """Registration is about to note that a person has paid, with a batch in its hands."""
    transaction, order = county.channel.pay()
    condition = f"NEW.id = '{order.enrolment_id}' AND NEW.paid_basis IS NOT NULL"
    async with county.wire("registration", "enrolment", "UPDATE", when=condition) as wire:
        notifying = asyncio.create_task(county.channel.notify(transaction))
        yield Held(transaction, order, wire, await wire.caught(), notifying)


async def is_enrolled(county: County, order: Payable) -> bool:
    """Whether registration knows that the order's person has paid."""
    paid = "SELECT paid_basis IS NOT NULL FROM enrolment WHERE id = $1"
    return bool(await county.one("registration", paid, order.enrolment_id))
