"""Asking the channel about payments that only its bill names, and keeping the money of those that it does not know.

What it answers is signed and goes the way of every notice. Where it knows no payment under that number, three times,
the bill alone stands for the money: it is suspended, and casework. A merchant that the settings do not name is not
asked, and that is no answer: its differences wait for it, or for two people.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable
from services.payment.differences import repository as differences
from services.payment.differences.repository import SettlementDifference
from services.payment.job_names import PAYOUTS
from services.payment.payouts.billed_suspense import suspend_billed
from services.payment.resources import PaymentResources
from shared.service import Job, ServiceContext

_AT_ONCE = 20
_ASKED_ENOUGH = 3
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
    channel = context.resources.channels.get(difference.merchant_id)
    if channel is None:
        return
    try:
        if difference.order_no is not None:
            answer = await channel.query(difference.order_no)
            if answer.paid is not None:
                await context.resources.notices.store(*answer.paid)
            if not answer.is_settled:
                return
    except (ChannelUnavailable, ChannelRefused) as failure:
        log.warning("the channel could not be asked about a billed payment", why=failure.code.name)
        return
    async with context.database.transaction(context.settings.region) as session:
        if await differences.answered(session, difference.id) >= _ASKED_ENOUGH:
            await _keep(session, difference)


async def _keep(session: AsyncSession, difference: SettlementDifference) -> None:
    """Suspend the money by the bill's word, unless a notice brought the payment meanwhile."""
    held = await differences.lock(session, difference.id)
    if held is None or held.state != "OPEN":
        return
    if await suspend_billed(session, held):
        log.warning("money of an order that nobody knows is suspended by the channel's bill", difference=str(held.id))


JOBS = (Job("questions about billed payments", ask_about_billed, interval_s=5.0),)
