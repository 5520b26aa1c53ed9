"""Background work that fails: when it is lasting, when it is over, and what `/readyz` says of it."""

from dataclasses import replace
from time import monotonic

import pytest

from services.subsidy import SERVICE as SUBSIDY
from shared.background_failures import BackgroundFailures
from tests.harness.eventually import eventually
from tests.harness.installation import Installation, http_client


def test_failures_are_lasting_after_a_minute_and_over_after_a_whole_step() -> None:
    failures = BackgroundFailures()
    for at_s in range(0, 65, 5):
        failures.failed("daily", f"error {at_s}", at_s)
    assert failures.lasting(59) == {}
    assert failures.lasting(61) == {"daily": "error 60"}
    failures.succeeded("daily")
    assert failures.lasting(61) == {}


def test_work_that_ran_for_most_of_a_minute_begins_a_new_series() -> None:
    failures = BackgroundFailures()
    failures.failed("messaging", "first", 0)
    failures.failed("messaging", "second", 55)
    assert failures.lasting(70) == {}
    assert failures.lasting(120) == {}, "it has run since without failing"


async def test_work_that_fails_for_a_minute_makes_the_process_unready_and_says_why(installation: Installation) -> None:
    """First use O2: subsidy's daily work failed every five seconds under a content `/readyz`."""
    async with installation.running(SUBSIDY) as (run,), http_client((run,)) as http:

        async def ready() -> bool:
            return (await http.get("/readyz")).status_code == 200

        await eventually(ready, within_s=20)
        now = monotonic()
        for at_s in (now - 61, now - 40, now - 1):
            run.failures.failed("a name of no job", "ProgrammingError: UndefinedFunctionError 42883", at_s)
        answer = await http.get("/readyz")
        part = next(part for part in answer.json()["parts"] if part["name"] == "work subsidy")
        assert (answer.status_code, part["detail"]) == (
            503,
            "持续失败 · keeps failing: a name of no job: ProgrammingError: UndefinedFunctionError 42883",
        )


@pytest.mark.expects_errors
async def test_a_relay_that_fails_for_a_minute_makes_the_process_unready(installation: Installation) -> None:
    """It catches its errors itself, and `/readyz` was content while nothing was ever sent."""
    async with installation.running(SUBSIDY) as (run,), http_client((run,)) as http:

        async def answer() -> tuple[int, str]:
            found = await http.get("/readyz")
            part = next(part for part in found.json()["parts"] if part["name"] == "work subsidy")
            return found.status_code, part["detail"]

        async def ready() -> bool:
            return await answer() == (200, "")

        await eventually(ready, within_s=20)
        await installation.sql("subsidy", "ALTER TABLE relay_lane RENAME COLUMN token TO token_away")
        await eventually(lambda: "relay" in run.failures.by_work, within_s=20)
        failure = run.failures.by_work["relay"]
        run.failures.by_work["relay"] = replace(failure, first_s=failure.first_s - 61)
        assert await answer() == (503, "持续失败 · keeps failing: relay: ProgrammingError: ProgrammingError 42703")
        await installation.sql("subsidy", "ALTER TABLE relay_lane RENAME COLUMN token_away TO token")
        await eventually(ready, within_s=20)
