"""Payment at work with a ChinaUMS of the test's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from simulator.chinaums.notices import ChinaumsNotice
from simulator.chinaums.signatures import ChinaumsPlatform
from tests.harness.chinaums_peer import MID, ServedChinaums, chinaums_peer, merchant_of, platform
from tests.harness.installation import Installation
from tests.services.payment.running_payment import TODAY, RunningPayment, running_payment

PATH = f"/payment/v1/callbacks/chinaums/{MID}"
MOMENT = "2023-10-08 10:34:56"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class RunningChinaums:
    """Payment, its channel, and what people do there."""

    payment: RunningPayment
    channel: ServedChinaums

    async def order(self, *people: UUID) -> dict[str, Any]:
        """Order what people owe through ChinaUMS."""
        asked = {"enrolment_ids": [str(one) for one in people], "channel": "UNIONPAY_QR"}
        answer = await self.payment.post("orders", asked)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def bill(self, order: Mapping[str, Any]) -> str:
        """The order's number at the channel."""
        return next(
            number
            for number, bill in self.channel.account.journal.all("ums bill").items()
            if order["code_url"].endswith(bill["code_id"])
        )

    async def pay(
        self, order: Mapping[str, Any], *, moment: str = MOMENT, amount_fen: int | None = None
    ) -> ChinaumsNotice:
        """Somebody pays an order; the notice, which is not sent yet."""
        account = self.channel.account
        return account.notice(await account.pay(self.bill(order), moment=moment, amount_fen=amount_fen))

    async def pay_new(self, *, moment: str = MOMENT) -> tuple[UUID, ChinaumsNotice]:
        """Somebody new orders and pays; the person and the notice."""
        (person,) = await self.payment.bill()
        return person, await self.pay(await self.order(person), moment=moment)

    async def send(self, body: bytes, path: str = PATH) -> httpx.Response:
        """Send a form as the channel does."""
        return await self.payment.http.post(path, content=body, headers=FORM)

    async def notify(self, notice: ChinaumsNotice, key_name: str | None = None) -> None:
        """Send a notice, which is taken and worked."""
        answer = await self.send(notice.body(self.channel.platform, key_name))
        assert (answer.status_code, answer.content) == (200, b"SUCCESS")
        await self.payment.worked()

    def changed(self, notice: ChinaumsNotice, **fields: str) -> ChinaumsNotice:
        """The same notice with other fields, rightly signed when it is sent."""
        return replace(notice, fields={**notice.fields, **fields})

    async def over(self, day: str) -> None:
        """A day is over, for payment and for the channel: its file can be fetched."""
        tomorrow = date.fromordinal(date.fromisoformat(day).toordinal() + 1)
        self.channel.account.day.today = tomorrow
        await self.payment.installation.set_business_date(tomorrow, "payment")


@asynccontextmanager
async def running_chinaums(
    installation: Installation,
    folder: Path,
    *,
    known: ChinaumsPlatform | None = None,
    today: date = TODAY,
    **setting: bool,
) -> AsyncIterator[RunningChinaums]:
    """Run payment on an October day with its channel."""
    known = known or platform()
    async with chinaums_peer(folder, today, known) as channel:
        merchants = (merchant_of(folder, known, **setting),)
        connected = installation.with_settings(
            policy_pack="national-2025", chinaums_merchants=merchants, chinaums_base_url=channel.url
        )
        async with running_payment(connected, folder, today=today) as payment:
            yield RunningChinaums(payment, channel)


@pytest.fixture
async def ums(installation: Installation, tmp_path: Path) -> AsyncIterator[RunningChinaums]:
    """Payment with a ChinaUMS that has one key."""
    async with running_chinaums(installation, tmp_path) as opened:
        yield opened
