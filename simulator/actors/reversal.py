"""A line that the bank's clerk entered wrongly: held by canbao, reversed by two offices, entered again rightly."""

import asyncio
import time
from typing import Any

from simulator import clients
from simulator.world import World

_PATIENCE_S = 30.0


async def reverse(world: World, statement_no: str, line_no: int) -> None:
    """The bank proposes that its line is reversed, the bureau approves; done before, it is done."""
    line = await _compared(world, statement_no, line_no)
    if line["reversed_on"] is not None:
        return
    bank, bureau = world.endpoints[clients.BANK], world.endpoints[clients.BUREAU]
    held = (await bank.get("/payment/v1/remittances?state=HELD&limit=500"))["items"]
    if line["batch_id"] not in {batch["id"] for batch in held}:
        await world.complain(f"statement {statement_no}", "a payout of another amount than the bill's is not held")
    proposed = await bank.post(
        f"/payment/v1/bank-lines/{line['id']}/reversal",
        {"reason": "金额录错，两位数字颠倒", "evidence": f"银行更正函 {statement_no}"},
    )
    await bureau.post(f"/payment/v1/approvals/{proposed['id']}/approval", {"because": "已与银行回单核对"})


async def wait_until_compared(world: World, statement_numbers: list[str]) -> None:
    """Until bank and bill were compared for every payout of these statements."""
    deadline = time.monotonic() + _PATIENCE_S
    for number in statement_numbers:
        while not all(_is_compared(line) for line in await _lines(world, number)):
            if time.monotonic() > deadline:
                await world.complain(f"statement {number}", "a payout is not compared with the channel's bill")
                return
            await asyncio.sleep(0.1)


async def _compared(world: World, statement_no: str, line_no: int) -> dict[str, Any]:
    await wait_until_compared(world, [statement_no])
    return next(line for line in await _lines(world, statement_no) if line["line_no"] == line_no)


def _is_compared(line: dict[str, Any]) -> bool:
    done = line["batch_id"] is not None or line["reversed_on"] is not None
    return done or line["kind"] != "SETTLEMENT"


async def _lines(world: World, statement_no: str) -> list[dict[str, Any]]:
    found = await world.endpoints[clients.BANK].get(f"/payment/v1/bank-lines?statement_no={statement_no}&limit=500")
    lines: list[dict[str, Any]] = found["items"]
    return lines
