"""Assessments that a restoration lost are taken up again as others know them, and nobody is priced otherwise."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.subsidy.assessment import handlers
from services.subsidy.assessment.lost import take_up_lost
from services.subsidy.assessment.reassessment_job import REASSESS
from services.subsidy.changes.policy_change import POLICY_CHANGE
from services.subsidy.pricing.pricer import certified
from services.subsidy.resources import SubsidyResources
from shared.contracts.registration import EnrolmentRegistered
from shared.contracts.subsidy import ContributionAssessed
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.domain.ids import new_id
from shared.messaging.outbox.epochs import Beginning, LostEvent, begin_epoch, keep_lost
from shared.service import ServiceContext
from tests.harness.installation import COUNTY, Installation
from tests.services.subsidy.residents import OCTOBER_9, paid, registered, roster
from tests.services.subsidy.test_batches import handle, upload
from tools.restore.rosters import roster_tasks

_STANDING = """
    SELECT a.version, a.identities::text AS identities, p.schedule -> 0 ->> 'due_fen' AS due_fen
    FROM assessment a JOIN pricing p ON p.id = a.pricing_id WHERE a.enrolment_id = $1 ORDER BY a.version
"""


def announced(
    resources: SubsidyResources, person: EnrolmentRegistered, version: int, *identities: str
) -> ContributionAssessed:
    """What subsidy announced of a person, before its database was restored."""
    held = [certified(name, date(2023, 9, 28), None) for name in identities]
    pricing = resources.pricer.price(person.facts, held, 2024, person.registered_on)
    return ContributionAssessed(
        region=person.region,
        benefit_year=2024,
        enrolment_id=person.enrolment_id,
        person_token=person.person_token,
        version=version,
        outcome=pricing.outcome,
        pack=resources.pack.id,
        identities=identities,
        schedule=pricing.schedule,
        reasons=pricing.reasons,
        assessed_on=OCTOBER_9,
    )


async def lose(county: Installation, *events: ContributionAssessed) -> None:
    """What ``canbao restore`` keeps of events that the database lost."""
    lost = [
        LostEvent(
            id=new_id(),
            event=event.name,
            key=event.key,
            epoch=1,
            seq=event.version,
            region=event.region,
            benefit_year=2024,
            person_token=event.person_token,
            actor="clerk",
            recorded_at=SystemClock().now(),
            payload=event.model_dump(mode="json"),
        )
        for event in events
    ]
    database = Database(county.settings.owner_url("subsidy"), pool_size=1)
    async with database.transaction(COUNTY) as session:
        await keep_lost(session, 2, lost)
    await database.dispose()


async def standing(county: Installation, person: EnrolmentRegistered) -> list[tuple[Any, ...]]:
    rows: Sequence[Any] = await county.sql("subsidy", _STANDING, person.enrolment_id)
    return [tuple(row) for row in rows]


async def test_lost_versions_keep_their_number_and_price_and_a_payment_finds_them(
    subsidy: ServiceContext, county: Installation
) -> None:
    """E1: one was registered before the restore point, one after it; both had paid by a roster that was lost too."""
    await POLICY_CHANGE.step(subsidy)
    before, after = registered(county.settings, 1), registered(county.settings, 2)
    await handle(subsidy, handlers.on_registered, before)
    aided = [announced(subsidy.resources, person, 2, "DIBAO") for person in (before, after)]
    await lose(county, announced(subsidy.resources, after, 1), *reversed(aided))

    async with subsidy.database.transaction(COUNTY) as session:
        assert await take_up_lost(session) == 1
    await handle(subsidy, handlers.on_registered, after)
    for person in (before, after):
        assert await standing(county, person) == [(1, "[]", "38000"), (2, '["DIBAO"]', "18000")]
    again = "SELECT payload::text FROM outbox WHERE payload ->> 'version' = '2' ORDER BY key"
    rows = await county.sql("subsidy", again)
    announced_again = [ContributionAssessed.model_validate_json(row["payload"]) for row in rows]
    assert announced_again == sorted(aided, key=lambda event: event.key)
    assert (await county.sql("subsidy", "SELECT count(*) FROM lost_event WHERE settled_at IS NULL"))[0][0] == 0

    await handle(subsidy, handlers.on_paid, *(paid(person, OCTOBER_9, 18_000, 2) for person in (before, after)))
    frozen = "SELECT count(*) FROM enrolment JOIN pricing p ON p.id = pricing_id WHERE p.schedule::text LIKE '%18000%'"
    assert (await county.sql("subsidy", frozen))[0][0] == 2


async def test_rosters_are_tasks_until_they_are_entered_again_and_then_change_no_price(
    subsidy: ServiceContext, county: Installation
) -> None:
    """E1: a roster and a withdrawal of the lost window show in the assessments that were made by them."""
    await POLICY_CHANGE.step(subsidy)
    added, withdrawn = registered(county.settings, 1), registered(county.settings, 2)
    await upload(subsidy, county, roster("DIBAO", 2))
    await handle(subsidy, handlers.on_registered, added, withdrawn)
    await lose(county, announced(subsidy.resources, added, 2, "DIBAO"), announced(subsidy.resources, withdrawn, 2))
    async with subsidy.database.transaction(COUNTY) as session:
        await take_up_lost(session)
        tasks = {task.about: task.en for task in await roster_tasks(session)}
    assert tasks == {
        f"{added.enrolment_id} DIBAO": "enter the roster again that certified it",
        f"{withdrawn.enrolment_id} DIBAO": "enter the withdrawal from the roster again",
    }

    await upload(subsidy, county, roster("DIBAO", 1, document="罗民〔2023〕89号"))
    await county.sql(
        "subsidy",
        "UPDATE roster_line SET withdrawn_on = certified_on, withdrawal_reason = '超标', withdrawn_by = 'clerk'"
        " WHERE person_token = $1 RETURNING id",
        withdrawn.person_token,
    )
    await REASSESS.step(subsidy)
    assert [version for version, *_ in await standing(county, added)] == [1, 2]
    async with subsidy.database.transaction(COUNTY) as session:
        assert await roster_tasks(session) == []


async def test_a_roster_that_is_entered_again_certifies_what_was_taken_up_and_nothing_else(
    subsidy: ServiceContext, county: Installation
) -> None:
    """E1: entered again, a roster is recorded after the assessment that counts it, as one made for a fraud is."""
    await POLICY_CHANGE.step(subsidy)
    taken_up, invented = registered(county.settings, 1), registered(county.settings, 2)
    await handle(subsidy, handlers.on_registered, taken_up, invented)
    await lose(county, announced(subsidy.resources, taken_up, 2, "DIBAO"))
    owner = Database(county.settings.owner_url("subsidy"), pool_size=1)
    async with owner.transaction(COUNTY) as session:
        await begin_epoch(session, Beginning("operator", "a drill", SystemClock().now(), {}))
        await take_up_lost(session)
    await owner.dispose()
    forged = "UPDATE assessment SET identities = '[\"DIBAO\"]' WHERE enrolment_id = $1 RETURNING version"
    await county.sql("subsidy", forged, invented.enrolment_id)
    uncertified = "SELECT enrolment_id FROM proof.assessment WHERE latest AND NOT certified ORDER BY enrolment_id"
    both = sorted([taken_up.enrolment_id, invented.enrolment_id])
    assert [row["enrolment_id"] for row in await county.sql("subsidy", uncertified)] == both

    await upload(subsidy, county, roster("DIBAO", 1, 2, document="罗民〔2023〕89号"))
    found = [row["enrolment_id"] for row in await county.sql("subsidy", uncertified)]
    assert found == [invented.enrolment_id]
