"""B4: nothing ever left quarantine. A notice is closed by two people with a reason, and taken up again the same way."""

from typing import Any

import httpx
from prometheus_client import REGISTRY

from shared.metrics_collector import read_gauges
from tests.harness.assessments import DUE_FEN
from tests.harness.wechat_peer import APPID, paid_notice
from tests.services.payment.running_payment import RunningPayment

OTHERS: dict[str, Any] = {"appid": "wx0000000000000000"}
WHY = {"reason": "对方商户的款项，已在商户平台核对"}
PAPER = {"evidence": "商户平台退款单 5030000"}


async def strangers_notice(payment: RunningPayment) -> str:
    """A success for another application's order."""
    assert (await payment.notify(paid_notice("SOMEBODYS0001", DUE_FEN, **OTHERS))).status_code == 204
    await payment.worked()
    return str((await payment.get("quarantine"))[0]["id"])


async def decide(payment: RunningPayment, proposed: httpx.Response, client: str = "checker") -> httpx.Response:
    assert proposed.status_code == 202, proposed.text
    return await payment.post(f"approvals/{proposed.json()['id']}/approval", {"because": "已核对"}, client=client)


async def close(payment: RunningPayment, notice: str, **more: Any) -> httpx.Response:
    return await payment.post(f"quarantine/{notice}/closing", WHY | more)


async def reopen(payment: RunningPayment, notice: str) -> httpx.Response:
    return await payment.post(f"quarantine/{notice}/reopening", {"reason": "核对有误"})


async def in_quarantine(payment: RunningPayment) -> float:
    await read_gauges(payment.running)
    return REGISTRY.get_sample_value("canbao_quarantined_notices", {"reason": "OTHER_APP"}) or 0.0


async def test_two_people_close_a_notice_and_it_is_counted_no_longer(payment: RunningPayment) -> None:
    notice = await strangers_notice(payment)
    assert await in_quarantine(payment) == 1
    proposed = await close(payment, notice)
    assert [one["closing"] for one in await payment.get("quarantine")] == [proposed.json()["id"]], "the list shows it"
    own = await decide(payment, proposed, client="clerk")
    assert (own.status_code, own.json()["code"]) == (403, "APPROVAL_OF_OWN_ACT")
    assert len(await payment.get("quarantine")) == 1
    assert (await decide(payment, proposed)).json()["state"] == "APPROVED"
    assert await payment.get("quarantine") == []
    assert await in_quarantine(payment) == 0
    (closed,) = await payment.get("quarantine/closed")
    assert (closed["id"], closed["reason"], closed["closed_by"]) == (notice, "OTHER_APP", proposed.json()["id"])
    assert (closed["proposed_by"], closed["approved_by"]) == ("clerk", "checker")
    assert await payment.get(f"quarantine/closed?after={closed['closed_by']}") == []
    assert await payment.balances() == {}


async def test_what_is_closed_is_neither_worked_nor_closed_again(payment: RunningPayment) -> None:
    notice = await strangers_notice(payment)
    await decide(payment, await close(payment, notice))
    again = await close(payment, notice)
    assert (again.status_code, again.json()["code"]) == (409, "NOTICE_NOT_QUARANTINED")
    assert (await payment.post(f"quarantine/{notice}/retry")).json()["code"] == "NOTICE_NOT_RETRIABLE"
    unknown = await close(payment, "0197c2ba-77d1-7b93-8e50-1f2e3d4c5b6a")
    assert unknown.status_code == 404


async def test_a_closing_that_was_wrong_is_taken_back_by_two_people(payment: RunningPayment) -> None:
    notice = await strangers_notice(payment)
    early = await reopen(payment, notice)
    assert (early.status_code, early.json()["code"]) == (409, "NOTICE_NOT_CLOSED")
    await decide(payment, await close(payment, notice))
    await decide(payment, await reopen(payment, notice))
    (waiting,) = await payment.get("quarantine")
    assert (waiting["id"], waiting["reason"], waiting["closing"]) == (notice, "OTHER_APP", None)
    assert await payment.get("quarantine/closed") == []
    await decide(payment, await close(payment, notice))
    assert len(await payment.get("quarantine/closed")) == 1, "and it may be closed after all, once in the list"


async def test_money_of_ours_that_nobody_has_is_closed_only_with_the_paper_that_shows_where_it_is(
    payment: RunningPayment,
) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order, **OTHERS)
    notice = str((await payment.get("quarantine"))[0]["id"])
    refused = await close(payment, notice)
    assert (refused.status_code, refused.json()["code"]) == (409, "NOTICE_CLOSING_NEEDS_EVIDENCE")
    assert order["order_no"] in refused.json()["detail"]
    proposed = await close(payment, notice, **PAPER)
    assert proposed.json()["body"]["money_at_risk"] is True, "who approves sees it"
    assert (await payment.get("summary?benefit_year=2024"))["callbacks"]["waiting"] == 1
    await decide(payment, proposed)
    assert (await payment.get("summary?benefit_year=2024"))["callbacks"]["waiting"] == 0


async def test_a_notice_that_was_worked_meanwhile_is_not_closed(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.sql("UPDATE payment_order SET appid = 'wx1111111111111111'")
    await payment.paid(order)
    notice = str((await payment.get("quarantine"))[0]["id"])
    proposed = await close(payment, notice, **PAPER)
    await payment.sql("UPDATE payment_order SET appid = $1", APPID)
    assert (await payment.post(f"quarantine/{notice}/retry")).status_code == 202
    await payment.worked()
    late = await decide(payment, proposed)
    assert (late.status_code, late.json()["code"]) == (409, "NOTICE_NOT_QUARANTINED")
    assert await payment.states(person) == ["PAID"]


async def test_a_notice_is_closed_for_the_reason_that_was_proposed_only(payment: RunningPayment) -> None:
    """B4, attacked: it was worked again after the proposal, and closed for a reason that nobody had seen."""
    notice = await strangers_notice(payment)
    proposed = await close(payment, notice)
    await payment.sql("UPDATE raw_notice SET reason = 'OTHER_CURRENCY' WHERE state = 'QUARANTINED'")
    late = await decide(payment, proposed)
    assert (late.status_code, late.json()["code"]) == (409, "NOTICE_NOT_QUARANTINED")
    assert "OTHER_APP → OTHER_CURRENCY" in late.json()["detail"]
    assert len(await payment.get("quarantine")) == 1


async def test_a_town_closes_nothing_of_the_countys(payment: RunningPayment) -> None:
    notice = await strangers_notice(payment)
    assert (await payment.post(f"quarantine/{notice}/closing", WHY, region="411521101")).status_code == 404
