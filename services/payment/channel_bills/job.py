"""Fetching the channel's bills: each day of each merchant until it is read, and once more on a later day.

After days without work, or with several merchants, some are fetched side by side. What is read may be a payout or what
a payout waits for: that job begins at once.

What cannot be used leaves the day wanted, with the fault named, and is asked for again. Nothing of it is kept. A file
that was read is never overwritten: where the channel has another one a day later, that is named.
"""

import asyncio
from datetime import date, datetime, time, timedelta
from tempfile import TemporaryFile
from typing import BinaryIO

import structlog

from services.payment.channel_bills import repository, storage
from services.payment.channel_bills.models import AskedBill, ChannelBillState, MerchantAtChannel
from services.payment.channels.bills import BillFault, ChannelBills, FaultyBill
from services.payment.job_names import CHANNEL_BILLS, PAYOUTS
from services.payment.payments import repository as payments
from services.payment.resources import PaymentResources
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.clock import SHANGHAI
from shared.service import Job, ServiceContext

_DAYS_AT_ONCE = 31
# Fetching waits for the channel most of the time. Writing does not: one bill after another is stored, so that neither
# memory nor connections grow with how many are fetched.
_SIDE_BY_SIDE = 4
_AGAIN_AFTER_S = 600.0
# From then on the next day the channel's word that there was no business is final, unless we have payments of that day:
# a word that contradicts what is known is asked for again until another day has begun.
_READY_BY = time(10)
log = structlog.get_logger(__name__)


async def fetch_bills(context: ServiceContext[PaymentResources], *, again_after_s: float = _AGAIN_AFTER_S) -> int:
    """Ask for some bills that are due, side by side; returns how many there were."""
    region = context.settings.region
    merchants = [MerchantAtChannel(*each) for each in sorted(context.resources.known_merchants)]
    async with context.database.transaction(region) as session:
        today = await business_date(session, context.clock)
        await repository.bill_from_now_on(session, merchants, today, region, Trace.start(CHANNEL_BILLS))
        await repository.want(session, today, limit=_DAYS_AT_ONCE)
        asked = await repository.claim(session, merchants, today, again_after_s=again_after_s, limit=_SIDE_BY_SIDE)
    storing = asyncio.Lock()
    # One that fails does not keep the others from being read.
    outcomes = await asyncio.gather(*(_ask(context, each, today, storing) for each in asked), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    if any(each.state is ChannelBillState.WANTED for each in asked):
        context.wake(PAYOUTS)
    return len(asked)


JOBS = (Job(CHANNEL_BILLS, fetch_bills, interval_s=2.0),)


async def _ask(context: ServiceContext[PaymentResources], asked: AskedBill, today: date, storing: asyncio.Lock) -> None:
    bills = context.resources.channels[asked.channel, asked.merchant_id].bills
    try:
        if asked.state is ChannelBillState.WANTED:
            await _fetch(context, bills, asked, today, storing)
        else:
            await _look_again(bills, asked, today)
    except FaultyBill as faulty:
        await _note(context, asked, faulty)


async def _fetch(
    context: ServiceContext[PaymentResources], bills: ChannelBills, asked: AskedBill, today: date, storing: asyncio.Lock
) -> None:
    offer = await bills.find_bill(asked.kind, asked.bill_day)
    if offer is not None:
        with TemporaryFile() as file:
            content_bytes = await bills.download_bill(offer, file)
            async with storing:
                await _store(context, bills, asked, (offer.content_hash, content_bytes), file, today)
        return
    async with context.database.transaction(context.settings.region) as session:
        paid = await payments.any_of_day(session, asked.channel, asked.merchant_id, asked.bill_day)
        if not _final(asked.bill_day, today, context.clock.now(), paid=paid):
            raise FaultyBill(BillFault.NOT_READY, "no business so far")
        await repository.mark_empty(session, asked.id, today)


async def _store(
    context: ServiceContext[PaymentResources],
    bills: ChannelBills,
    asked: AskedBill,
    content: tuple[str, int],
    file: BinaryIO,
    today: date,
) -> None:
    region = context.settings.region
    async with context.database.transaction(region) as session:
        if not await repository.mark_read(session, asked.id, *content, today):
            return
        lines = await storage.store(session, asked, bills.read_bill(asked.kind, asked.bill_day, file), region)
        await storage.keep(session, asked, file, region)
    log.info("a channel's bill was read", **_named(asked), lines=lines)


async def _look_again(bills: ChannelBills, asked: AskedBill, today: date) -> None:
    """Whether the channel still has the file that was read, by its hash; one that cannot say so now says nothing."""
    try:
        offer = await bills.find_bill(asked.kind, asked.bill_day)
    except FaultyBill:
        return
    if (offer.content_hash if offer else None) != asked.content_hash:
        raise FaultyBill(BillFault.OTHER_CONTENT, f"on {today}")


async def _note(context: ServiceContext[PaymentResources], asked: AskedBill, faulty: FaultyBill) -> None:
    log.warning("a channel's bill is not usable", **_named(asked), fault=faulty.fault.value, detail=faulty.detail)
    async with context.database.transaction(context.settings.region) as session:
        await repository.note_fault(session, asked.id, asked.state, faulty.fault)


def _named(asked: AskedBill) -> dict[str, str]:
    return {"merchant_id": asked.merchant_id, "kind": asked.kind.value, "bill_day": asked.bill_day.isoformat()}


def _final(bill_day: date, today: date, now: datetime, *, paid: bool) -> bool:
    """Whether no business is the last word; where we have payments of the day (``paid``) it is so a day later."""
    next_day = bill_day + timedelta(days=1)
    return today > next_day or (not paid and now >= datetime.combine(next_day, _READY_BY, SHANGHAI))
