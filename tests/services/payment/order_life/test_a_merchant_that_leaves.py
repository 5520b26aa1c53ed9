"""Orders and refunds of a merchant that leaves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from services.payment.crediting.worker import work_notices
from services.payment.refunds.submission import submit_refunds
from tests.harness.assessments import DUE_FEN
from tests.harness.eventually import eventually
from tests.harness.installation import Installation
from tests.harness.wechat_peer import merchant, paid_notice
from tests.services.payment.order_life.asking import LIFE, OTHER, asked, at, measured, questions, state
from tests.services.payment.running_payment import running_payment


class TestAMerchantThatLeaves:
    """B1: taken out of the settings, its open orders held their bills for ever and its refunds waited in silence."""

    async def test_its_orders_hold_their_bills_until_their_end_and_no_longer(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            asks, waits = await before.bill(2)
            first, second = await before.order(asks), await before.order(waits)
        async with running_payment(installation, tmp_path, role="web", known=merchant(tmp_path, OTHER)) as left:
            body = {"enrolment_ids": [str(asks)], "channel": "WECHAT"}
            await asked(left, timedelta(minutes=10))
            refused = await left.post("orders", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "CHANNEL_NOT_OFFERED")
            assert refused.json()["order_no"] == first["order_no"]
            at(left, LIFE)
            assert (await left.post("orders", body)).status_code == 201, "at the merchant of now"
            assert await state(left, first) == "EXPIRED"
            await asked(left, LIFE)
            assert await state(left, second) == "EXPIRED"
            assert questions(left) == 0, "nobody can ask about them"
        async with running_payment(installation, tmp_path, role="web") as back:
            back.peer.orders[second["order_no"]] = {"amount": {"total": DUE_FEN}}
            back.peer.pay(second["order_no"])
            await asked(back, LIFE + timedelta(days=1))
            assert await back.states(waits) == ["PAID"], "once its merchant can be asked again"

    async def test_what_nobody_can_ask_about_is_counted_and_its_refunds_are_listed_so(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """An approved refund was taken for asked, and only a log line said that it was not."""
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            twice, waits = await before.bill(2)
            await before.order(waits)
            order = await before.order(twice)
            for transaction in ("4200000001", "4200000002"):
                await before.notify(paid_notice(order["order_no"], DUE_FEN, transaction_id=transaction))

            async def put_forward() -> list[dict[str, Any]]:
                await work_notices(before.running)
                return list(await before.get("refunds"))

            (refund,) = await eventually(put_forward)
            assert refund["waits_for_merchant"] is False
        async with running_payment(installation, tmp_path, role="web", known=merchant(tmp_path, OTHER)) as left:
            at(left, LIFE)
            await left.post(f"refunds/{refund['id']}/approve")
            assert await submit_refunds(left.running) == 0
            (refund,) = await left.get("refunds?state=APPROVED")
            assert refund["waits_for_merchant"] is True
            assert await measured(left) == {"orders": 1, "refunds": 1, "refunds_fen": DUE_FEN}
        async with running_payment(installation, tmp_path, role="web") as back:
            at(back, LIFE)
            assert await submit_refunds(back.running) == 1
            assert [each["transaction_id"] for each in back.peer.refunds] == ["4200000002"]
            assert await measured(back) == {"orders": 0, "refunds": 0, "refunds_fen": 0}

    async def test_it_may_stay_for_what_it_has_and_take_nothing_new(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """The way on: keys and refunds stay, new orders go to the next merchant."""
        given_up = merchant(tmp_path).model_copy(update={"takes_orders": False})
        async with running_payment(installation, tmp_path, role="web") as before:
            at(before, timedelta())
            (person,) = await before.bill()
            order = await before.order(person)
        async with running_payment(installation, tmp_path, role="web", known=given_up) as after:
            after.peer.orders[order["order_no"]] = {"amount": {"total": DUE_FEN}}
            after.peer.pay(order["order_no"])
            (other,) = await after.bill()
            refused = await after.post("orders", {"enrolment_ids": [str(other)], "channel": "WECHAT"})
            assert (refused.status_code, refused.json()["code"]) == (409, "CHANNEL_NOT_OFFERED")
            await asked(after, timedelta(minutes=1))
            assert await after.states(person) == ["PAID"]
