"""Asking the channel for approved refunds, and asking again about those it has not spoken of."""

import orjson
import structlog

from services.payment.callbacks.repository import RawNotice
from services.payment.channels.wechat import CHANNEL
from services.payment.channels.wechat.client import Answer, ChannelRefused, ChannelUnavailable, WechatClient
from services.payment.channels.wechat.notice import parse_refund_query
from services.payment.refunds import repository
from services.payment.refunds.state import Refund
from services.payment.refunds.words import payer_reason
from services.payment.resources import PaymentResources
from shared.service import Running

_AT_ONCE = 20
log = structlog.get_logger(__name__)


async def ask_refunds(running: Running, *, again_after_s: float = 60.0) -> int:
    """Ask for one batch of refunds, each under its one number; returns how many."""
    async with running.database.transaction(running.settings.region) as session:
        due = await repository.take_due(session, again_after_s=again_after_s, limit=_AT_ONCE)
    for refund, asked_before in due:
        await _ask(running, refund, asked_before=asked_before)
    return len(due)


async def _ask(running: Running, refund: Refund, *, asked_before: bool) -> None:
    resources: PaymentResources = running.resources
    client = resources.wechat.get(refund.mchid)
    if client is None:
        log.error("a refund's merchant is not configured", mchid=refund.mchid)
        return
    try:
        if asked_before and await _settled_by_query(resources, client, refund):
            return
        await client.refund(
            transaction_id=refund.transaction_id,
            refund_no=refund.refund_no,
            reason=payer_reason(refund.reason),
            refund_fen=refund.amount_fen,
            paid_fen=refund.paid_fen,
            notify_url=resources.notify_url(refund.mchid),
        )
    except ChannelUnavailable as failure:
        # Not known whether it arrived: it stays ASKED, and the same number is asked again.
        log.warning("a refund could not be asked", refund_no=refund.refund_no, why=failure.detail)
    except ChannelRefused as refused:
        # An earlier try may have arrived, so only the channel's own word CLOSED ends a number: it is asked again.
        log.warning("the channel refused a refund", refund_no=refund.refund_no, why=refused.reason)
        async with running.database.transaction(running.settings.region) as session:
            await repository.note_refusal(session, refund.id, refused.reason)


async def _settled_by_query(resources: PaymentResources, client: WechatClient, refund: Refund) -> bool:
    """Learn of a lost notice by asking; what the channel says goes the way of every notice."""
    try:
        answer = await client.query_refund(refund.refund_no)
    except (ChannelUnavailable, ChannelRefused):
        return False  # asking for the refund again, under the same number, is harmless
    if answer is None:
        return False
    status = str(answer.value.get("status"))
    if status not in ("SUCCESS", "ABNORMAL", "CLOSED") or status == refund.state.value:
        return True
    await resources.intake.store(_as_notice(refund, answer, status))
    return True


def _as_notice(refund: Refund, answer: Answer, status: str) -> RawNotice:
    notice = parse_refund_query(f"query:{refund.refund_no}:{status}", refund.mchid, answer.content)
    kept = {"refund_no": notice.refund_no, "transaction_id": notice.transaction_id, "status": notice.outcome}
    return RawNotice(
        channel=CHANNEL,
        mchid=refund.mchid,
        source="QUERY",
        envelope=orjson.dumps(kept),
        serial=answer.signed.serial,
        signed_at=answer.signed.signed_at,
        notice=notice,
    )
