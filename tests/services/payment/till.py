"""A till: payment with a WeChat Pay of the test's own, people who were billed, and the channel's notices."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from services.payment import SERVICE
from services.payment.bills import service as bills
from shared.contracts.event import Received, Trace
from shared.contracts.subsidy import BenefitRule, ContributionAssessed, ScheduleRow, Share
from shared.domain.ids import new_id
from shared.service import Role, Running
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation, knocking
from tests.harness.wechat_peer import MCHID, SignedNotice, WechatPeer, merchant, paid_notice, wechat_peer

VILLAGE = "411521101201"
OTHER_VILLAGE = "411521102201"
DUE_FEN = 38_000
TODAY = date(2023, 10, 8)
OPERATOR = tuple(f"payment:{verb}" for verb in ("read", "write", "operate", "refund", "bank", "tax", "treasury"))


def row(due_fen: int = DUE_FEN, *, until: date = date(2023, 12, 30), aid_fen: int = 0, **changes: Any) -> ScheduleRow:
    """A row of a schedule: due from October until a day, the rest of 380 yuan aided where asked."""
    shares = (Share(funder="medical_assistance_fund", amount_fen=aid_fen),) if aid_fen else ()
    fields: dict[str, Any] = {
        "pay_from": date(2023, 10, 1),
        "pay_until": until,
        "standard_fen": due_fen + aid_fen,
        "due_fen": due_fen,
        "shares": shares,
        "benefit": BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31)),
    }
    return ScheduleRow(**fields | changes)


def assessed(
    enrolment_id: UUID, *rows: ScheduleRow, version: int = 1, region: str = VILLAGE, outcome: str = "PRICED"
) -> Received[ContributionAssessed]:
    """The fact that an enrolment was assessed."""
    event = ContributionAssessed(
        region=region,
        benefit_year=2024,
        enrolment_id=enrolment_id,
        person_token=f"token-{enrolment_id.hex}",
        version=version,
        outcome=outcome,
        pack="luoshan-2024",
        schedule=(rows or (row(),)) if outcome == "PRICED" else (),
        assessed_on=TODAY,
    )
    return Received(event, new_id(), version, "subsidy", datetime(2023, 10, 8, tzinfo=UTC), Trace.start("clerk-of-old"))


@dataclass
class Till:
    """Payment's doors, its channel, and its books."""

    installation: Installation
    running: Running
    doors: httpx.AsyncClient
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
        """Knock on a door as an operator."""
        headers = self.installation.caller(*OPERATOR, region=region, client=client)
        return await self.doors.post(f"/payment/v1/{path}", json=body, headers=headers)

    async def get(self, path: str, *, region: str = COUNTY) -> Any:
        """Ask as an operator, and expect an answer."""
        answer = await self.doors.get(f"/payment/v1/{path}", headers=self.installation.caller(*OPERATOR, region=region))
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
        return await self.doors.post(
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
        rows = await self.sql(
            """SELECT account, sum(fen)::bigint AS fen FROM (
                   SELECT debit AS account, amount_fen AS fen FROM transfer
                   UNION ALL SELECT credit, -amount_fen FROM transfer) AS side
               GROUP BY account HAVING sum(fen) <> 0 ORDER BY account"""
        )
        return {row["account"]: row["fen"] for row in rows}

    async def events(self, name: str) -> list[Any]:
        """What payment announced under a name."""
        return list(await self.sql("SELECT * FROM outbox WHERE event = $1 ORDER BY recorded_at, id", name))

    async def states(self, *people: UUID) -> list[str]:
        """The state of each person's newest bill."""
        return [(await self.get(f"bills/{one}"))["state"] for one in people]


@asynccontextmanager
async def open_till(installation: Installation, folder: Path, *, role: Role = "all") -> AsyncIterator[Till]:
    """Run payment on an October day with its channel."""
    async with wechat_peer() as peer:
        settled = installation.with_settings(wechat_merchants=(merchant(folder),), wechat_base_url=peer.url)
        await settled.set_business_date(TODAY, "payment")
        async with settled.running(SERVICE, role=role) as (running,), knocking([running]) as doors:
            yield Till(settled, running, doors, peer)
