"""Refused callbacks leave counts, bounded and outside of the request; kept ones are delivered again once only."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.payment.notices.deliveries import repository
from services.payment.notices.deliveries.refused_log import RefusedCallbacks
from services.payment.notices.deliveries.repository import KEPT_FOR, RefusedKey
from services.payment.notices.notice import NoticeKind
from shared.domain.ids import new_id
from tests.harness.installation import COUNTY
from tests.harness.wechat_peer import MCHID, paid_notice
from tests.services.payment.running_payment import RunningPayment
from tools.callbacks.resend import NotResendable, look_up, resend


async def test_refusals_are_counted_by_minute_and_outcome_and_hold_no_word_of_the_caller(
    payment: RunningPayment,
) -> None:
    notice = paid_notice("X1", 100)
    for _ in range(3):
        assert (await payment.notify(notice.with_headers(nonce="another"))).status_code == 401
    for number in ("4001", "4002"):
        assert (await payment.notify(notice, mchid=number)).status_code == 404
    assert await payment.sql("SELECT FROM refused_callback") == [], "nothing is written in the request"
    await payment.running.resources.refused.aclose()
    rows = await payment.sql(
        "SELECT channel, merchant_id, outcome, sum(times)::int FROM refused_callback GROUP BY 1, 2, 3 ORDER BY 3"
    )
    assert [tuple(row) for row in rows] == [
        ("WECHAT", MCHID, "signature", 3),
        ("WECHAT", "", "unknown_merchant", 2),
    ]


async def test_counts_add_up_and_are_forgotten_after_days(payment: RunningPayment) -> None:
    now = datetime.fromisoformat("2023-10-08T10:00:00+00:00")
    old = RefusedKey(now - KEPT_FOR - timedelta(minutes=1), "WECHAT", MCHID, "stale")
    new = RefusedKey(now, "WECHAT", MCHID, "stale")
    async with payment.running.database.transaction(COUNTY) as session:
        await repository.add_refused(session, COUNTY, {old: 7, new: 1})
    log = RefusedCallbacks(payment.running.database, COUNTY)
    for _ in range(2):
        log.add("WECHAT", MCHID, "stale", now + timedelta(seconds=59))
    await log.aclose()
    async with payment.running.database.transaction(COUNTY) as session:
        assert [(row.minute, row.times) for row in await repository.refused(session, now + timedelta(days=1), 10)] == [
            (now, 3)
        ]


async def test_a_kept_notice_is_delivered_again_and_stands_once(payment: RunningPayment) -> None:
    (person,) = await payment.bill()
    order = await payment.order(person)
    await payment.paid(order)
    settings, before = payment.installation.settings, await payment.balances()
    kept, refused = await look_up(settings, 10)
    assert [(each.state, each.merchant_id) for each in kept] == [("CREDITED", MCHID)]
    assert refused == []
    assert abs(kept[0].latency_s) < 60
    for _ in range(2):
        found = await resend(settings, kept[0].id)
        assert (found.read_as, found.kept_as, found.stands.state) == (
            NoticeKind.PAYMENT,
            NoticeKind.PAYMENT,
            "CREDITED",
        )
    await payment.worked()
    assert await payment.notices() == [("CREDITED", None)]
    assert await payment.balances() == before


async def test_what_was_never_delivered_is_refused_by_its_id(payment: RunningPayment) -> None:
    unknown: UUID = new_id()
    with pytest.raises(NotResendable, match=f"{unknown} 的通知 · no delivery of that id"):
        await resend(payment.installation.settings, unknown)
