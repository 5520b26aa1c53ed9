"""``canbao restore --bus-lost`` beside relays at work: each event is sent under one number."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from shared.contracts.event import Trace
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import publish
from shared.settings import Settings
from tests.harness.eventually import eventually
from tests.shared.messaging.example_services import REGION, RecordingHandlers, Stage, arrived, left
from tools.restore.restoration import Restorer

LEASE_S = 1.0
_WAITING = """
    SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database()
"""


async def test_what_a_relay_sends_meanwhile_is_not_sent_again_in_the_new_epoch(stage: Stage) -> None:
    """E1, attacked: it was sent in the old epoch and moved to the new one: followed by nothing, or taken in twice."""
    train = new_id()
    relay = stage.relay("station", lease_s=LEASE_S)
    await relay.prepare()
    await relay.lanes.renew()
    owner = Database(stage.clones.url("station", "owner"), pool_size=2, application_name="canbao restore")
    restorer = Restorer(Settings(region=REGION), "station", stage.bus(), owner, lease_s=LEASE_S)

    async def waiting(count: int) -> bool:
        return bool((await stage.sql("station", _WAITING))[0][0] >= count)

    async def lost_its_lanes_or_marks() -> bool:
        return sending.done() or await waiting(2)

    async def begun() -> bool:
        return bool(await stage.sql("station", "SELECT FROM epoch WHERE epoch = 2"))

    async with owner.transaction(REGION) as marking:
        async with stage.publisher("station").transaction(REGION) as announcing:
            await announcing.execute(text("SELECT max(epoch) FROM epoch"))
            async with stage.publisher("station").transaction(REGION) as other:
                await publish(other, [(arrived(train), Trace.start("test"))])
                restoring = asyncio.create_task(restorer.restore(began_by="test", because="drill", anyway=True))
                await eventually(lambda: waiting(1), message="the epoch waits until nobody announces")
            # What is sent now waits to be marked.
            await marking.execute(text("SELECT FROM relay_lane ORDER BY lane FOR UPDATE"))
            sending = asyncio.create_task(relay.step())
            await eventually(lost_its_lanes_or_marks, message="the relay has sent, or lost its lanes")
        await eventually(begun, message="the epoch has begun")
    assert (await restoring).began == 2
    await sending
    await relay.lanes.leave()  # else the next relay gets half of the lanes only
    await owner.dispose()
    await stage.relayed("station")
    await stage.announce(left(train))
    await stage.relayed("station")
    async with stage.listening(RecordingHandlers()):
        await stage.until_recorded(2, within_s=10)
        await stage.taken_up_to_the_end()
    assert [each.event for each in await stage.recorded()] == ["station.train_arrived.v1", "station.train_left.v1"]
    assert await stage.count("listener", "parked_event") == await stage.count("listener", "dead_letter") == 0
