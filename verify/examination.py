"""One examination: take the snapshots, ask every question, say what was found. Nothing is ever written."""

import time
from collections.abc import Sequence

from shared.settings import Settings
from shared.settings_errors import UnusableSetting, fixed_at_installation
from verify.check import ConsistencyCheck
from verify.checks import CHECKS
from verify.checks.seals import heads
from verify.figures import county_figures
from verify.report import ConsistencyReport
from verify.snapshot import Databases, open_databases
from verify.towns import townships
from verify.unfinished import unfinished

_EPOCH = "SELECT coalesce(max(epoch), 0) AS epoch FROM proof.epoch"


async def examine(settings: Settings, further: Sequence[ConsistencyCheck] = ()) -> ConsistencyReport:
    """Read every database once and judge it; a further check takes the place of one with its code.

    Raises CouldNotExamine where one cannot be read, and UnusableSetting where one is another installation's.
    """
    started = time.monotonic()
    async with open_databases(settings) as databases:
        await _refuse_other_installation(databases, settings.installation)
        taken = await databases.registration.one("SELECT now() AS at")
        towns, overall = await townships(databases, settings.benefit_year, settings.region_name)
        asked = {check.code: check for check in (*CHECKS, *further)}
        results = [await check.result(databases) for check in asked.values()]
        ends = await heads(databases)
        epochs = {each.database: (await each.one(_EPOCH))["epoch"] for each in databases.each}
        figures = await county_figures(databases, settings.benefit_year)
        restoring = await unfinished(databases)
    return ConsistencyReport(
        installation=settings.installation,
        region=settings.region,
        region_name=settings.region_name,
        benefit_year=settings.benefit_year,
        examined_at=taken["at"],
        took_s=round(time.monotonic() - started, 3),
        towns=towns,
        overall=overall,
        checks=tuple(results),
        heads=ends,
        epochs=epochs,
        figures=figures,
        unfinished=restoring,
    )


async def _refuse_other_installation(databases: Databases, given: str) -> None:
    """A report names the installation that it is about, so that name must be the databases' own."""
    for snapshot in databases.each:
        for row in await snapshot.rows("SELECT installation FROM proof.installation"):
            if row["installation"] != given:
                raise UnusableSetting(
                    fixed_at_installation(
                        "CANBAO_INSTALLATION",
                        snapshot.database,
                        "installation",
                        found=row["installation"],
                        given=given,
                    )
                )
