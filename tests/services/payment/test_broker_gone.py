"""The broker goes away in the middle of a collection day: money is still taken, and all is published afterwards."""

import asyncio
from pathlib import Path

import pytest

from tests.harness.eventually import eventually
from tests.harness.installation import Installation, on_kafka
from tests.harness.kafka_broker import KafkaBroker
from tests.harness.wechat_peer import paid_notice
from tests.services.payment.running_payment import running_payment

_UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


@pytest.mark.expects_errors
async def test_callbacks_are_answered_and_credited_without_a_broker_and_drained_when_it_returns(
    installation: Installation, kafka_to_harm: KafkaBroker, tmp_path: Path
) -> None:
    async with running_payment(await on_kafka(installation, kafka_to_harm.bootstrap_servers), tmp_path) as payment:
        first, second = await payment.bill(2)
        order = await payment.order(second)
        await payment.paid(await payment.order(first))

        async def all_published() -> bool:
            return bool(await payment.one(_UNPUBLISHED) == 0)

        await eventually(all_published, within_s=30, message="the relay works before the fault")
        await asyncio.to_thread(kafka_to_harm.kill)

        assert (await payment.notify(paid_notice(order["order_no"], order["amount_fen"]))).status_code == 204
        await payment.worked()

        credited = await payment.sql("SELECT DISTINCT enrolment_id FROM payment_line")
        assert {line["enrolment_id"] for line in credited} == {first, second}
        assert await payment.one(_UNPUBLISHED) > 0

        await asyncio.to_thread(kafka_to_harm.restart)
        await eventually(all_published, within_s=60, every_s=0.2, message="what waited is published")
