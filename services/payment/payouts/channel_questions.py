"""Asking the channel about payments that only its bill names, and keeping the money of those that it does not know.

What it answers is signed and goes the way of every notice. Where it says, three times, that no payment stands under
that number, and no notice of it waits here, the bill alone stands for the money: it is suspended, and casework. Who
could not be asked, or says that it was paid, has not said so.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, OrderAtChannel
from services.payment.differences import repository as differences
from services.payment.differences.repository import SettlementDifference
from services.payment.job_names import PAYOUTS
from services.payment.notices import repository as notices
from services.payment.payouts.billed_suspense import suspend_billed
from services.payment.resources import PaymentResources
from shared.service import Job, ServiceContext

_AT_ONCE = 20
_ASKED_ENOUGH = 3
_NO_PAYMENT = (OrderAtChannel.UNKNOWN, OrderAtChannel.ENDED)
log = structlog.get_logger(__name__)


async def ask_about_billed(context: ServiceContext[PaymentResources], *, again_after_s: float = 600.0) -> int:
    """Ask about some payments that only a bill names; returns how many."""
    async with context.database.transaction(context.settings.region) as session:
        due = await differences.claim_to_ask(session, again_after_s=again_after_s, limit=_AT_ONCE)
    for each in due:
        await _ask(context, each)
    if due:
        context.wake(PAYOUTS)
    return len(due)


async def _ask(context: ServiceContext[PaymentResources], difference: SettlementDifference) -> None:
    if not await _says_no_payment(context, difference):
        return
    async with context.database.transaction(context.settings.region) as session:
        if await differences.answered(session, difference.id) >= _ASKED_ENOUGH:
            await _keep(session, difference)


async def _says_no_payment(context: ServiceContext[PaymentResources], difference: SettlementDifference) -> bool:
    """Whether the channel said that no payment stands under the number; a payment that it names is stored."""
    channel = context.resources.channels.get((difference.channel, difference.merchant_id))
    if channel is None or difference.order_no is None:
        log.warning("nobody can be asked about a billed payment", difference=str(difference.id))
        return False
    try:
        answer = await channel.query(difference.order_no)
        if answer.paid is not None:
            await context.resources.notices.store(*answer.paid)
    except (ChannelUnavailable, ChannelRefused) as failure:
        log.warning("the channel could not be asked about a billed payment", why=failure.code.name)
        return False
    return answer.state in _NO_PAYMENT


async def _keep(session: AsyncSession, difference: SettlementDifference) -> None:
    """Suspend the money by the bill's word, unless a notice brought the payment meanwhile, or waits to bring it."""
    held = await differences.lock(session, difference.id)
    if held is None or held.state != "OPEN":
        return
    if await notices.may_bring(session, held.channel, held.merchant_id, held.transaction_id, held.order_no):
        log.warning("a notice that waits may bring a billed payment", difference=str(held.id))
        return
    if await suspend_billed(session, held):
        log.warning("money of an order that nobody knows is suspended by the channel's bill", difference=str(held.id))


JOBS = (Job("questions about billed payments", ask_about_billed, interval_s=5.0),)
