"""A fact about somebody who was never registered becomes a dead letter where an operator sees it, and not dropped."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from services.registration import SERVICE
from services.registration.enrolments.service import UnknownEnrolment, apply_facts
from shared.contracts.event import Received, Trace
from shared.contracts.payment import ContributionRemitted
from shared.domain.ids import new_id
from tests.harness.installation import COUNTY, Installation


async def test_a_fact_about_an_unknown_enrolment_is_refused_and_changes_nothing(installation: Installation) -> None:
    event = ContributionRemitted(
        region=COUNTY, enrolment_id=uuid4(), batch_id=uuid4(), amount_fen=38000, remitted_on=date(2023, 10, 10)
    )
    received = Received(event, new_id(), 1, "payment", datetime(2023, 10, 10, tzinfo=UTC), Trace.start("tax hall"))
    async with installation.running(SERVICE, role="web") as (run,):
        with pytest.raises(UnknownEnrolment):
            async with run.database.transaction(COUNTY) as session:
                await apply_facts(session, [received], lambda standing, _: standing)
    assert await installation.sql("registration", "SELECT id FROM outbox") == []
