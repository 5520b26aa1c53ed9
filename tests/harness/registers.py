"""Registers of residents as departments send them, and the import of one."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.registration.imports.judging import Desk
from services.registration.imports.reader import Reading, reading
from services.registration.imports.service import Import, Report
from shared.database.engine import Database
from shared.domain.clock import SystemClock
from shared.protection import open_vault
from tests.harness.identity_numbers import a_number
from tests.harness.installation import COUNTY, Installation

HEADER = ("姓名", "证件号码", "村代码")
VILLAGE = "411521101201"
TOWNS = ("411521101", "411521102")


def a_row(sequence: int = 1, name: str = "张三", village: str = VILLAGE) -> tuple[str, str, str]:
    """A person whom the header describes."""
    return name, a_number(sequence), village


def a_file(
    folder: Path,
    rows: Sequence[Sequence[str]],
    header: Sequence[str] = HEADER,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
    line_break: str = "\n",
    name: str = "people.csv",
) -> Path:
    """A file of rows, as they are given."""
    path = folder / name
    text = "".join(delimiter.join(cells) + line_break for cells in (header, *rows))
    path.write_bytes(text.encode(encoding))
    return path


async def with_towns(installation: Installation) -> None:
    """Enter two towns into the region directory."""
    for town in TOWNS:
        await installation.sql("registration", "INSERT INTO region_directory VALUES ($1, $1)", town)


async def imported(
    installation: Installation, path: Path, *, rehearsed: bool = False, region: str = COUNTY, year: int = 2024
) -> Report:
    """Import a file as the command does."""
    settings = installation.settings
    database = Database(settings.service_url("registration"), pool_size=1)
    desk = Desk(region, "operator:clerk", open_vault(settings), SystemClock())
    try:
        with reading(Reading(path, year, settings, seal=not rehearsed)) as reader:
            return await Import(
                reader, path, database, desk, year, rehearsed=rehearsed, progress=lambda opened, run: None
            ).run()
    finally:
        await database.dispose()


def counts(report: Report) -> tuple[int, int, int]:
    """How many were imported, unchanged and refused."""
    return report.tally.imported, report.tally.unchanged, report.tally.refused


async def everything(installation: Installation) -> list[dict[str, Any]]:
    """Every enrolment and every announcement, to be compared with later ones."""
    tables = ("SELECT e::text AS row FROM enrolment e ORDER BY id", "SELECT o::text AS row FROM outbox o ORDER BY id")
    found = await asyncio.gather(*(installation.sql("registration", table) for table in tables))
    return [dict(row) for rows in found for row in rows]
