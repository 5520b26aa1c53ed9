"""Seeing that a transaction waits for a row that the test's own transaction holds."""

from tests.harness.eventually import eventually
from tests.harness.installation import Installation

_WAITING = """
    SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND a.datname = current_database()
"""


async def wait_for_lock_waits(installation: Installation, service: str, count: int = 1) -> None:
    """Until so many of a service's sessions wait for a lock."""

    async def waiting() -> bool:
        return bool((await installation.sql(service, _WAITING))[0][0] >= count)

    await eventually(waiting, message=f"{count} sessions wait for a lock")
