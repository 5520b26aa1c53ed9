"""A service's relay does not depend on what its endpoints and consumers do with their connections."""

from contextlib import AsyncExitStack

import pytest

from services.subsidy import SERVICE
from shared.contracts.event import EVENT_TYPES, Trace
from shared.contracts.examples import EXAMPLES
from shared.database.engine import Database
from shared.messaging.outbox.publication import publish
from tests.harness.eventually import eventually
from tests.harness.installation import COUNTY, Installation

_UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


@pytest.mark.expects_errors
async def test_with_every_connection_of_the_pool_taken_the_relay_still_sends(installation: Installation) -> None:
    name = next(name for name in EXAMPLES if name.startswith("subsidy."))
    event = EVENT_TYPES[name].model_validate(EXAMPLES[name][0])

    outside = Database(installation.settings.service_url("subsidy"), pool_size=1)
    async with installation.running(SERVICE, role="work") as (run,), AsyncExitStack() as held:
        held.push_async_callback(outside.dispose)
        for _ in range(installation.settings.pool_work):
            await held.enter_async_context(run.database.transaction(COUNTY))
        async with outside.transaction(COUNTY) as session:
            await publish(session, [(event, Trace.start("clerk"))])

        async def all_published() -> bool:
            return bool((await installation.sql("subsidy", _UNPUBLISHED))[0][0] == 0)

        await eventually(all_published, within_s=5, message="the relay has a connection of its own")
