"""Batches are priced in a handful of statements, each distinct combination of facts once, and races lose nobody."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import event as sqlalchemy_event

from services.subsidy.assessment import handlers
from services.subsidy.assessment.reassessing import REASSESS
from shared.contracts.registration import EnrolmentPaymentCorrected, EnrolmentTerminated
from shared.service import Running
from tests.services.subsidy.county import OCTOBER_9, paid, received, registered, roster, token
from tests.support.installation import COUNTY, Installation, knocking


@contextmanager
def statements(running: Running) -> Iterator[list[str]]:
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


async def upload(running: Running, county: Installation, *bodies: dict[str, Any]) -> None:
    async with knocking([running]) as http:
        for body in bodies:
            answer = await http.post("/subsidy/v1/rosters", json=body, headers=county.caller("subsidy:write"))
            assert answer.status_code == 201, answer.text


async def handle(running: Running, handler: Any, *events: Any) -> None:
    async with running.database.transaction(COUNTY) as session:
        await handler(session, received(*events), running.resources)


async def test_five_hundred_registrations_take_a_handful_of_statements(subsidy: Running, county: Installation) -> None:
    await upload(subsidy, county, roster("DIBAO", *range(1, 51)), roster("TEKUN", *range(51, 80)))
    events = [registered(county.settings, sequence, on=date(2023, 10, 9 + sequence % 5)) for sequence in range(1, 501)]
    with statements(subsidy) as sent:
        await handle(subsidy, handlers.on_registered, *events)
    assert len(sent) <= 8, sent
    (row,) = await county.sql("subsidy", "SELECT (SELECT count(*) FROM assessment) a, (SELECT count(*) FROM pricing) p")
    assert (row["a"], row["p"]) == (500, 3)
    assert subsidy.resources.pricer.decided <= 15


async def test_five_hundred_roster_changes_take_a_handful_of_statements(subsidy: Running, county: Installation) -> None:
    await handle(subsidy, handlers.on_registered, *(registered(county.settings, n) for n in range(1, 501)))
    await upload(subsidy, county, roster("DIBAO", *range(1, 501)))
    with statements(subsidy) as sent:
        assert await REASSESS.step(subsidy) == 500
    assert len(sent) <= 12, sent
    assert await REASSESS.step(subsidy) == 0
    (row,) = await county.sql("subsidy", "SELECT count(*) FILTER (WHERE version = 2) AS renewed FROM enrolment")
    assert row["renewed"] == 500


async def test_a_paid_enrolment_keeps_its_price(subsidy: Running, county: Installation) -> None:
    person = registered(county.settings, 1)
    await handle(subsidy, handlers.on_registered, person)
    await handle(subsidy, handlers.on_paid, paid(person, date(2023, 10, 9), 38000))
    await upload(subsidy, county, roster("DIBAO", 1))
    await REASSESS.step(subsidy)
    (row,) = await county.sql("subsidy", "SELECT version, row_no, paid_on FROM enrolment")
    assert (row["version"], row["row_no"], row["paid_on"]) == (1, 0, date(2023, 10, 9))


async def test_a_bill_paid_while_it_was_being_replaced_stays_under_the_old_price(
    subsidy: Running, county: Installation
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
    subsidy: Running, county: Installation
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


async def test_an_ended_enrolment_is_priced_no_more_and_counted_no_more(subsidy: Running, county: Installation) -> None:
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
    async with knocking([subsidy]) as http:
        caller = county.caller("subsidy:read")
        summary = await http.get("/subsidy/v1/summary", params={"benefit_year": 2024}, headers=caller)
    assert summary.json()["outcomes"] == {}


async def test_a_roster_that_meets_a_registration_is_never_missed(subsidy: Running, county: Installation) -> None:
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


async def test_people_are_decided_as_the_rules_decide_one_by_one(subsidy: Running, county: Installation) -> None:
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
