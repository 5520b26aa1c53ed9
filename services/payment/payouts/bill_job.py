"""Taking the payouts out of each bill: the movements that a payout covers follow those of the payout before it."""

from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.differences.entries import repository as entries
from services.payment.differences.entries.repository import BilledUntil
from services.payment.job_names import PAYOUTS
from services.payment.payments.counted.repository import CoveredRange
from services.payment.payouts import payout_match, payout_portions
from services.payment.payouts.billed import repository as billed
from services.payment.payouts.billed.repository import BillPlace, PayoutRow, ReadBill
from services.payment.payouts.models import Payout
from services.payment.payouts.payout_portions import PORTION
from services.payment.payouts.resolution import repository as resolution
from services.payment.payouts.uncovered import repository as uncovered
from services.payment.resources import PaymentResources
from services.payment.statements.settlements import repository as settlements
from shared.contracts.event import Trace
from shared.database.business_date import business_date
from shared.domain.ids import first_id_of, new_id
from shared.service import Job, ServiceContext

NOT_COVERED = "NOT_COVERED"
UNUSUAL_MOVEMENT = "UNUSUAL_MOVEMENT"
# A payment's identifier is of the clock of who credited it, and was made some time before it could be seen.
_CLOCKS_DIFFER = timedelta(days=1)
log = structlog.get_logger(__name__)


async def step(context: ServiceContext[PaymentResources], *, portion: int = PORTION) -> int:
    """Settle a portion, take the payouts out of a bill, meet a line of the bank, or resolve a difference; how many."""
    region = context.settings.region
    async with context.database.transaction(region) as session:
        today = await business_date(session, context.clock)
        if await payout_portions.go_on(session, today, portion):
            return 1
        bill = await billed.lock_next_bill(session)
        if bill is not None:
            await work_bill(session, bill, region, Trace.start(PAYOUTS), portion)
            return 1
        line = await settlements.lock_next_settlement(session, billed=True)
        if line is not None:
            await payout_match.meet_line(session, region, line, today, portion)
            return 1
        payout_id = await resolution.lock_to_resolve(session)
        if payout_id is None:
            return 0
        return await payout_match.resolve(session, region, payout_id, today)


async def work_bill(session: AsyncSession, bill: ReadBill, region: str, trace: Trace, portion: int = PORTION) -> None:
    """Record a bill's payouts and what differs from its days; what waited for it is looked at again."""
    for row in await billed.payouts_of(session, bill.id):
        payout = await _payout(session, bill, row, region, trace)
        if payout.fault is not None:
            log.error("a payout cannot be settled", payout_id=str(payout.id), fault=payout.fault)
        await billed.insert(session, payout)
    await billed.mark_worked(session, bill, region, trace)
    await entries.record_theirs_failed(session, bill.channel, bill.merchant_id, bill.bill_day, region, trace)
    day = bill.bill_day - timedelta(days=1)
    looked_at = await billed.worked_at(session, bill, day)
    if looked_at is not None:
        late_from = first_id_of(looked_at - _CLOCKS_DIFFER)
        until = BilledUntil(bill.channel, bill.merchant_id, bill.first_day, day, late_from)
        await entries.record_ours_only(session, until, region, trace)
    await settlements.look_again(session, bill.channel, bill.merchant_id, payout_match.AWAITS_BILL)
    await payout_match.compare_held(session, bill.channel, bill.merchant_id, bill.bill_day, portion)


async def _payout(session: AsyncSession, bill: ReadBill, row: PayoutRow, region: str, trace: Trace) -> Payout:
    after = await billed.last_end(session, bill)
    until = await billed.find_end(session, bill, row, after)
    state, fault = await _state(session, bill, row, after, until)
    covers = state != "BEFORE" and fault != NOT_COVERED
    return Payout(
        id=new_id(),
        channel=bill.channel,
        merchant_id=bill.merchant_id,
        bill_id=bill.id,
        line_no=row.line_no,
        paid_out_on=row.paid_out_on,
        amount_fen=row.amount_fen,
        after_day=after.day,
        after_line=after.line,
        until_day=until.day if until and covers else None,
        until_line=until.line if until and covers else None,
        state=state,
        fault=fault,
        unusual_fen=0,
        released_by=None,
        batch_id=None,
        region=region,
        actor=trace.actor,
        correlation_id=trace.correlation_id,
    )


async def _state(
    session: AsyncSession, bill: ReadBill, row: PayoutRow, after: BillPlace, until: BillPlace | None
) -> tuple[str, str | None]:
    is_first = after == BillPlace(bill.first_day, 0)
    if is_first and 0 < row.amount_fen <= await billed.left_from_before(session, bill):
        # Money of days before the first bill: settled with their sums.
        return "BEFORE", None
    # Where the one before ends is not known: people pay the same sums, so that its movements would add up to this one.
    if until is None or await uncovered.oldest(session, bill.channel, bill.merchant_id) is not None:
        return "HELD", NOT_COVERED
    covered = CoveredRange(bill.channel, bill.merchant_id, after.day, after.line, until.day, until.line)
    if await billed.has_unusual(session, covered):
        return "HELD", UNUSUAL_MOVEMENT
    return "AWAITED", None


JOBS = (Job(PAYOUTS, step, interval_s=2.0),)
