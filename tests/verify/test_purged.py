"""What was announced and sent a month ago leaves the outbox by itself, and the proof holds without it."""

import pytest
from sqlalchemy import text

from shared.audit.repository import begin_sealing, seal_block
from shared.database.engine import Database
from shared.messaging.outbox.audited import OUTBOX
from shared.messaging.outbox.retention import KEPT
from tests.harness.blocks import seal_all
from tests.harness.eventually import eventually
from tests.verify.conftest import County
from tests.verify.small_season import AT_WORK
from verify.checks.events import CHECKS

DATABASES = ("registration", "payment", "subsidy", "quota")
# The county is 40 days old, and so are the first event of every aggregate and the block that holds them.
_AGED = (
    "UPDATE outbox SET recorded_at = recorded_at - interval '40 days',"
    " published_at = published_at - interval '40 days', written_by = '3' WHERE aggregate_seq = 1"
)
_UNSEALED = "DELETE FROM sealed_block WHERE table_name = 'outbox'"
_OLDER = "UPDATE messaging_installation SET settled_at = settled_at - interval '40 days'"
_FIRST = "SELECT count(*) AS first FROM outbox WHERE aggregate_seq = 1"


@pytest.fixture
async def aged(county: County) -> County:
    """A county that began 40 days ago."""
    assert KEPT.days < 40
    for database in DATABASES:
        await county.break_in(database, _OLDER, _AGED, _UNSEALED)
        await _seal_first_events(county, database)
    await seal_all(county.installation)
    return county


async def _seal_first_events(county: County, service: str) -> None:
    """In a block of their own, as they were 40 days ago."""
    first = (await county.sql(service, _FIRST))[0]["first"]
    database = Database(county.installation.settings.service_url(service), pool_size=1)
    async with database.transaction(county.installation.settings.region) as session:
        now = (await session.execute(text("SELECT now() - interval '40 days'"))).scalar_one()
        assert await begin_sealing(session)
        assert await seal_block(session, service, OUTBOX, now, most=first) == first
    await database.dispose()


async def _purged(county: County) -> bool:
    return not any([(await county.sql(name, _FIRST))[0]["first"] for name in DATABASES])


async def test_old_events_leave_by_themselves_and_everything_still_agrees(aged: County) -> None:
    before = {name: (await aged.sql(name, "SELECT count(*) AS n FROM outbox"))[0]["n"] for name in DATABASES}
    async with aged.installation.running(*AT_WORK, role="work"):
        await eventually(lambda: _purged(aged), within_s=20, message="the first events have left")
    report = await aged.examined()
    assert (report.consistent, report.settled) == (True, True)
    after = {name: (await aged.sql(name, "SELECT count(*) AS n FROM outbox"))[0]["n"] for name in DATABASES}
    assert after["registration"] > 0
    assert all(after[name] < before[name] for name in DATABASES)


async def test_what_is_missing_in_the_middle_is_still_a_break(aged: County) -> None:
    await aged.break_in("registration", "DELETE FROM outbox WHERE aggregate_seq = 2")
    contiguous = next(check.code for check in CHECKS if check.code == "EVENTS_CONTIGUOUS")
    assert (await aged.check(contiguous)).breaks > 0
