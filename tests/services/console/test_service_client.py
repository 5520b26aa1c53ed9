"""Asking the services: one token for many rounds, and what a service said before outlives its silence."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.console.service_client import ServiceClient
from services.console.summaries import ServiceFault, Snapshot
from tests.services.console.summary_services import PATHS, SummaryServices

NOON = datetime(2023, 12, 18, 4, tzinfo=UTC)
LATER = datetime(2023, 12, 18, 5, tzinfo=UTC)


@pytest.fixture
def services() -> SummaryServices:
    return SummaryServices()


@pytest.fixture
async def client(services: SummaryServices) -> AsyncIterator[ServiceClient]:
    client = services.client()
    yield client
    await client.aclose()


def faults(snapshot: Snapshot) -> dict[str, ServiceFault]:
    answers = {name: getattr(snapshot, name) for name in PATHS}
    return {name: answer.fault for name, answer in answers.items() if answer.fault}


class TestAsk:
    async def test_every_service_is_asked_once_a_round_with_one_token_for_all_rounds(
        self, client: ServiceClient, services: SummaryServices
    ) -> None:
        found = Snapshot()
        for _ in range(3):
            found = await client.ask(found, lambda: NOON)
        assert services.asked == {"token": 1} | dict.fromkeys(PATHS, 3)
        assert faults(found) == {}
        assert found.quota.summary is not None
        assert (found.quota.summary.county.target, found.quota.read_at) == (642_656, NOON)

    async def test_the_same_facts_read_later_are_no_news(self, client: ServiceClient) -> None:
        first = await client.ask(Snapshot(), lambda: NOON)
        assert await client.ask(first, lambda: LATER) == first

    @pytest.mark.parametrize(
        ("failure", "fault"),
        [
            ("gone", ServiceFault.UNREACHABLE),
            ("hangs", ServiceFault.UNREACHABLE),
            ("refuses", ServiceFault.REFUSED),
            ("babbles", ServiceFault.UNREADABLE),
        ],
    )
    async def test_what_a_service_said_before_outlives_its_silence(
        self, client: ServiceClient, services: SummaryServices, failure: str, fault: ServiceFault
    ) -> None:
        before = await client.ask(Snapshot(), lambda: NOON)
        services.failing["payment"] = failure
        found = await client.ask(before, lambda: LATER)
        assert faults(found) == {"payment": fault}
        assert (found.payment.summary, found.payment.read_at) == (before.payment.summary, NOON)
        assert found.quota.read_at == LATER


class TestToken:
    async def test_a_token_that_expires_soon_is_renewed_before_it_does(
        self, client: ServiceClient, services: SummaryServices
    ) -> None:
        services.expires_in = 0
        for _ in range(2):
            await client.ask(Snapshot(), lambda: NOON)
        assert services.asked["token"] == 2

    async def test_a_token_that_is_no_longer_accepted_is_replaced_in_the_next_round(
        self, client: ServiceClient, services: SummaryServices
    ) -> None:
        found = await client.ask(Snapshot(), lambda: NOON)
        services.tokens.append("another key signs now")
        refused = await client.ask(found, lambda: NOON)
        assert set(faults(refused).values()) == {ServiceFault.REFUSED}
        assert faults(await client.ask(refused, lambda: NOON)) == {}

    async def test_a_wrong_secret_is_said_and_no_service_is_bothered(self, services: SummaryServices) -> None:
        client = services.client(secret="wrong")
        found = await client.ask(Snapshot(), lambda: NOON)
        await client.aclose()
        assert faults(found) == dict.fromkeys(PATHS, ServiceFault.NO_TOKEN)
        assert services.asked == {"token": 1}

    async def test_without_registration_the_others_are_out_of_reach_for_want_of_a_token(
        self, client: ServiceClient, services: SummaryServices
    ) -> None:
        services.failing["registration"] = "gone"
        found = faults(await client.ask(Snapshot(), lambda: NOON))
        assert found == dict.fromkeys(PATHS, ServiceFault.NO_TOKEN) | {"registration": ServiceFault.UNREACHABLE}

    async def test_a_token_in_hand_carries_on_while_registration_is_gone(
        self, client: ServiceClient, services: SummaryServices
    ) -> None:
        await client.ask(Snapshot(), lambda: NOON)
        services.failing["registration"] = "gone"
        assert faults(await client.ask(Snapshot(), lambda: NOON)) == {"registration": ServiceFault.UNREACHABLE}
