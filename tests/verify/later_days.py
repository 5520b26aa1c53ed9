"""Days after the small season: what the channel gave back at its console, and the difference that two people close."""

from datetime import date
from typing import Any

from simulator.wechat.bill_files import FlowRow, TradeRow, fund_flow_bill, trade_bill
from tests.harness.eventually import eventually
from tests.harness.wechat_peer import MCHID, paid_notice
from tests.verify.small_season import SCOPES, Season

APPID = "wx8888888888888888"
_DUE_FEN = 38_000
_TRANSACTIONS = ("42000000000000000000000020A", "42000000000000000000000020B")


async def refund_at_the_console(season: Season) -> None:
    """Two people pay; one's money goes back at the channel's console, and a person sees to it."""
    orders = [await season.order(await season.register(sequence)) for sequence in (21, 22)]
    _offer_bills(season, [order["order_no"] for order in orders])
    for order, transaction in zip(orders, _TRANSACTIONS, strict=True):
        said = {"transaction_id": transaction, "success_time": "2023-10-20T10:00:00+08:00"}
        notice = paid_notice(order["order_no"], _DUE_FEN, **said)
        path = f"/payment/v1/callbacks/wechat/{MCHID}"
        answer = await season.http.post(path, content=notice.body, headers=notice.headers)
        assert answer.status_code == 204, answer.text
    await season.installation.set_business_date(date(2023, 10, 25), "payment")
    reference = f"WECHAT:{MCHID}:2023-10-21"
    line = {"line_no": 1, "kind": "SETTLEMENT", "reference": reference, "amount_fen": _DUE_FEN}
    body = {"statement_no": "B-CONSOLE", "booked_on": "2023-10-22", "lines": [line]}
    await season.post("/payment/v1/bank-statements", body)
    await _close_difference(season)
    await season.settled()


def _offer_bills(season: Season, orders: list[str]) -> None:
    """The 20th takes two payments, the 21st gives one back, the 22nd pays out what is left."""
    paid = [TradeRow("2023-10-20 10:00:00", *of, _DUE_FEN) for of in zip(_TRANSACTIONS, orders, strict=True)]
    moved = [FlowRow(r.moment, r.transaction, f"F{r.transaction}", "交易", _DUE_FEN, r.order) for r in paid]
    numbers = (0, "5030000001", "CONSOLE1", _DUE_FEN)
    back = TradeRow("2023-10-21 12:00:00", _TRANSACTIONS[0], orders[0], _DUE_FEN, *numbers)
    left = FlowRow(back.moment, back.refund_id, "F5030000001", "退款", -_DUE_FEN, back.refund_no)
    out = FlowRow("2023-10-22 05:00:00", "P20231022", "FP20231022", "提现", -_DUE_FEN)
    bills = season.wechat.bills
    bills.put("TRADE", "2023-10-20", trade_bill(paid, appid=APPID, mchid=MCHID))
    bills.put("FUND_FLOW", "2023-10-20", fund_flow_bill(moved, balance_fen=0))
    bills.put("TRADE", "2023-10-21", trade_bill([back], appid=APPID, mchid=MCHID))
    bills.put("FUND_FLOW", "2023-10-21", fund_flow_bill([left], balance_fen=2 * _DUE_FEN))
    bills.put("FUND_FLOW", "2023-10-22", fund_flow_bill([out], balance_fen=_DUE_FEN))


async def _close_difference(season: Season) -> None:
    async def found() -> Any:
        answer = await season.http.get("/payment/v1/settlement-differences", params={"state": "OPEN"})
        return answer.json()["items"]

    (difference,) = await eventually(found, within_s=30, message="the refund is a difference")
    path = f"/payment/v1/settlement-differences/{difference['id']}/closing"
    await _two_people(season, path, {"reason": "本人已重新缴费"})


async def match_the_strangers_money(season: Season) -> None:
    """Money under an order that nobody knows, settled long ago, pays the bill of somebody who registered since."""
    person = await season.register(31)

    async def billed() -> bool:
        return (await season.http.get(f"/payment/v1/bills/{person}")).is_success

    await eventually(billed, within_s=30, message="billed")
    (case,) = (await season.http.get("/payment/v1/suspense-cases", params={"reason": "UNKNOWN_ORDER"})).json()["items"]
    grounds = {"reason": "按支付凭证核实为本人缴费", "evidence": "支付凭证 2023-10-08"}
    await _two_people(season, f"/payment/v1/suspense/{case['id']}/match", grounds | {"enrolment_id": person})
    await season.settled()


async def _two_people(season: Season, path: str, body: dict[str, Any]) -> None:
    proposed = await season.post(path, body)
    other = season.installation.caller(*SCOPES, client="bureau")
    decided = await season.http.post(
        f"/payment/v1/approvals/{proposed['id']}/approval", json={"because": "已核对"}, headers=other
    )
    assert decided.is_success, decided.text
