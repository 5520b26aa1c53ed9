"""Deliveries looked up and delivered again: a kept message is read as today's merchants read it, and stored once more.

Storing goes the way of every notice, so that one which stands already stays as it is.
"""

from dataclasses import dataclass, replace
from uuid import UUID

import httpx

from services.payment.channels.accounts import load_accounts
from services.payment.channels.adapter import ChannelConnection
from services.payment.notices.deliveries import repository
from services.payment.notices.deliveries.repository import KeptDelivery, RefusedCount
from services.payment.notices.group_commit import GroupCommit
from services.payment.notices.notice import ChannelNotice, NoticeKind, VerifiedNotice
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.settings import Settings


class NotResendable(Exception):
    """A delivery cannot be delivered again; says why, Chinese first."""


@dataclass(frozen=True, slots=True)
class Resent:
    """How a kept message reads today, and the delivery that stands after it was delivered again."""

    read_as: NoticeKind
    kept_as: NoticeKind
    stands: KeptDelivery


async def look_up(settings: Settings, limit: int) -> tuple[list[KeptDelivery], list[RefusedCount]]:
    """The newest deliveries that were kept, and the newest minutes in which some were refused."""
    database = _open(settings)
    try:
        async with database.snapshot(settings.region) as session:
            return await repository.deliveries(session, limit), await repository.refused(
                session, SystemClock().now(), limit
            )
    finally:
        await database.dispose()


async def resend(settings: Settings, notice_id: UUID) -> Resent:
    """Deliver a kept notice again; raises NotResendable."""
    database = _open(settings)
    try:
        async with database.snapshot(settings.region) as session:
            kept = await repository.kept_message(session, notice_id)
        if kept is None:
            raise NotResendable(f"没有收到过编号为 {notice_id} 的通知 · no delivery of that id was kept")
        read = await _read_today(settings, kept)
        notices = GroupCommit(database, settings.region, on_stored=_crediting_looks_by_itself)
        try:
            await notices.store(replace(read, notify_id=kept.notice.notify_id), kept.evidence)
        finally:
            await notices.aclose()
        async with database.snapshot(settings.region) as session:
            stands = await repository.delivery(session, notice_id)
        if stands is None:
            raise NotResendable(f"通知已不在库中 · the delivery is gone: {notice_id}")
        return Resent(read.kind, kept.notice.kind, stands)
    finally:
        await database.dispose()


async def _read_today(settings: Settings, kept: VerifiedNotice) -> ChannelNotice:
    notice = kept.notice
    accounts = load_accounts(settings)
    account = accounts.by_name.get((notice.channel, notice.merchant_id))
    if account is None:
        raise NotResendable(
            f"设置中已没有商户 {notice.merchant_id}（{notice.channel}）"
            f" · the settings name no merchant {notice.merchant_id} of {notice.channel}"
        )
    adapter = accounts.adapter_of(notice.channel, notice.merchant_id)
    async with httpx.AsyncClient() as http:
        channel = adapter.open(account, ChannelConnection(http, SystemClock(), settings.region, settings))
        read = channel.read_again(kept)
    if read is None:
        raise NotResendable("现有的密钥打不开原报文 · today's keys do not open the message")
    return read


def _open(settings: Settings) -> Database:
    return Database(settings.service_url("payment"), pool_size=2, application_name="canbao callbacks")


def _crediting_looks_by_itself() -> None:
    """The service's own job finds what is stored here within its interval."""
