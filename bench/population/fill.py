"""Filling an installation's databases with people, set by set, as their services would have left them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bench.installation import Installation
from bench.notices import DUE_FEN, Paid
from bench.population.template import template_of
from services.composition import BY_NAME
from shared.audit.seals import seal
from shared.database.engine import Database
from shared.database.older_names import database_at
from shared.setting_groups.databases import database_name

_HERE = Path(__file__).parent
_AT_ONCE = 50_000
_WITHIN_S = 600
_TABLES = {
    "registration": "enrolment, enrolment_count, enrolment_count_delta, aggregate, outbox, cursor",
    "subsidy": "person, enrolment, enrolment_count, enrolment_count_delta, assessment, aggregate, outbox, cursor",
    "payment": "billed_merchant, channel_bill, read_bill, bill_trade_line, bill_flow_line, payout, bank_line,"
    " remittance_batch, remittance_step, remittance_move, transfer_sum, person_name, bill, payment_order,"
    " order_line, raw_notice, payment, payment_line, suspense, refund, transfer, remittance_line, aggregate, outbox,"
    " cursor",
    "quota": "village_counter, cursor",
}
# What services count as they write.
_COUNTED = {
    "registration": "INSERT INTO enrolment_count (region, benefit_year, state, paid_on, people)"
    " SELECT region, benefit_year, state, paid_on, count(*) FROM enrolment GROUP BY 1, 2, 3, 4",
    "subsidy": "INSERT INTO enrolment_count (region, benefit_year, pricing_id, row_no, paid, people)"
    " SELECT region, benefit_year, pricing_id, row_no, paid_on IS NOT NULL, count(*) FROM enrolment"
    " WHERE terminated_on IS NULL GROUP BY 1, 2, 3, 4, 5",
}
_BLOCKS = "sealed_block, purged_block"


@dataclass(frozen=True, slots=True)
class Population:
    """So many people of this year, of whom so many are still to pay, spread evenly among the others.

    ``before`` is how many enrolments of years before stand in the same tables, all of them paid. All paid on one of
    ``days`` days; where the season is ``settled``, all of it is in the treasury and in the channel's bills.
    """

    people: int
    payers: int
    before: int = 0
    days: int = 1
    settled: bool = False

    @property
    def stride(self) -> int:
        """Every so many-th person is a payer, until there are enough."""
        return self.people // self.payers

    def payer(self, place: int) -> Paid:
        """What the payer at a place, from 0, pays and by which transaction."""
        number = self.before + (place + 1) * self.stride
        return Paid(f"01900003000070008000{number:012x}", f"4200001{number:021d}", DUE_FEN)

    @staticmethod
    def enrolment(paid: Paid) -> UUID:
        """Whose enrolment a payer's order is for."""
        return UUID(f"01900001000070008000{paid.order_no[-12:]}")


async def fill(made: Installation, population: Population) -> None:
    """Write everybody, in every database at once; raises asyncpg's errors where a row breaks a rule."""
    template = template_of(made) | {
        "stride": ("bigint", population.stride),
        "payers": ("bigint", population.payers),
        "before": ("bigint", population.before),
        "days": ("bigint", population.days),
        "settled": ("boolean", population.settled),
    }
    async with asyncio.TaskGroup() as group:
        for database in ("registration", "subsidy", "payment", "quota"):
            group.create_task(_fill(made, database, template, population.before + population.people))
    for service in _TABLES:
        await _seal(made, service)
    await made.checkpoint()


async def _seal(made: Installation, service: str) -> None:
    """Seal what stands there, so that no service begins by doing so while it is measured."""
    database = Database(made.settings.service_url(service), pool_size=1, application_name="bench")
    try:
        while await seal(database, made.settings.region, service, BY_NAME[service].audited_tables):
            pass
    finally:
        await database.dispose()


async def _fill(made: Installation, database: str, template: Mapping[str, tuple[str, Any]], people: int) -> None:
    statements = _statements(database)
    place = database_at(made.postgres.admin_url, database_name(database))
    connection = await asyncpg.connect(place, command_timeout=_WITHIN_S)
    try:
        # References are right by construction, and checking each of a million costs more than writing it.
        await connection.execute("SET session_replication_role = replica")
        await _prepare(connection, template)
        await _places(connection, database, template)
        async with connection.transaction():
            # Emptied in the same transaction, a table needs no log under wal_level=minimal: the files are synced.
            await connection.execute(f"TRUNCATE {_TABLES[database]}, {_BLOCKS} CASCADE")
            for first in range(1, people + 1, _AT_ONCE):
                for statement in statements:
                    await connection.execute(statement, first, min(first + _AT_ONCE - 1, people))
            if database in _COUNTED:
                await connection.execute(_COUNTED[database])
            if database == "payment" and template["settled"][1]:
                for statement in _statements("settled"):
                    await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def _prepare(connection: asyncpg.Connection, template: Mapping[str, tuple[str, Any]]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in template.items())
    values = ", ".join(f"${place}" for place in range(1, len(template) + 1))
    await connection.execute(f"CREATE TEMPORARY TABLE template ({columns})")
    await connection.execute(f"INSERT INTO template VALUES ({values})", *(value for _, value in template.values()))  # noqa: S608
    await connection.execute((_HERE / "people.sql").read_text(encoding="utf-8"))


async def _places(connection: asyncpg.Connection, database: str, template: Mapping[str, tuple[str, Any]]) -> None:
    """What stands before any person: the directory of regions, and the one price of all."""
    if database == "registration":
        codes: Sequence[str] = template["villages"][1]
        places = sorted({*codes, *(code[:9] for code in codes), template["county"][1]})
        await connection.executemany(
            "INSERT INTO region_directory (code, name) VALUES ($1, $2)", [(code, f"区划{code}") for code in places]
        )
    if database == "subsidy":
        await connection.execute(
            "INSERT INTO pricing (id, pack, outcome, schedule, reasons)"
            " SELECT pricing_id, pack, 'PRICED', rows, common FROM template"
        )


def _statements(database: str) -> list[str]:
    text = (_HERE / f"{database}.sql").read_text(encoding="utf-8")
    return [statement for statement in text.split(";\n") if statement.strip()]
