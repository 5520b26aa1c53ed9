"""Payment at work with a WeChat Pay of the test's own, people who were billed, and the channel's notices."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.payment import SERVICE
from services.payment.bills import service as bills
from services.payment.orders.channel_query import query_orders
from shared.contracts.event import Received
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow
from shared.domain.ids import new_id
from shared.service import Role, ServiceContext
from shared.setting_groups.partners import WechatMerchant
from tests.harness.assessments import VILLAGE, assessed, balances
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation, http_client
from tests.harness.wechat_peer import MCHID, SignedNotice, WechatPeer, merchant, paid_notice, wechat_peer

OTHER_VILLAGE = "411521102201"
TODAY = date(2023, 10, 8)
OPERATOR = tuple(
    f"payment:{verb}" for verb in ("read", "write", "operate", "refund", "bank", "approve", "tax", "treasury")
)


@dataclass
class RunningPayment:
    """Payment's endpoints, its channel, and its books."""

    installation: Installation
    running: ServiceContext
    http: httpx.AsyncClient
    peer: WechatPeer

    async def assess(self, *events: Received[ContributionAssessed]) -> None:
        """Bring assessments, as the consumer does."""
        async with self.running.database.transaction(COUNTY) as session:
            await bills.assess(session, events)

    async def bill(self, count: int = 1, *rows: ScheduleRow, region: str = VILLAGE) -> list[UUID]:
        """Bill so many people."""
        people = [new_id() for _ in range(count)]
        await self.assess(*(assessed(person, *rows, region=region) for person in people))
        return people

    async def post(self, path: str, body: Any = None, *, region: str = COUNTY, client: str = "clerk") -> httpx.Response:
        """Call an endpoint as an operator."""
        now = self.running.clock.now()
        headers = self.installation.caller(*OPERATOR, region=region, client=client, now=now)
        return await self.http.post(f"/payment/v1/{path}", json=body, headers=headers)

    async def get(self, path: str, *, region: str = COUNTY) -> Any:
        """Ask as an operator, and expect an answer."""
        headers = self.installation.caller(*OPERATOR, region=region, now=self.running.clock.now())
        answer = await self.http.get(f"/payment/v1/{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def order(self, *people: UUID) -> dict[str, Any]:
        """Order what people owe, and get the code to pay it with."""
        answer = await self.post("orders", {"enrolment_ids": [str(one) for one in people], "channel": "WECHAT"})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def notify(self, notice: SignedNotice, mchid: str = MCHID) -> httpx.Response:
        """Send a notice as the channel does."""
        return await self.http.post(
            f"/payment/v1/callbacks/wechat/{mchid}", content=notice.body, headers=notice.headers
        )

    async def paid(self, order: dict[str, Any], amount_fen: int | None = None, **changes: Any) -> None:
        """Somebody pays an order; the notice is taken and worked."""
        notice = paid_notice(order["order_no"], amount_fen or order["amount_fen"], **changes)
        assert (await self.notify(notice)).status_code == 204
        await self.worked()

    async def worked(self) -> None:
        """Wait until every stored notice has been worked."""
        query = "SELECT count(*) AS n FROM raw_notice WHERE state = 'RECEIVED'"

        async def nothing_waits() -> bool:
            return bool((await self.sql(query))[0]["n"] == 0)

        await eventually(nothing_waits, message="every notice is worked")

    async def asked(self) -> None:
        """Ask the channel now about every order that it is to be asked about; what it answered is stored afterwards."""

        async def each_was_asked_about() -> bool:
            # The job may have asked first, and then still stores what it learnt: it is asked once more from here.
            due = await self.sql(
                "UPDATE payment_order SET next_ask_at = now() WHERE next_ask_at IS NOT NULL RETURNING id"
            )
            return await query_orders(self.running) >= len(due)

        await eventually(each_was_asked_about, message="the channel is asked")

    async def sql(self, query: str, *arguments: Any) -> Sequence[Any]:
        """Look into payment's database."""
        return await self.installation.sql("payment", query, *arguments)

    async def one(self, query: str, *arguments: Any) -> Any:
        """The one value of a query."""
        return (await self.sql(query, *arguments))[0][0]

    async def notices(self) -> list[tuple[str, str | None]]:
        """What became of each notice, in order of arrival."""
        rows = await self.sql("SELECT state, reason FROM raw_notice ORDER BY id")
        return [(row["state"], row["reason"]) for row in rows]

    async def balances(self) -> dict[str, int]:
        """The books: debits minus credits per account, accounts at nothing left out."""
        return await balances(self.installation)

    async def events(self, name: str) -> list[Any]:
        """What payment announced under a name."""
        return list(await self.sql("SELECT * FROM outbox WHERE event = $1 ORDER BY recorded_at, id", name))

    async def states(self, *people: UUID) -> list[str]:
        """The state of each person's newest bill."""
        return [(await self.get(f"bills/{one}"))["state"] for one in people]


@asynccontextmanager
async def running_payment(
    installation: Installation,
    folder: Path,
    *,
    role: Role = "all",
    known: WechatMerchant | None = None,
    today: date = TODAY,
) -> AsyncIterator[RunningPayment]:
    """Run payment on an October day with its channel, for a merchant as the settings know it.

    From that day on the channel's bills settle the merchant's money; days before it are settled by their sums.
    """
    async with wechat_peer(known.mchid if known else MCHID) as peer:
        merchants = (known or merchant(folder),)
        settled = installation.with_settings(wechat_merchants=merchants, wechat_base_url=peer.url)
        await settled.set_business_date(today, "payment")
        async with settled.running(SERVICE, role=role) as (running,), http_client([running]) as http:
            yield RunningPayment(settled, running, http, peer)
