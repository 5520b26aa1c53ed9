"""Asking the channel for approved refunds, and asking again about those it has not spoken of.

A refund whose merchant the settings do not name stays APPROVED, is listed and counted so, and goes on once they do.
"""

import structlog

from services.payment.channels.channel import ChannelRefused, ChannelUnavailable, PaymentChannel
from services.payment.job_names import REFUNDS
from services.payment.refunds import repository
from services.payment.refunds.payer_messages import payer_reason
from services.payment.refunds.state import Refund
from services.payment.resources import PaymentResources
from shared.service import Job, ServiceContext

_AT_ONCE = 20
log = structlog.get_logger(__name__)


async def submit_refunds(context: ServiceContext[PaymentResources], *, again_after_s: float = 60.0) -> int:
    """Ask for one batch of refunds, each under its one number; returns how many."""
    async with context.database.transaction(context.settings.region) as session:
        merchants = context.resources.channels
        due = await repository.take_due(session, merchants, again_after_s=again_after_s, limit=_AT_ONCE)
    for each in due:
        channel = context.resources.channels[each.refund.channel, each.refund.merchant_id]
        await _ask(context, channel, each.refund, asked_before=each.asked_before)
    return len(due)


async def _ask(
    context: ServiceContext[PaymentResources], channel: PaymentChannel, refund: Refund, *, asked_before: bool
) -> None:
    try:
        if asked_before and await _concluded_by_query(context, channel, refund):
            return
        channel_refund_id = await channel.refund(
            transaction_id=refund.transaction_id,
            refund_no=refund.refund_no,
            reason=payer_reason(refund.reason),
            refund_fen=refund.amount_fen,
            paid_fen=refund.paid_fen,
            notify_url=context.resources.notify_url(channel),
        )
        await _note(context, refund, channel_refund_id)
    except ChannelUnavailable as failure:
        # Not known whether it arrived: it stays ASKED, and the same number is asked again.
        log.warning("a refund could not be asked", refund_no=refund.refund_no, why=failure.detail)
    except ChannelRefused as refused:
        # An earlier try may have arrived, so only the channel's own word CLOSED ends a number: it is asked again.
        log.warning("the channel refused a refund", refund_no=refund.refund_no, why=refused.reason)
        async with context.database.transaction(context.settings.region) as session:
            await repository.note_refusal(session, refund.id, refused.reason)


async def _concluded_by_query(
    context: ServiceContext[PaymentResources], channel: PaymentChannel, refund: Refund
) -> bool:
    """Learn of a lost notice by asking; the channel's answer goes the way of every notice."""
    try:
        answer = await channel.query_refund(refund.refund_no, transaction_id=refund.transaction_id)
    except (ChannelUnavailable, ChannelRefused):
        return False  # asking for the refund again, under the same number, is harmless
    if answer is None:
        return False
    await _note(context, refund, answer.channel_refund_id)
    if answer.concluded is not None and answer.status != refund.state.value:
        await context.resources.notices.store(*answer.concluded)
    return True


async def _note(context: ServiceContext[PaymentResources], refund: Refund, channel_refund_id: str | None) -> None:
    if channel_refund_id is not None:
        async with context.database.transaction(context.settings.region) as session:
            await repository.note_channel_id(session, refund, channel_refund_id)


JOBS = (Job(REFUNDS, submit_refunds),)
