"""The end of a soaked day: the channel's bills and the bank's line are read and counted while processes are killed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx

from services.composition import WITH_DATABASE
from simulator.wechat.bill_files import TradeRow
from tests.faults.harmed_county import County, base_urls_of
from tests.harness.channel_bills import bills_of
from tests.harness.eventually import eventually
from tests.harness.payable import SCOPES, TODAY, Payable
from tests.harness.timeouts import stretched
from tests.harness.wechat_channel import Channel
from tests.harness.wechat_peer import APPID, MCHID, WechatPeer

PAID_OUT_ON, READ_ON = "2023-10-09", date(2023, 10, 10)
SETTLED_WITHIN_S = 600.0
_COUNTED = "SELECT count(*) FILTER (WHERE settled_on IS NOT NULL), count(*) FROM payment_line"


def orders_known(peer: WechatPeer, orders: Sequence[Payable]) -> None:
    """The channel knows every order that may be paid; asked about one it says that nobody has paid yet."""
    for order in orders:
        peer.orders[order.order_no] = {"amount": {"total": order.amount_fen}}
        peer.states[order.order_no] = "NOTPAY"


async def settled_by_bills(county: County, peer: WechatPeer) -> None:
    """The day is over: its bills are offered, paid out a day later, and the bank shows it; until all is counted."""
    _offer(county.channel, peer)
    await county.installation.set_business_date(READ_ON, *WITH_DATABASE)
    await eventually(lambda: _bank_shows(county), within_s=60, every_s=1, message="the bank's line is taken")

    async def counted() -> bool:
        settled, lines = (await county.sql("payment", _COUNTED))[0]
        assert settled == lines == len(county.channel.paid), f"{settled} of {lines} counted"
        return True

    await eventually(counted, within_s=SETTLED_WITHIN_S, every_s=1, message="every payment is settled")
    assert await county.sql("payment", "SELECT class, kind FROM settlement_difference") == []


def _offer(channel: Channel, peer: WechatPeer) -> None:
    trades = [
        TradeRow(f"{TODAY} 10:34:56", transaction, order.order_no, order.amount_fen)
        for transaction, order in channel.paid.items()
    ]
    trade, flow, paid_out = bills_of(trades, PAID_OUT_ON, mchid=MCHID, appid=APPID)
    peer.bills.put("TRADE", f"{TODAY}", trade)
    peer.bills.put("FUND_FLOW", f"{TODAY}", flow)
    peer.bills.put("TRADE", PAID_OUT_ON, "NO_STATEMENT_EXIST")
    peer.bills.put("FUND_FLOW", PAID_OUT_ON, paid_out)


async def _bank_shows(county: County) -> bool:
    """Type the bank's statement; a process may be killed under it, and the same again changes nothing."""
    line = {"line_no": 1, "kind": "SETTLEMENT", "reference": f"WECHAT:{MCHID}:{TODAY}"}
    statement: dict[str, Any] = {
        "statement_no": "B-SOAK",
        "booked_on": PAID_OUT_ON,
        "lines": [line | {"amount_fen": county.channel.paid_fen}],
    }
    url = base_urls_of(county.fleet)["payment"]
    headers = county.installation.caller(*SCOPES)
    try:
        async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=stretched(20)) as client:
            answer = await client.post(f"{url}/payment/v1/bank-statements", json=statement)
    except httpx.HTTPError:
        return False
    return answer.is_success
