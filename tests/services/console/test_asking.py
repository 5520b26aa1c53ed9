"""Asking the services: one token for many rounds, and what a service said before outlives its silence."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.console.asking import Asker
from services.console.summaries import Fault, Snapshot
from tests.services.console.neighbours import PATHS, Neighbours

NOON = datetime(2023, 12, 18, 4, tzinfo=UTC)
LATER = datetime(2023, 12, 18, 5, tzinfo=UTC)


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest.fixture
async def asker(neighbours: Neighbours) -> AsyncIterator[Asker]:
    asker = neighbours.asker()
    yield asker
    await asker.aclose()


def faults(snapshot: Snapshot) -> dict[str, Fault]:
    answers = {name: getattr(snapshot, name) for name in PATHS}
    return {name: answer.fault for name, answer in answers.items() if answer.fault}


class TestAsk:
    async def test_every_service_is_asked_once_a_round_with_one_token_for_all_rounds(
        self, asker: Asker, neighbours: Neighbours
    ) -> None:
        found = Snapshot()
        for _ in range(3):
            found = await asker.ask(found, lambda: NOON)
        assert neighbours.asked == {"token": 1} | dict.fromkeys(PATHS, 3)
        assert faults(found) == {}
        assert found.quota.summary is not None
        assert (found.quota.summary.county.target, found.quota.read_at) == (642_656, NOON)

    async def test_the_same_facts_read_later_are_no_news(self, asker: Asker) -> None:
        first = await asker.ask(Snapshot(), lambda: NOON)
        assert await asker.ask(first, lambda: LATER) == first

    @pytest.mark.parametrize(
        ("failure", "fault"),
        [
            ("gone", Fault.UNREACHABLE),
            ("hangs", Fault.UNREACHABLE),
            ("refuses", Fault.REFUSED),
            ("babbles", Fault.UNREADABLE),
        ],
    )
    async def test_what_a_service_said_before_outlives_its_silence(
        self, asker: Asker, neighbours: Neighbours, failure: str, fault: Fault
    ) -> None:
        before = await asker.ask(Snapshot(), lambda: NOON)
        neighbours.failing["payment"] = failure
        found = await asker.ask(before, lambda: LATER)
        assert faults(found) == {"payment": fault}
        assert (found.payment.summary, found.payment.read_at) == (before.payment.summary, NOON)
        assert found.quota.read_at == LATER


class TestToken:
    async def test_a_token_that_expires_soon_is_renewed_before_it_does(
        self, asker: Asker, neighbours: Neighbours
    ) -> None:
        neighbours.expires_in = 0
        for _ in range(2):
            await asker.ask(Snapshot(), lambda: NOON)
        assert neighbours.asked["token"] == 2

    async def test_a_token_that_is_no_longer_accepted_is_replaced_in_the_next_round(
        self, asker: Asker, neighbours: Neighbours
    ) -> None:
        found = await asker.ask(Snapshot(), lambda: NOON)
        neighbours.tokens.append("another key signs now")
        refused = await asker.ask(found, lambda: NOON)
        assert set(faults(refused).values()) == {Fault.REFUSED}
        assert faults(await asker.ask(refused, lambda: NOON)) == {}

    async def test_a_wrong_secret_is_said_and_no_service_is_bothered(self, neighbours: Neighbours) -> None:
        asker = neighbours.asker(secret="wrong")
        found = await asker.ask(Snapshot(), lambda: NOON)
        await asker.aclose()
        assert faults(found) == dict.fromkeys(PATHS, Fault.NO_TOKEN)
        assert neighbours.asked == {"token": 1}

    async def test_without_registration_the_others_are_out_of_reach_for_want_of_a_token(
        self, asker: Asker, neighbours: Neighbours
    ) -> None:
        neighbours.failing["registration"] = "gone"
        found = faults(await asker.ask(Snapshot(), lambda: NOON))
        assert found == dict.fromkeys(PATHS, Fault.NO_TOKEN) | {"registration": Fault.UNREACHABLE}

    async def test_a_token_in_hand_carries_on_while_registration_is_gone(
        self, asker: Asker, neighbours: Neighbours
    ) -> None:
        await asker.ask(Snapshot(), lambda: NOON)
        neighbours.failing["registration"] = "gone"
        assert faults(await asker.ask(Snapshot(), lambda: NOON)) == {"registration": Fault.UNREACHABLE}
