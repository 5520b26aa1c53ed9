"""A busy system never looks broken: what the auditor sees while people register and pay is in flight at most."""

import asyncio
from pathlib import Path

from tests.harness.installation import Installation
from tests.verify.small_season import EAST, WEST, Season, at_work, prepare
from verify.examination import examine
from verify.report import ConsistencyReport

PEOPLE = 24
AT_ONCE = 4


async def test_examining_under_concurrent_load_finds_no_break(installation: Installation, tmp_path: Path) -> None:
    async with at_work(installation, tmp_path) as season:
        await prepare(season)
        load = asyncio.create_task(_load(season))
        reports: list[ConsistencyReport] = []
        while not load.done():
            reports.append(await examine(season.installation.settings))
        await load
        settled = await season.settled()
    breaks = [(check.code, check.rows) for report in reports for check in report.checks if check.breaks]
    assert breaks == []
    assert any(report.in_flight for report in reports), "the load was over before anything was examined"
    assert (settled.overall.registered, settled.overall.enrolled) == (PEOPLE, PEOPLE)
    assert settled.overall.paid_fen == sum(line.paid_fen for line in settled.towns) > 0


async def _load(season: Season) -> None:
    """People register and pay at once, some of them twice."""
    queue = iter(range(100, 100 + PEOPLE))

    async def clerk() -> None:
        for sequence in queue:
            enrolment = await season.register(sequence, EAST if sequence % 2 else WEST)
            order = await season.pay(enrolment)
            if sequence % 5 == 0:
                await season.notify(order["order_no"], order["amount_fen"])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(clerk())
