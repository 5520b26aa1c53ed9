"""An enrolment announced as paid because nothing was due, whose credited money arrives later, is announced again."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.registration import SERVICE
from services.registration.enrolments.handlers import on_contributions_reversed
from services.registration.enrolments.service import record_assessments, record_contributions
from shared.contracts.event import Event, Received, Trace
from shared.contracts.payment import ContributionPaid, ContributionReversed
from shared.contracts.subsidy import BenefitRule, ContributionAssessed, ScheduleRow, Share, WaitRule
from shared.domain.ids import new_id
from shared.service import ServiceContext
from tests.harness.installation import COUNTY, Installation, http_client
from tests.services.registration.test_enrolments import EVERYTHING, a_person

OCTOBER_9 = date(2023, 10, 9)
BENEFIT = BenefitRule(start="YEAR_START", starts_on=date(2024, 1, 1), ends_on=date(2024, 12, 31))
PAID, CORRECTED = "registration.enrolment_paid.v1", "registration.enrolment_payment_corrected.v1"


def nothing_due(enrolment_id: UUID) -> ContributionAssessed:
    """A second version under which the county pays all."""
    share = Share(funder="county_finance", amount_fen=38_000)
    row = ScheduleRow(
        pay_from=date(2023, 10, 1), pay_until=date(2023, 12, 30), standard_fen=38_000, due_fen=0, shares=(share,),
        benefit=BENEFIT,
    )  # fmt: skip
    return ContributionAssessed(
        region="411521101201", benefit_year=2024, enrolment_id=enrolment_id, person_token="t", version=2,
        outcome="PRICED", pack="luoshan-2024", schedule=(row,), assessed_on=OCTOBER_9,
    )  # fmt: skip


def paid_under_the_first(enrolment_id: UUID) -> ContributionPaid:
    """Money that was credited under the first version."""
    return ContributionPaid(
        region="411521101201", benefit_year=2024, enrolment_id=enrolment_id, person_token="t", bill_id=new_id(),
        bill_version=1, due_fen=38_000, amount_fen=38_000, aided_fen=0, channel="WECHAT", paid_on=OCTOBER_9,
        wait=WaitRule(), benefit=BENEFIT,
    )  # fmt: skip


async def take_back(session: AsyncSession, events: list[Received[ContributionReversed]]) -> None:
    """Take reversals in, as the consumer does."""
    await on_contributions_reversed(session, events, None)  # type: ignore[arg-type]


TAKES: dict[type[Event], Any] = {ContributionPaid: record_contributions, ContributionReversed: take_back}


async def receive(run: ServiceContext, take: Any, event: Event) -> None:
    """Take an event in, as the consumer does."""
    received: Received[Any] = Received(
        event, new_id(), 1, "elsewhere", datetime(2023, 10, 9, tzinfo=UTC), Trace.start("clerk")
    )
    async with run.database.transaction(COUNTY) as session:
        await take(session, [received])


async def test_whichever_is_received_first_the_credited_version_is_announced_in_the_end(
    installation: Installation,
) -> None:
    await installation.set_business_date(OCTOBER_9, "registration")
    async with installation.running(SERVICE, role="web") as (run,), http_client([run]) as http:
        http.headers.update(installation.caller(*EVERYTHING))
        village = {"regions": [{"code": "411521101", "name": "铁铺"}]}
        assert (await http.post("/registration/v1/regions", json=village)).status_code == 204
        first, second = [
            UUID((await http.post("/registration/v1/enrolments", json=a_person(n))).json()["id"]) for n in (1, 2)
        ]
        await receive(run, record_assessments, nothing_due(first))
        await receive(run, record_contributions, paid_under_the_first(first))
        await receive(run, record_contributions, paid_under_the_first(second))
        await receive(run, record_assessments, nothing_due(second))
    rows = await installation.sql("registration", "SELECT key, event, payload::text FROM outbox ORDER BY position")
    announced: dict[UUID, list[tuple[str, int]]] = {first: [], second: []}
    for row in rows:
        if row["event"] in (PAID, CORRECTED):
            announced[row["key"]].append((row["event"], orjson.loads(row["payload"])["assessment_version"]))
    assert announced == {first: [(PAID, 2), (CORRECTED, 1)], second: [(PAID, 1)]}


async def test_money_taken_back_leaves_an_enrolment_unpaid_until_it_is_paid_again(installation: Installation) -> None:
    await installation.set_business_date(OCTOBER_9, "registration")
    async with installation.running(SERVICE, role="web") as (run,), http_client([run]) as http:
        http.headers.update(installation.caller(*EVERYTHING))
        village = {"regions": [{"code": "411521101", "name": "铁铺"}]}
        assert (await http.post("/registration/v1/regions", json=village)).status_code == 204
        one = UUID((await http.post("/registration/v1/enrolments", json=a_person(1))).json()["id"])
        paid = paid_under_the_first(one)
        reversed_ = ContributionReversed(
            region=paid.region, benefit_year=2024, enrolment_id=one, person_token="t", bill_id=paid.bill_id,
            bill_version=1, amount_fen=38_000, channel="BANK_COUNTER", reversed_on=OCTOBER_9,
        )  # fmt: skip
        states = []
        for event in (paid, reversed_, reversed_, paid):
            await receive(run, TAKES[type(event)], event)
            rows = await installation.sql("registration", "SELECT state, paid_on, benefit_start FROM enrolment")
            states.append(tuple(rows[0]))
    year = (OCTOBER_9, date(2024, 1, 1))
    assert states == [("PAID", *year), ("REGISTERED", None, None), ("REGISTERED", None, None), ("PAID", *year)]
    events = await installation.sql("registration", "SELECT event FROM outbox WHERE key = $1 ORDER BY position", one)
    reversal = "registration.enrolment_payment_reversed.v1"
    assert [row["event"] for row in events if row["event"] in (PAID, reversal)] == [PAID, reversal, PAID]
