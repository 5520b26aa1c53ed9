"""Batches are priced in a handful of statements, each distinct combination of facts once, and races lose nobody."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from services.subsidy.assessment import handlers
from services.subsidy.assessment.reassessment_job import REASSESS
from services.subsidy.changes.policy_change import POLICY_CHANGE
from shared.contracts.registration import BusinessDateAdvanced, EnrolmentPaymentCorrected, EnrolmentTerminated
from shared.domain.ids import new_id
from shared.service import ServiceContext
from tests.harness.installation import COUNTY, Installation, http_client
from tests.services.subsidy.residents import OCTOBER_9, number, paid, received, registered, roster, token


@contextmanager
def statements(running: ServiceContext) -> Iterator[list[str]]:
    """The statements that a service sends meanwhile."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        sent.append(statement)

    engine = running.database.engine.sync_engine
    sqlalchemy_event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sqlalchemy_event.remove(engine, "before_cursor_execute", note)


async def upload(running: ServiceContext, county: Installation, *bodies: dict[str, Any]) -> None:
    async with http_client([running]) as http:
        for body in bodies:
            answer = await http.post("/subsidy/v1/rosters", json=body, headers=county.caller("subsidy:write"))
            assert answer.status_code == 201, answer.text


async def handle(running: ServiceContext, handler: Any, *events: Any) -> None:
    async with running.database.transaction(COUNTY) as session:
        await handler(session, received(*events), running.resources)


async def test_five_hundred_registrations_take_a_handful_of_statements(
    subsidy: ServiceContext, county: Installation
) -> None:
    await POLICY_CHANGE.step(subsidy)
    await upload(subsidy, county, roster("DIBAO", *range(1, 51)), roster("TEKUN", *range(51, 80)))
    events = [registered(county.settings, sequence, on=date(2023, 10, 9 + sequence % 5)) for sequence in range(1, 501)]
    with statements(subsidy) as sent:
        await handle(subsidy, handlers.on_registered, *events)
    assert len(sent) <= 10, sent
    (row,) = await county.sql("subsidy", "SELECT (SELECT count(*) FROM assessment) a, (SELECT count(*) FROM pricing) p")
    assert (row["a"], row["p"]) == (500, 3)
    assert subsidy.resources.pricer.decided <= 15


async def test_five_hundred_roster_changes_take_a_handful_of_statements(
    subsidy: ServiceContext, county: Installation
) -> None:
    await POLICY_CHANGE.step(subsidy)
    await handle(subsidy, handlers.on_registered, *(registered(county.settings, n) for n in range(1, 501)))
    await upload(subsidy, county, roster("DIBAO", *range(1, 501)))
    with statements(subsidy) as sent:
        assert await REASSESS.step(subsidy) == 500
    assert len(sent) <= 12, sent
    assert await REASSESS.step(subsidy) == 0
    (row,) = await county.sql("subsidy", "SELECT count(*) FILTER (WHERE version = 2) AS renewed FROM enrolment")
    assert row["renewed"] == 500


class TestPaid:
    """Default 20: the price stays; until the benefit period begins, what would be due now goes to a review."""

    FROZEN = (
        "SELECT e.version, (p.schedule -> e.row_no ->> 'due_fen')::int AS frozen, "
        "(SELECT (n.schedule -> a.row_no ->> 'due_fen')::int FROM assessment a JOIN pricing n ON n.id = a.pricing_id "
        "WHERE a.enrolment_id = e.id AND a.version = e.version) AS now "
        "FROM enrolment e JOIN pricing p ON p.id = e.pricing_id"
    )

    async def paid_one(self, subsidy: ServiceContext, county: Installation, due_fen: int = 38000) -> None:
        person = registered(county.settings, 1)
        await handle(subsidy, handlers.on_registered, person)
        await handle(subsidy, handlers.on_paid, paid(person, OCTOBER_9, due_fen))

    async def looked_at(self, subsidy: ServiceContext, county: Installation) -> tuple[int, int, int]:
        """The newest version, the price that was frozen and the one that would be due, once changes are worked."""
        while await REASSESS.step(subsidy):
            continue
        (row,) = await county.sql("subsidy", self.FROZEN)
        return row["version"], row["frozen"], row["now"]

    async def withdraw(self, subsidy: ServiceContext, county: Installation, identity: str) -> None:
        (line,) = await county.sql("subsidy", "SELECT roster_id FROM roster_line WHERE identity = $1", identity)
        body = {"document_number": number(1), "withdrawn_on": "2023-10-10", "reason": "复核不符"}
        async with http_client([subsidy]) as http:
            caller = county.caller("subsidy:write")
            answer = await http.post(f"/subsidy/v1/rosters/{line['roster_id']}/withdrawals", json=body, headers=caller)
            assert answer.status_code == 200, answer.text

    async def today(self, subsidy: ServiceContext, day: date) -> None:
        advanced = BusinessDateAdvanced(region=COUNTY, benefit_year=None, installation_id=new_id(), business_date=day)
        await handle(subsidy, handlers.on_business_date, advanced)

    async def test_somebody_certified_after_paying_is_reviewed_once(
        self, subsidy: ServiceContext, county: Installation
    ) -> None:
        await self.paid_one(subsidy, county)
        await upload(subsidy, county, roster("DIBAO", 1))
        assert await self.looked_at(subsidy, county) == (2, 38000, 18000)
        await upload(subsidy, county, roster("SEVERE_DISABLED", 1))
        assert await self.looked_at(subsidy, county) == (2, 38000, 18000), "nothing changed for the money"

    async def test_a_certificate_of_a_later_day_counts_for_the_day_of_payment_too(
        self, subsidy: ServiceContext, county: Installation
    ) -> None:
        await self.paid_one(subsidy, county)
        await upload(subsidy, county, roster("TEKUN", 1, certified_on="2023-11-01"))
        assert await self.looked_at(subsidy, county) == (1, 38000, 38000), "not certified yet"
        await self.today(subsidy, date(2023, 11, 1))
        assert await self.looked_at(subsidy, county) == (2, 38000, 0)

    async def test_a_review_ends_when_the_certificate_is_withdrawn(
        self, subsidy: ServiceContext, county: Installation
    ) -> None:
        await self.paid_one(subsidy, county)
        await upload(subsidy, county, roster("DIBAO", 1))
        assert await self.looked_at(subsidy, county) == (2, 38000, 18000)
        await self.withdraw(subsidy, county, "DIBAO")
        await self.today(subsidy, date(2023, 10, 10))
        assert await self.looked_at(subsidy, county) == (3, 38000, 38000)

    async def test_aid_withdrawn_after_nothing_was_due_is_reviewed(
        self, subsidy: ServiceContext, county: Installation
    ) -> None:
        await upload(subsidy, county, roster("TEKUN", 1))
        await self.paid_one(subsidy, county, due_fen=0)
        assert await self.looked_at(subsidy, county) == (1, 0, 0)
        await self.withdraw(subsidy, county, "TEKUN")
        await self.today(subsidy, date(2023, 10, 10))
        assert await self.looked_at(subsidy, county) == (2, 0, 38000)

    @pytest.mark.parametrize(("day", "version"), [(date(2023, 12, 31), 2), (date(2024, 1, 1), 1)])
    async def test_once_the_benefit_period_has_begun_nothing_is_looked_at_again(
        self, subsidy: ServiceContext, county: Installation, day: date, version: int
    ) -> None:
        await self.paid_one(subsidy, county)
        await self.today(subsidy, day)
        await upload(subsidy, county, roster("DIBAO", 1))
        assert (await self.looked_at(subsidy, county))[:2] == (version, 38000)


async def test_a_bill_paid_while_it_was_being_replaced_stays_under_the_old_price(
    subsidy: ServiceContext, county: Installation
) -> None:
    person = registered(county.settings, 1)
    await handle(subsidy, handlers.on_registered, person)
    await upload(subsidy, county, roster("DIBAO", 1))
    await REASSESS.step(subsidy)
    await handle(subsidy, handlers.on_paid, paid(person, date(2023, 10, 9), 38000))
    (row,) = await county.sql(
        "subsidy",
        "SELECT (p.schedule -> e.row_no ->> 'due_fen')::int AS due "
        "FROM enrolment e JOIN pricing p ON p.id = e.pricing_id",
    )
    assert row["due"] == 38000


async def test_money_credited_under_an_older_version_replaces_nothing_due(
    subsidy: ServiceContext, county: Installation
) -> None:
    person = registered(county.settings, 1)
    await handle(subsidy, handlers.on_registered, person)
    await upload(subsidy, county, roster("TEKUN", 1))
    await REASSESS.step(subsidy)
    aided = "SELECT p.schedule -> e.row_no -> 'shares' AS shares FROM enrolment e JOIN pricing p ON p.id = e.pricing_id"
    await handle(subsidy, handlers.on_paid, paid(person, OCTOBER_9, 0, version=2))
    assert [row["shares"] for row in await county.sql("subsidy", aided)] != ["[]"]
    corrected = EnrolmentPaymentCorrected(
        region=person.region,
        benefit_year=2024,
        enrolment_id=person.enrolment_id,
        person_token=person.person_token,
        paid_on=OCTOBER_9,
        due_fen=38_000,
        assessment_version=1,
    )
    await handle(subsidy, handlers.on_payment_corrected, corrected)
    assert [row["shares"] for row in await county.sql("subsidy", aided)] == ["[]"]


async def test_an_ended_enrolment_is_priced_no_more_and_counted_no_more(
    subsidy: ServiceContext, county: Installation
) -> None:
    person = registered(county.settings, 1)
    await handle(subsidy, handlers.on_registered, person)
    ended = EnrolmentTerminated(
        region=person.region,
        benefit_year=2024,
        enrolment_id=person.enrolment_id,
        person_token=person.person_token,
        terminated_on=OCTOBER_9,
        reason="DEATH",
        was_paid=False,
    )
    await handle(subsidy, handlers.on_terminated, ended)
    await upload(subsidy, county, roster("DIBAO", 1))
    await REASSESS.step(subsidy)
    (row,) = await county.sql("subsidy", "SELECT version, terminated_on FROM enrolment")
    assert (row["version"], row["terminated_on"]) == (1, OCTOBER_9)
    async with http_client([subsidy]) as http:
        caller = county.caller("subsidy:read")
        summary = await http.get("/subsidy/v1/summary", params={"benefit_year": 2024}, headers=caller)
    assert summary.json()["outcomes"] == {}


async def test_a_roster_that_meets_a_registration_is_never_missed(
    subsidy: ServiceContext, county: Installation
) -> None:
    """The registration reads the rosters, then the roster commits, then its change is worked on: it waits."""
    person = registered(county.settings, 1)
    async with subsidy.database.transaction(COUNTY) as session:
        await handlers.on_registered(session, received(person), subsidy.resources)
        await upload(subsidy, county, roster("DIBAO", 1))
        step = asyncio.ensure_future(REASSESS.step(subsidy))
        await asyncio.wait([step], timeout=0.3)
        assert not step.done(), "the change looked for enrolments before the registration had committed"
    assert await step == 1
    (row,) = await county.sql(
        "subsidy", "SELECT version FROM enrolment WHERE person_token = $1", token(county.settings, 1)
    )
    assert row["version"] == 2


async def test_people_are_decided_as_the_rules_decide_one_by_one(subsidy: ServiceContext, county: Installation) -> None:
    await upload(subsidy, county, roster("DIBAO", 1), roster("TEKUN", 2), roster("DIBAO_MARGIN", 3))
    people = [
        *(registered(county.settings, n) for n in range(1, 5)),
        registered(county.settings, 5, hukou="nonlocal", residence="in_area_short_term"),
        registered(county.settings, 6, on=date(2024, 1, 1)),
    ]
    await handle(subsidy, handlers.on_registered, *people)
    found = await county.sql(
        "subsidy",
        "SELECT p.outcome, p.reason_code, (p.schedule -> a.row_no ->> 'due_fen')::int AS due "
        "FROM assessment a JOIN pricing p ON p.id = a.pricing_id ORDER BY array_position($1, a.person_token)",
        [person.person_token for person in people],
    )
    assert [tuple(row) for row in found] == [
        ("PRICED", None, 18000),
        ("PRICED", None, 0),
        ("HELD", "SUBSIDY_AMOUNT_NOT_CONFIGURED", None),
        ("PRICED", None, 38000),
        ("REJECTED", "NOT_IN_SCOPE", None),
        ("REJECTED", "WINDOW_CLOSED", None),
    ]
