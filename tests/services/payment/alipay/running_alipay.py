"""Payment at work with an Alipay of the test's own, people who were billed, and the channel's notices."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.payment import SERVICE
from services.payment.bank import settlement
from services.payment.channel_bills.job import fetch_bills
from services.payment.crediting.worker import work_notices
from services.payment.payouts import bill_job
from shared.service import Role
from simulator.alipay.account import AlipayAccount
from simulator.alipay.notices import AlipayNotice
from simulator.alipay.peer import GATEWAY, AlipayPeer
from tests.harness.alipay_peer import APP_ID, KEY, alipay_peer, alipay_seller
from tests.harness.installation import Installation, http_client
from tests.harness.wechat_peer import WechatPeer
from tests.services.payment.running_payment import TODAY, RunningPayment

PAID_AT = "2023-10-08T10:34:56+08:00"
_ENOUGH = 50
CALLBACK = f"/payment/v1/callbacks/alipay/{APP_ID}"


@dataclass
class RunningAlipay(RunningPayment):
    """Payment's endpoints, Alipay, and the books."""

    peer: WechatPeer = field(default_factory=WechatPeer)
    alipay: AlipayPeer = field(kw_only=True)

    @property
    def account(self) -> AlipayAccount:
        """What Alipay knows."""
        return self.alipay.account

    async def order(self, *people: UUID) -> dict[str, Any]:
        """Order what people owe, to be paid through Alipay."""
        answer = await self.post("orders", {"enrolment_ids": [str(one) for one in people], "channel": "ALIPAY"})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def pay(self, order: dict[str, Any]) -> AlipayNotice:
        """Somebody pays an order at Alipay; the notice of it, not sent yet."""
        return await self.account.pay(order["order_no"], moment=PAID_AT)

    async def ordered_and_paid(self, count: int = 1) -> AlipayNotice:
        """Bill people, order what they owe, and pay it at Alipay; the notice of it, not sent yet."""
        return await self.pay(await self.order(*await self.bill(count)))

    async def send(self, notice: AlipayNotice) -> tuple[int, bytes]:
        """Send a notice as Alipay does."""
        return await self.send_form(self.alipay.platform.signed_form(notice.fields, notice.charset))

    async def send_form(self, form: bytes, path: str = CALLBACK) -> tuple[int, bytes]:
        """Send a form as it is."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        answer: httpx.Response = await self.http.post(path, content=form, headers=headers)
        return answer.status_code, answer.content

    async def taken(self, *notices: AlipayNotice) -> None:
        """Send notices one after the other, each answered with success, and wait until they are worked."""
        for notice in notices:
            assert await self.send(notice) == (200, b"success")
            await self.worked()


class SteppedAlipay(RunningAlipay):
    """Payment that takes calls and callbacks only; its notices, bills and the bank's lines are worked when asked."""

    async def worked(self) -> None:
        """Work whatever waits, until nothing does; raises where it never ends."""
        for _ in range(_ENOUGH):
            if not (
                await work_notices(self.running)
                or await fetch_bills(self.running)
                or await settlement.step(self.running)
                or await bill_job.step(self.running)
            ):
                return
        raise AssertionError("something is worked again and again")


@asynccontextmanager
async def stepped_alipay(installation: Installation, folder: Path) -> AsyncIterator[SteppedAlipay]:
    """Run payment's endpoints alone; the seller's bills begin on that day."""
    async with running_alipay(installation, folder, role="web") as opened:
        stepped = SteppedAlipay(opened.installation, opened.running, opened.http, alipay=opened.alipay)
        await stepped.worked()
        yield stepped


@asynccontextmanager
async def running_alipay(
    installation: Installation,
    folder: Path,
    *,
    keys: tuple[str, ...] = (KEY,),
    rotating: bool = False,
    role: Role = "all",
) -> AsyncIterator[RunningAlipay]:
    """Run payment on an October day with Alipay as its channel."""
    async with alipay_peer(folder, TODAY, rotating=rotating) as (peer, url):
        settled = installation.with_settings(
            alipay_sellers=(alipay_seller(folder, keys=keys),),
            alipay_gateway_url=url + GATEWAY,
            alipay_bill_url=url,
            public_base_url="http://canbao.test",
        )
        await settled.set_business_date(TODAY, "payment")
        async with settled.running(SERVICE, role=role) as (running,), http_client([running]) as http:
            peer.notice_sender.client = http
            yield RunningAlipay(settled, running, http, alipay=peer)
