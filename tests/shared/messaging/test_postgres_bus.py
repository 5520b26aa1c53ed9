"""The bus in PostgreSQL: what a sender may wait for."""

from __future__ import annotations

import asyncpg
import pytest

from shared.database.provision import BUS
from shared.domain.ids import new_id
from shared.messaging.bus import postgres
from tests.shared.messaging.example_services import Stage, arrived, outgoing


@pytest.mark.parametrize("open_bus", ["postgres"], indirect=True)
async def test_a_send_ends_within_its_time_though_somebody_holds_the_partition(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SEND_TIMEOUT_S", 0.3)
    bus = stage.bus()
    await bus.create_topics(["station"])
    record = outgoing(arrived(new_id()), 1, bus=bus)
    connection = await asyncpg.connect(stage.clones.url(BUS, "owner"))
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM bus_head FOR UPDATE")
            [error] = await bus.send([record])
    finally:
        await connection.close()
    # The database's own lock timeout would be another error, and later than the lease of a lane.
    assert isinstance(error, TimeoutError)
    assert await bus.send([record]) == [None]
