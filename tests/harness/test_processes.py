"""A fleet of processes that fails says why: its first error is not hidden by how its processes ended afterwards."""

from pathlib import Path

import pytest

from services.composition import WITH_DATABASE
from tests.harness.installation import Installation
from tests.harness.processes import Fleet


def test_the_first_error_is_seen_though_processes_end_badly_after_it(
    installation: Installation, tmp_path: Path
) -> None:
    fleet = Fleet(installation.settings, tmp_path, whole=WITH_DATABASE)

    def fail() -> None:
        fleet.start()
        try:
            raise LookupError("the first error")
        finally:
            fleet.stop()  # before any of them can listen to SIGTERM

    with pytest.raises(LookupError, match="the first error"):
        fail()
    assert not any(process.alive for process in fleet)


def test_a_process_that_ends_badly_fails_a_test_that_went_well(installation: Installation, tmp_path: Path) -> None:
    fleet = Fleet(installation.settings, tmp_path, whole=WITH_DATABASE)
    fleet.start()

    with pytest.raises(AssertionError, match=r"not ended cleanly: .*-15"):
        fleet.stop()
    assert not any(process.alive for process in fleet)


async def test_a_process_that_ended_by_itself_is_named_with_its_last_words(
    installation: Installation, tmp_path: Path
) -> None:
    wrong = installation.with_settings(policy_pack="no-such-pack")
    fleet = Fleet(wrong.settings, tmp_path, whole=WITH_DATABASE)
    process = fleet.one("subsidy", "all")
    process.start()
    process.ended()

    with pytest.raises(AssertionError, match=r"subsidy all has ended:[\s\S]*no-such-pack"):
        await process.is_ready()
