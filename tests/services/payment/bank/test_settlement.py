"""Online money from the channel's settlement to the certificate, and what a settlement at odds does."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.tax_peer import TOKEN, TaxPeer, tax_peer
from tests.harness.wechat_peer import MCHID, refund_notice
from tests.services.payment.running_payment import OTHER_VILLAGE, RunningPayment, running_payment

DAY = "2023-10-08"
NEXT_DAY = "2023-10-09"
# The days of these tests lie before the channel's first bill.
BILLS_FROM = date(2023, 10, 20)


@pytest.fixture
async def peer() -> AsyncIterator[TaxPeer]:
    async with tax_peer() as peer:
        yield peer


@pytest.fixture
async def payment(installation: Installation, peer: TaxPeer, tmp_path: Path) -> AsyncIterator[RunningPayment]:
    connected = installation.with_settings(tax_base_url=peer.url, tax_token=SecretStr(TOKEN))
    async with running_payment(connected, tmp_path, today=BILLS_FROM) as opened:
        yield opened


async def settle(payment: RunningPayment, amount_fen: int, day: str = DAY, statement_no: str = "B1") -> None:
    """The bank books what the channel paid out for a day; by then it is the tenth."""
    await payment.installation.set_business_date(date(2023, 10, 20), "payment")
    line = {"line_no": 1, "kind": "SETTLEMENT", "reference": f"WECHAT:{MCHID}:{day}", "amount_fen": amount_fen}
    answer = await payment.post(
        "bank-statements",
        {"statement_no": statement_no, "booked_on": "2023-10-10", "lines": [line]},
        client="bank",
    )
    assert answer.status_code == 201, answer.text


async def batch_in(payment: RunningPayment, state: str, day: str = DAY) -> dict[str, Any]:
    """The day's batch, once it is in that state."""

    async def there() -> dict[str, Any]:
        found: list[dict[str, Any]] = (await payment.get(f"remittances?kind=ONLINE&state={state}"))["items"]
        found = [batch for batch in found if batch["settlement_day"] == day]
        assert found, await payment.get("remittances?kind=ONLINE")
        return found[0]

    return await eventually(there)


async def say(payment: RunningPayment, batch: dict[str, Any], step: str, **body: Any) -> dict[str, Any]:
    """Take a step with a batch."""
    answer = await payment.post(f"remittances/{batch['id']}/{step}", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_online_money_goes_from_the_channel_to_the_certificate_without_slip_or_serial(
    payment: RunningPayment, peer: TaxPeer
) -> None:
    people = await payment.bill(2) + await payment.bill(1, region=OTHER_VILLAGE)
    await payment.paid(await payment.order(*people))
    whole = 3 * DUE_FEN
    assert await payment.balances() == {"channel:WECHAT": whole, "premium": -whole}

    await settle(payment, whole)
    batch = await batch_in(payment, "READY_TO_REMIT")
    assert (batch["channel"], batch["merchant_id"], batch["amount_fen"], batch["line_count"]) == (
        "WECHAT",
        MCHID,
        whole,
        3,
    )
    assert await payment.balances() == {"pending": whole, "premium": -whole}

    serial = await payment.post(f"remittances/{batch['id']}/serial", {"collection_notice_serial": "ZJ1"})
    assert serial.json()["code"] == "COLLECTION_NOTICE_SERIAL_NOT_FOR_ONLINE"
    peer.receive(f"WECHAT/{MCHID}/{DAY}", dict.fromkeys(people, DUE_FEN))
    assert (await say(payment, batch, "fetch-detail"))["state"] == "DETAIL_CONFIRMED"
    await say(payment, batch, "remit", remitted_on="2023-10-11")
    assert await payment.balances() == {"in_transit": whole, "premium": -whole}
    await say(payment, batch, "treasury", received_on="2023-10-12")
    done = await say(payment, batch, "certificate", certificate_no="WS-1", issued_on="2023-10-12")
    assert done["state"] == "CERTIFICATE_ISSUED"
    assert await payment.balances() == {"treasury": whole, "premium": -whole}
    assert len(await payment.events("payment.certificate_issued.v1")) == 3

    towns = await payment.get(f"remittances/{batch['id']}")
    assert {line["region"] for line in towns["lines"]} == {"411521101201", OTHER_VILLAGE}


async def test_a_short_settlement_is_held_with_the_difference_and_posts_nothing(payment: RunningPayment) -> None:
    people = await payment.bill(2)
    await payment.paid(await payment.order(*people))
    await settle(payment, 2 * DUE_FEN - 456)
    held = await batch_in(payment, "HELD")
    (difference,) = held["differences"]
    assert (difference["kind"], difference["ours_fen"], difference["theirs_fen"]) == (
        "SETTLEMENT_SHORT",
        2 * DUE_FEN,
        2 * DUE_FEN - 456,
    )
    assert await payment.balances() == {"channel:WECHAT": 2 * DUE_FEN, "premium": -2 * DUE_FEN}

    await settle(payment, 456, statement_no="B2")
    ready = await batch_in(payment, "READY_TO_REMIT")
    assert (ready["version"], ready["amount_fen"]) == (2, 2 * DUE_FEN)


async def test_a_late_notice_releases_a_settlement_that_was_more_than_credited(payment: RunningPayment) -> None:
    early, late = await payment.bill(2)
    late_order = await payment.order(late)
    await payment.paid(await payment.order(early))
    await settle(payment, 2 * DUE_FEN)
    held = await batch_in(payment, "HELD")
    assert [one["kind"] for one in held["differences"]] == ["SETTLEMENT_OVER"]
    await payment.paid(late_order)
    assert (await batch_in(payment, "READY_TO_REMIT"))["line_count"] == 2
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}


async def test_money_in_suspense_is_settled_but_not_remitted(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order)
    await payment.paid(order)
    await settle(payment, 2 * DUE_FEN)
    batch = await batch_in(payment, "READY_TO_REMIT")
    assert (batch["amount_fen"], batch["line_count"]) == (DUE_FEN, 1)
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -DUE_FEN, "suspense": -DUE_FEN}


async def refund_second_payment(payment: RunningPayment, success_time: str) -> None:
    """Approve the one refund that waits, and let the channel say that it is paid."""

    async def requested() -> str:
        (refund,) = await payment.get("refunds")
        found: str = refund["id"]
        return found

    assert (await payment.post(f"refunds/{await eventually(requested)}/approve")).is_success

    async def asked() -> dict[str, Any]:
        assert payment.peer.refunds
        return payment.peer.refunds[0]

    notice = refund_notice(await eventually(asked), success_time=success_time)
    assert (await payment.notify(notice)).status_code == 204
    await payment.worked()


async def test_what_was_refunded_on_the_day_is_not_settled(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order)
    await payment.paid(order)
    await refund_second_payment(payment, f"{DAY}T20:00:00+08:00")
    await settle(payment, DUE_FEN)
    await batch_in(payment, "READY_TO_REMIT")
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}


async def test_a_refund_of_settled_money_is_deducted_from_the_payout_of_its_own_day(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order)
    await payment.paid(order)
    await settle(payment, 2 * DUE_FEN)
    await batch_in(payment, "READY_TO_REMIT")
    await refund_second_payment(payment, f"{NEXT_DAY}T09:00:00+08:00")
    assert await payment.balances() == {"channel:WECHAT": -DUE_FEN, "pending": 2 * DUE_FEN, "premium": -DUE_FEN}

    await settle(payment, -DUE_FEN, day=NEXT_DAY, statement_no="B2")
    debited = await batch_in(payment, "CLOSED_EMPTY", day=NEXT_DAY)
    assert (debited["amount_fen"], debited["line_count"]) == (0, 0)
    assert await payment.balances() == {"pending": DUE_FEN, "premium": -DUE_FEN}

    # The bank's statements set it off, but the client that ordered stays the actor.
    booked = await payment.sql("SELECT kind, actor FROM transfer WHERE kind IN ('settled', 'refund_deducted')")
    assert {(row["kind"], row["actor"]) for row in booked} == {("settled", "clerk"), ("refund_deducted", "clerk")}
    assert await payment.one("SELECT DISTINCT actor FROM remittance_line") == "clerk"


async def test_the_countys_batch_is_not_a_towns_to_see(payment: RunningPayment) -> None:
    people = await payment.bill(1) + await payment.bill(1, region=OTHER_VILLAGE)
    await payment.paid(await payment.order(*people))
    await settle(payment, 2 * DUE_FEN)
    batch = await batch_in(payment, "READY_TO_REMIT")
    headers = payment.installation.caller("payment:read", region="411521101")
    assert (await payment.http.get(f"/payment/v1/remittances/{batch['id']}", headers=headers)).status_code == 404


async def test_a_day_that_comes_to_nothing_is_settled_and_its_premium_goes_on(payment: RunningPayment) -> None:
    twice, once = await payment.bill(2)
    order, other = await payment.order(twice), await payment.order(once)
    await payment.paid(order)
    await payment.paid(order)
    await settle(payment, 2 * DUE_FEN)
    await batch_in(payment, "READY_TO_REMIT")
    (refund,) = await payment.get("refunds")
    await payment.post(f"refunds/{refund['id']}/approve")
    await eventually(lambda: payment.peer.refunds, message="the channel is asked")
    given_back = refund_notice(payment.peer.refunds[0], success_time="2023-10-09T09:00:00+08:00")
    assert (await payment.notify(given_back)).status_code == 204
    await payment.paid(other, success_time="2023-10-09T10:00:00+08:00")
    await settle(payment, 0, NEXT_DAY, "B2")
    batch = await batch_in(payment, "READY_TO_REMIT", NEXT_DAY)
    assert (batch["declared_fen"], batch["amount_fen"], batch["line_count"]) == (0, DUE_FEN, 1)
    assert await payment.balances() == {"pending": 2 * DUE_FEN, "premium": -2 * DUE_FEN}


async def test_a_settlement_of_suspended_money_alone_waits_for_no_tax_hall(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order)
    await payment.paid(order, success_time="2023-10-09T10:00:00+08:00")
    await settle(payment, DUE_FEN, NEXT_DAY)
    closed = await batch_in(payment, "CLOSED_EMPTY", NEXT_DAY)
    assert (closed["declared_fen"], closed["amount_fen"], closed["line_count"]) == (DUE_FEN, 0, 0)
    assert await payment.balances() == {
        "channel:WECHAT": DUE_FEN,
        "pending": DUE_FEN,
        "premium": -DUE_FEN,
        "suspense": -DUE_FEN,
    }
    refused = await payment.post(f"remittances/{closed['id']}/fetch-detail")
    assert refused.json()["code"] == "REMITTANCE_STEP_NOT_POSSIBLE"


async def test_no_day_is_settled_before_it_came(payment: RunningPayment) -> None:
    line = {"line_no": 1, "kind": "SETTLEMENT", "reference": f"WECHAT:{MCHID}:2032-10-08", "amount_fen": DUE_FEN}
    refused = await payment.post("bank-statements", {"statement_no": "B1", "booked_on": DAY, "lines": [line]})
    assert (refused.status_code, refused.json()["code"]) == (422, "DATE_IN_THE_FUTURE")
