"""A day's two bills in a process of its own: hashed, read, stored and compared, as the jobs do it with downloads.

``python -m bench.bill_day DAY TRADE_FILE HASH FLOW_FILE HASH [BATCH]`` prints seconds and memory; settings are in the
environment. With a batch, which settles the day's payout, they are compared with the payments.
"""

import asyncio
import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from uuid import UUID

import uvloop
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.parts import repository as parts
from services.payment.channel_bills import repository, storage
from services.payment.channel_bills.models import AskedBill, MerchantAtChannel
from services.payment.channels.bills import BillKind
from services.payment.channels.wechat.bill_content import ContentLimits, PackedContent
from services.payment.channels.wechat.fund_flow_bill import FundFlowBill
from services.payment.channels.wechat.trade_bill import TradeBill
from services.payment.differences import repository as differences
from services.payment.differences.entries import repository as entries
from services.payment.payments.counted import repository as counted_money
from services.payment.payouts import bill_job
from services.payment.payouts import repository as payouts
from services.payment.payouts.billed import repository as billed
from services.payment.payouts.models import Payout
from shared.contracts.event import Trace
from shared.database.engine import Database
from shared.settings import Settings

_PIECE = 256 * 1024
_READERS = {BillKind.TRADE: TradeBill, BillKind.FUND_FLOW: FundFlowBill}
Files = dict[BillKind, tuple[Path, str]]


async def main(day: date, files: Files, batch_id: UUID | None) -> dict[str, float]:
    """Seconds of reading and of comparing; raises FaultyBill."""
    settings = Settings()
    database = Database(settings.service_url("payment"), pool_size=2)
    try:
        took = {"read": await _read(database, settings.region, day, files)}
        if batch_id is not None:
            took |= await _compare(database, settings.region, day, batch_id)
        return {**took, "mebibytes": _most_memory()}
    finally:
        await database.dispose()


async def _read(database: Database, region: str, day: date, files: Files) -> float:
    """Both bills, one after the other; seconds."""
    async with database.transaction(region) as session:
        merchants = [MerchantAtChannel("WECHAT", "1900000109")]
        wanted = await repository.claim(session, merchants, date.max, again_after_s=0, limit=len(files))
    began = time.perf_counter()
    for asked in wanted:
        await _read_one(database, region, day, asked, *files[asked.kind])
    return time.perf_counter() - began


async def _read_one(
    database: Database, region: str, day: date, asked: AskedBill, packed: Path, content_hash: str
) -> None:
    with TemporaryFile() as file:
        content = PackedContent(file, ContentLimits())
        with packed.open("rb") as download:
            while piece := download.read(_PIECE):
                await asyncio.to_thread(content.take, piece)
        content.conclude(content_hash)
        async with database.transaction(region) as session:
            if not await repository.mark_read(session, asked.id, content_hash, content.content_bytes, date.max):
                raise RuntimeError("the bill is not wanted")
            file.seek(0)
            await storage.store(session, asked, _READERS[asked.kind](file, asked.merchant_id, day), region)
            await storage.keep(session, asked, file, region)


async def _compare(database: Database, region: str, day: date, batch_id: UUID) -> dict[str, float]:
    """What the bills have and we do not, the other way round, and otherwise, as the payouts' job finds it; seconds.

    In between the payout is settled, which is no part of the comparison.
    """
    trace = Trace.start("bench")
    began = time.perf_counter()
    async with database.transaction(region) as session:
        while bill := await billed.lock_next_bill(session):
            await bill_job.work_bill(session, bill, region, trace)
    worked = time.perf_counter()
    async with database.transaction(region) as session:
        payout = await _payout(session)
        await parts.give_payout(session, batch_id, payout.id)
        await counted_money.count_covered(session, payout.covered, batch_id, [], day)
    settled = time.perf_counter()
    async with database.transaction(region) as session:
        await entries.record_uncounted(session, payout.id, payout.covered, day + timedelta(days=1), region, trace)
    compared = time.perf_counter()
    async with database.transaction(region) as session:
        differ = {each.difference_class: each.count for each in await differences.open_figures(session)}
    return {
        "compare": worked - began + compared - settled,
        "settle": settled - worked,
        "differ": differ.pop(2, 0),
        "other": sum(differ.values()),
    }


async def _payout(session: AsyncSession) -> Payout:
    (found,) = await payouts.listed(session, state="AWAITED", after=None, limit=2)
    return found


def _most_memory() -> float:
    """The most memory of this process in MiB; what `wait4` says begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kibibytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kibibytes) / 1024


if __name__ == "__main__":
    on, trade, trade_hash, flow, flow_hash, *batch = sys.argv[1:]
    named = {BillKind.TRADE: (Path(trade), trade_hash), BillKind.FUND_FLOW: (Path(flow), flow_hash)}
    print(json.dumps(uvloop.run(main(date.fromisoformat(on), named, UUID(batch[0]) if batch else None))))
