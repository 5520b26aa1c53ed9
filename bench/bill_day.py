"""The whole of a bill in a process of its own: hashed, read, stored and compared, as the job does it with a download.

``python -m bench.bill_day FILE HASH DAY KIND [read]`` prints seconds and memory; settings are in the environment.
"""

import asyncio
import json
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile

import uvloop

from services.payment.channel_bills import repository, storage
from services.payment.channel_bills.comparison import repository as comparison
from services.payment.channel_bills.models import AskedBill, MerchantAtChannel
from services.payment.channels.bills import BillKind
from services.payment.channels.wechat.bill_content import ContentLimits, PackedContent
from services.payment.channels.wechat.fund_flow_bill import FundFlowBill
from services.payment.channels.wechat.trade_bill import TradeBill
from shared.database.engine import Database
from shared.settings import Settings

_PIECE = 256 * 1024


async def main(packed: Path, content_hash: str, day: date, kind: BillKind, *, is_compared: bool) -> dict[str, float]:
    """Seconds of reading and of comparing; raises FaultyBill."""
    settings = Settings()
    database = Database(settings.service_url("payment"), pool_size=2)
    try:
        began = time.perf_counter()
        asked = await _read(database, settings.region, packed, content_hash, day, kind)
        read = time.perf_counter()
        agreed = 0
        if is_compared and kind is BillKind.TRADE:
            async with database.transaction(settings.region) as session:
                found = await comparison.compare(session, asked.id, limit=10_000)
            agreed = sum(each.payments for each in found if each.difference_class == 1)
        took = {"read": read - began, "compare": time.perf_counter() - read}
        return {**took, "agreed": agreed, "mebibytes": _most_memory()}
    finally:
        await database.dispose()


async def _read(
    database: Database, region: str, packed: Path, content_hash: str, day: date, kind: BillKind
) -> AskedBill:
    with TemporaryFile() as file:
        content = PackedContent(file, ContentLimits())
        with packed.open("rb") as download:
            while piece := download.read(_PIECE):
                await asyncio.to_thread(content.take, piece)
        content.conclude(content_hash)
        async with database.transaction(region) as session:
            merchants = [MerchantAtChannel("WECHAT", "1900000109")]
            (asked,) = await repository.claim(session, merchants, date.max, again_after_s=0, limit=1)
            if asked.kind is not kind:
                raise RuntimeError("no such bill is wanted")
            if not await repository.mark_read(session, asked.id, content_hash, content.content_bytes, date.max):
                raise RuntimeError("the bill is not wanted")
            file.seek(0)
            reader = (TradeBill if kind is BillKind.TRADE else FundFlowBill)(file, asked.merchant_id, day)
            await storage.store(session, asked, reader, region)
            await storage.keep(session, asked, file, region)
        return asked


def _most_memory() -> float:
    """The most memory of this process in MiB; what `wait4` says begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kibibytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kibibytes) / 1024


if __name__ == "__main__":
    arguments = sys.argv[1:]
    seconds = uvloop.run(
        main(
            Path(arguments[0]),
            arguments[1],
            date.fromisoformat(arguments[2]),
            BillKind(arguments[3]),
            is_compared="read" not in arguments[4:],
        )
    )
    print(json.dumps(seconds))
