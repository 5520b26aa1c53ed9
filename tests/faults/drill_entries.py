"""What people type in a window that is lost, and type again afterwards from their papers: the same words both times."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from simulator.wechat.bill_files import TradeRow
from tests.faults.drill import Drill
from tests.harness.eventually import eventually
from tests.harness.payable import SCOPES, person
from tests.harness.timeouts import stretched
from tests.verify.small_season import Season

_CASH_FEN = 38_000
_VILLAGES_CASH = """
    SELECT bill.enrolment_id, bill.region FROM bill
    WHERE bill.state = 'OPEN' AND bill.schedule -> 0 ->> 'due_fen' = $1
      AND NOT EXISTS (SELECT FROM order_line WHERE order_line.bill_id = bill.id)
    ORDER BY bill.region, bill.enrolment_id
"""
MONEY_DAY = "2023-10-08"


async def post(drill: Drill, service: str, path: str, body: Any) -> Any:
    """A client of a department types something."""
    headers = drill.county.installation.caller(*SCOPES)
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=stretched(60)) as client:
        answer = await client.post(f"{drill.urls[service]}/{service}/v1/{path}", json=body)
    assert answer.is_success, (path, answer.text)
    return answer.json() if answer.content else None


async def register(drill: Drill, sequences: Sequence[int]) -> None:
    """A town's list of people."""
    people = [person(sequence) for sequence in sequences]
    for first in range(0, len(people), 500):
        await post(drill, "registration", "enrolments/batch", {"enrolments": people[first : first + 500]})


async def certify(drill: Drill, sequences: Sequence[int], document: str) -> str:
    """A department's roster; its number."""
    lines = [{key: person(one)[key] for key in ("document_number", "name", "region")} for one in sequences]
    roster = {"identity": "DIBAO", "department": "民政局", "certified_on": "2023-09-28", "document": document}
    return str((await post(drill, "subsidy", "rosters", roster | {"lines": lines}))["id"])


async def take_off(drill: Drill, roster: str, sequence: int) -> None:
    """A department takes somebody off a roster."""
    withdrawal = {"document_number": person(sequence)["document_number"], "withdrawn_on": MONEY_DAY, "reason": "超标"}
    await post(drill, "subsidy", f"rosters/{roster}/withdrawals", withdrawal)


async def publish_targets(drill: Drill) -> None:
    """The county's notice with its annex."""
    towns = [{"region": "411521101", "name": "铁铺", "target": 3}, {"region": "411521102", "name": "丽水", "target": 2}]
    notice = {"benefit_year": 2024, "document": "罗政办〔2023〕52号", "note": "演练", "declared_total": 5}
    await post(drill, "quota", "targets", notice | {"towns": towns})


async def billed(drill: Drill, people: int) -> None:
    """Wait until so many people are billed."""

    async def all_of_them() -> bool:
        count = await drill.county.one("payment", "SELECT count(*) FROM bill WHERE state <> 'SUPERSEDED'")
        assert count == people, f"{count} of {people} are billed"
        return True

    await eventually(all_of_them, within_s=120, every_s=0.5, message="billed")


async def cash_payers(drill: Drill, most: int = 3) -> tuple[str, list[UUID]]:
    """People of one village who owe the whole amount and have ordered nothing."""
    rows = await drill.county.sql("payment", _VILLAGES_CASH, str(_CASH_FEN))
    village = rows[0]["region"]
    return village, [row["enrolment_id"] for row in rows if row["region"] == village][:most]


@asynccontextmanager
async def hall(drill: Drill) -> AsyncIterator[Season]:
    """The tax hall at payment's web process, with the channel's books of the day for its bills."""
    headers = drill.county.installation.caller(*SCOPES)
    url = drill.urls["payment"]
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=stretched(60)) as http:
        season = Season(drill.county.installation, http, drill.wechat, drill.tax)
        season.trades += [
            TradeRow(f"{MONEY_DAY} 10:34:56", transaction, one.order_no, one.amount_fen)
            for transaction, one in drill.county.channel.paid.items()
        ]
        yield season


async def type_the_money_in(drill: Drill, village: str, people: Sequence[UUID]) -> None:
    """Receipts, statement, slip and bank lines; both batches on their way, the online one into the treasury.

    Each entry is typed as it stands on paper, whether it is typed for the first time or again.
    """
    async with hall(drill) as season:
        cash = await season.collect(village, "1", *(str(one) for one in people))
        drill.county.cash = dict.fromkeys(people, _CASH_FEN)
        online = await season.settle_online(drill.county.channel.paid_fen)
        await season.remit(online, to_treasury=True)
        await season.remit(cash, serial="ZJ2023-0001")
        await season.bills_are_read()


async def entered_again(drill: Drill, service: str) -> None:
    """What waited for the entries is taken in, and the command knows of nothing more to enter."""

    async def nothing_waits() -> bool:
        await drill.canbao("replay", "run", service, "--all")
        waiting = "SELECT count(*) FROM dead_letter WHERE state = 'WAITING'"
        return not await drill.county.one(service, waiting)

    await eventually(nothing_waits, within_s=120, every_s=1, message="what waited for the entries is taken in")
    # The statistics are those of the backup, of before the window; the server looks again once in a minute.
    await drill.county.sql(service, "ANALYZE")
    await drill.whole_again()
    said = await drill.canbao("restore", service, "--because", "drill")
    assert "to be entered again" not in said, said
