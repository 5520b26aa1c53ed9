"""When the day turns, people whom a roster line begins or ceases to aid are looked at again, however the day is set."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.subsidy import SERVICE as SUBSIDY
from services.subsidy.assessment import handlers
from services.subsidy.assessment.reassessment_job import REASSESS
from services.subsidy.changes.day_rollover import DAY_ROLLOVER
from services.subsidy.changes.policy_change import POLICY_CHANGE, queue_more
from shared.contracts.registration import BusinessDateAdvanced
from shared.contracts.subsidy import ContributionAssessed
from shared.domain.ids import new_id
from shared.service import ServiceContext
from tests.harness.fixed_clock import FixedClock
from tests.harness.installation import COUNTY, Installation, http_client
from tests.harness.lock_waits import wait_for_lock_waits
from tests.services.subsidy.conftest import AMOUNTS
from tests.services.subsidy.residents import OCTOBER_9, number, paid, received, registered, roster
from tests.services.subsidy.test_batches import handle, upload

BEGINS = date(2023, 10, 20)


@pytest.fixture
async def calendar(installation: Installation) -> AsyncIterator[ServiceContext]:
    """Subsidy in an installation that follows the calendar: nobody ever stated a business date."""
    async with installation.with_settings(policy_overrides=AMOUNTS).running(SUBSIDY, role="web") as (running,):
        yield running


def on(running: ServiceContext, day: date) -> ServiceContext:
    """The same service on a day, at noon."""
    return replace(running, clock=FixedClock(datetime(day.year, day.month, day.day, 4, tzinfo=UTC)))


async def newest(installation: Installation) -> list[tuple[int, date, int | None]]:
    """Version, day and price of each person's newest assessment, in the order of registration."""
    rows = await installation.sql(
        "subsidy",
        "SELECT e.version, a.assessed_on, (p.schedule -> a.row_no ->> 'due_fen')::int AS due FROM enrolment e "
        "JOIN assessment a ON a.enrolment_id = e.id AND a.version = e.version JOIN pricing p ON p.id = a.pricing_id "
        "ORDER BY e.recorded_at, e.id",
    )
    return [tuple(row) for row in rows]


async def test_a_certificate_begins_on_its_day_by_the_calendar(
    calendar: ServiceContext, installation: Installation
) -> None:
    await handle(calendar, handlers.on_registered, registered(installation.settings, 1))
    assert await DAY_ROLLOVER.step(on(calendar, OCTOBER_9)) == 0
    await upload(calendar, installation, roster("TEKUN", 1, certified_on=BEGINS.isoformat()))
    await REASSESS.step(on(calendar, OCTOBER_9))
    assert await newest(installation) == [(2, OCTOBER_9, 38000)]
    eve = BEGINS - timedelta(1)
    assert await DAY_ROLLOVER.step(on(calendar, eve)) == 0
    assert await DAY_ROLLOVER.step(on(calendar, BEGINS)) == 1
    assert await REASSESS.step(on(calendar, BEGINS)) == 1
    assert await newest(installation) == [(3, BEGINS, 0)]
    assert await DAY_ROLLOVER.step(on(calendar, BEGINS)) == 0, "once a day"
    assert await DAY_ROLLOVER.step(on(calendar, eve)) == 0, "a clock that goes back turns nothing back"


async def test_a_registration_received_after_the_certificate_began_owes_nothing(
    calendar: ServiceContext, installation: Installation
) -> None:
    await upload(calendar, installation, roster("TEKUN", 1, certified_on=BEGINS.isoformat()))
    await DAY_ROLLOVER.step(on(calendar, OCTOBER_9))
    await DAY_ROLLOVER.step(on(calendar, BEGINS + timedelta(1)))
    while await REASSESS.step(on(calendar, BEGINS + timedelta(1))):
        continue
    for sequence in (1, 2):
        await handle(calendar, handlers.on_registered, registered(installation.settings, sequence))
    assert await newest(installation) == [(1, BEGINS, 0), (1, OCTOBER_9, 38000)]


async def test_nothing_due_today_enrols_whatever_is_due_later(
    calendar: ServiceContext, installation: Installation
) -> None:
    """Default 20 as for anybody who has paid: what ends later goes to a review, and no bill is opened."""
    await upload(calendar, installation, roster("TEKUN", 1))
    (line,) = await installation.sql("subsidy", "SELECT roster_id FROM roster_line")
    body = {"document_number": number(1), "withdrawn_on": "2023-12-01", "reason": "复核不符"}
    async with http_client([calendar]) as http:
        caller = installation.caller("subsidy:write")
        path = f"/subsidy/v1/rosters/{line['roster_id']}/withdrawals"
        assert (await http.post(path, json=body, headers=caller)).status_code == 200
    await handle(calendar, handlers.on_registered, registered(installation.settings, 1))
    (fact,) = await installation.sql(
        "subsidy", "SELECT payload::text AS payload FROM outbox WHERE event LIKE '%assessed.v1'"
    )
    announced = ContributionAssessed.model_validate_json(fact["payload"])
    assert ([row.due_fen for row in announced.schedule], announced.nothing_due) == ([0, 38000], True)


async def test_a_wait_that_would_pass_the_year_by_now_takes_nothing_back(installation: Installation) -> None:
    """In December nobody may pay any more in anon-city; money of November may still arrive."""
    amounts = AMOUNTS.parent.parent / "anon-city-2023/example-amounts.yaml"
    city = installation.with_settings(policy_pack="anon-city-2023", policy_overrides=amounts)
    async with city.running(SUBSIDY, role="web") as (running,):
        person = registered(installation.settings, 1, on=date(2023, 11, 1)).model_copy(update={"benefit_year": 2023})
        await handle(running, handlers.on_registered, person)
        await upload(running, city, roster("MILD_DISABLED", 1))
        await REASSESS.step(on(running, date(2023, 12, 15)))
        (row,) = await installation.sql(
            "subsidy", "SELECT outcome FROM enrolment e JOIN pricing p ON p.id = e.pricing_id"
        )
        assert row["outcome"] == "PRICED"


async def test_a_wait_runs_from_the_certificate_however_late_its_roster_comes(
    installation: Installation,
) -> None:
    amounts = AMOUNTS.parent.parent / "anon-city-2023/example-amounts.yaml"
    city = installation.with_settings(policy_pack="anon-city-2023", policy_overrides=amounts)
    async with city.running(SUBSIDY, role="web") as (running,):
        registered_on, certified_on, today = date(2022, 12, 20), date(2022, 12, 28), date(2023, 1, 5)
        person = registered(installation.settings, 1, on=registered_on).model_copy(update={"benefit_year": 2023})
        await handle(running, handlers.on_registered, person)
        await DAY_ROLLOVER.step(on(running, today))
        await upload(running, city, roster("TEKUN", 1, certified_on=certified_on.isoformat()))
        await REASSESS.step(on(running, today))
        assert await newest(installation) == [(2, certified_on, 0)], "in time: no wait, though received in January"


async def test_a_held_person_is_priced_once_the_county_configures_the_amount(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    await upload(calendar, installation, roster("DIBAO_MARGIN", 1, 2))
    people = [registered(installation.settings, sequence) for sequence in (1, 2, 3)]
    await handle(calendar, handlers.on_registered, *people)
    await handle(calendar, handlers.on_paid, paid(people[2], OCTOBER_9, 38000))
    await POLICY_CHANGE.step(calendar)
    assert await REASSESS.step(on(calendar, OCTOBER_9)) == 2, "the roster's own changes"
    await POLICY_CHANGE.step(calendar)
    assert await REASSESS.step(on(calendar, OCTOBER_9)) == 0, "the policy is the same"

    configured = tmp_path / "amounts.yaml"
    margin = '  DIBAO_MARGIN: {type: fixed, amount: "100.00", funder: county_finance}\n'
    configured.write_text(AMOUNTS.read_text(encoding="utf-8").rstrip() + "\n" + margin, encoding="utf-8")
    changed = installation.with_settings(policy_overrides=configured)
    async with changed.running(SUBSIDY, role="web") as (running,):
        await POLICY_CHANGE.step(running)
        assert await REASSESS.step(on(running, OCTOBER_9)) == 2, "who has paid is left alone"
    found = await installation.sql(
        "subsidy", "SELECT version, cause FROM assessment WHERE version > 1 ORDER BY enrolment_id"
    )
    assert [tuple(row) for row in found] == [(2, "POLICY_CHANGED")] * 2
    assert [row[2] for row in await newest(installation)] == [28000, 28000, 38000]


async def test_a_new_policy_queues_people_in_portions_and_goes_on_where_it_stopped(
    calendar: ServiceContext, installation: Installation
) -> None:
    """F: a county's unpaid people were queued by one statement, which took as long as a statement may."""
    people = [registered(installation.settings, sequence) for sequence in range(1, 6)]
    await handle(calendar, handlers.on_registered, *people)
    await handle(calendar, handlers.on_paid, paid(people[1], OCTOBER_9, 38000))
    first = "INSERT INTO policy_applied VALUES (true, 'another', '00000000-0000-0000-0000-000000000000')"
    await installation.sql("subsidy", first)
    queued = []
    while await queue_more(calendar, 2):
        queued.append(await installation.sql("subsidy", "SELECT person_token FROM roster_change"))
    assert [len(each) for each in queued] == [1, 3, 4]
    assert {row["person_token"] for row in queued[-1]} == {one.person_token for one in people if one is not people[1]}
    assert await queue_more(calendar, 2) == 0, "once for each policy"


AFTER = date(2024, 1, 5)  # the last day to pay is over


async def _reconfigured(installation: Installation, folder: Path, more: str, on_day: date) -> None:
    """The county adds to its amounts, and its service starts again."""
    configured = folder / "amounts.yaml"
    configured.write_text(AMOUNTS.read_text(encoding="utf-8").rstrip() + "\n" + more, encoding="utf-8")
    async with installation.with_settings(policy_overrides=configured).running(SUBSIDY, role="web") as (running,):
        await POLICY_CHANGE.step(running)
        while await REASSESS.step(on(running, on_day)):
            continue


async def test_a_change_after_the_last_day_takes_nothing_back(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    """Money that was sent on time may arrive late: its bill has to stand."""
    await upload(calendar, installation, roster("DIBAO_MARGIN", 2))
    people = [registered(installation.settings, sequence) for sequence in (1, 2, 3)]
    await handle(calendar, handlers.on_registered, *people)
    await handle(calendar, handlers.on_paid, paid(people[2], OCTOBER_9, 38000))
    await POLICY_CHANGE.step(calendar)
    margin = "  DIBAO_MARGIN: {type: full, funder: county_finance}\n"
    await _reconfigured(installation, tmp_path, margin, AFTER)
    assert await newest(installation) == [(1, OCTOBER_9, 38000), (2, OCTOBER_9, 0), (1, OCTOBER_9, 38000)]


async def test_a_roster_of_january_enrols_by_the_day_it_certifies(
    calendar: ServiceContext, installation: Installation
) -> None:
    await handle(calendar, handlers.on_registered, registered(installation.settings, 1))
    await upload(calendar, installation, roster("TEKUN", 1, certified_on="2023-12-01"))
    await REASSESS.step(on(calendar, AFTER))
    assert await newest(installation) == [(2, date(2023, 12, 1), 0)]


async def test_another_years_policy_looks_at_nobody_of_this_year(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    people = [registered(installation.settings, sequence) for sequence in (1, 2)]
    await handle(calendar, handlers.on_registered, *people)
    await handle(calendar, handlers.on_paid, paid(people[1], OCTOBER_9, 38000))
    await POLICY_CHANGE.step(calendar)
    amounts = AMOUNTS.parent.parent / "national-2025/example-amounts.yaml"
    later = installation.with_settings(policy_pack="national-2025", policy_overrides=amounts)
    async with later.running(SUBSIDY, role="web") as (running,):
        await POLICY_CHANGE.step(running)
        await upload(running, later, roster("DIBAO", 1, 2))
        while await REASSESS.step(on(running, date(2024, 10, 20))):
            continue
    assert [version for version, _, _ in await newest(installation)] == [1, 1]


async def test_who_paid_before_the_contribution_rose_is_no_case_for_review(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    person = registered(installation.settings, 1)
    await handle(calendar, handlers.on_registered, person)
    await handle(calendar, handlers.on_paid, paid(person, OCTOBER_9, 38000))
    await POLICY_CHANGE.step(calendar)
    await upload(calendar, installation, roster("SEVERE_DISABLED", 1))
    await _reconfigured(installation, tmp_path, 'individual_contribution: "400.00"\n', OCTOBER_9)
    assert await newest(installation) == [(1, OCTOBER_9, 38000)]


async def test_a_process_of_an_older_policy_has_no_last_word(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    """Two run beside each other for a while: people whom the older one registers are looked at by the newer one."""
    await POLICY_CHANGE.step(calendar)
    configured = tmp_path / "amounts.yaml"
    configured.write_text(AMOUNTS.read_text(encoding="utf-8") + 'individual_contribution: "400.00"\n', encoding="utf-8")
    async with installation.with_settings(policy_overrides=configured).running(SUBSIDY, role="web") as (newer,):
        await POLICY_CHANGE.step(newer)
        await handle(calendar, handlers.on_registered, registered(installation.settings, 1))
        assert await newest(installation) == [(1, OCTOBER_9, 38000)]
        assert await REASSESS.step(on(calendar, OCTOBER_9)) == 0
        assert await REASSESS.step(on(newer, OCTOBER_9)) == 1
    assert await newest(installation) == [(2, OCTOBER_9, 40000)]


async def test_the_first_policy_waits_for_those_who_are_priced_before_it(
    calendar: ServiceContext, installation: Installation, tmp_path: Path
) -> None:
    """A1, the member nobody listed: that no policy was in force yet held nobody off, and they kept the older price."""
    configured = tmp_path / "amounts.yaml"
    configured.write_text(AMOUNTS.read_text(encoding="utf-8") + 'individual_contribution: "400.00"\n', encoding="utf-8")
    async with installation.with_settings(policy_overrides=configured).running(SUBSIDY, role="web") as (newer,):
        async with calendar.database.transaction(COUNTY) as pricing:
            people = received(registered(installation.settings, 1))
            await handlers.on_registered(pricing, people, calendar.resources)
            applying = asyncio.ensure_future(POLICY_CHANGE.step(newer))
            await wait_for_lock_waits(installation, "subsidy")
        await applying
        assert await REASSESS.step(on(newer, OCTOBER_9)) == 1
    assert await newest(installation) == [(2, OCTOBER_9, 40000)]


async def test_the_first_stated_day_is_turned_to_where_it_lies_ahead(
    calendar: ServiceContext, installation: Installation
) -> None:
    await handle(calendar, handlers.on_registered, registered(installation.settings, 1))
    await DAY_ROLLOVER.step(on(calendar, OCTOBER_9))
    await upload(calendar, installation, roster("TEKUN", 1, certified_on=BEGINS.isoformat()))
    await REASSESS.step(on(calendar, OCTOBER_9))
    stated = BusinessDateAdvanced(
        region=COUNTY, benefit_year=None, installation_id=new_id(), business_date=BEGINS + timedelta(3)
    )
    await handle(calendar, handlers.on_business_date, stated)
    assert await REASSESS.step(calendar) == 1
    assert await newest(installation) == [(3, BEGINS, 0)]
