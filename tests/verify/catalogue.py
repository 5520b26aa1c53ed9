"""Trying cells one after the other, each in a savepoint that is rolled back, and what the whole of verify says."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import NullPool, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from shared.settings import Settings
from tests.verify.cells import Cell, NothingThere, Refused, cells, commit
from verify.checks import CHECKS
from verify.snapshot import CouldNotExamine, Databases, DatabaseSnapshot

# Not found by a check: `verify` cannot read the databases any more, and says so with exit code 2.
NOT_EXAMINED = "not examined"
SERVICES = ("quota", "payment", "subsidy", "registration")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell: which checks broke, or who refused it, or that there was no such row."""

    cell: Cell
    found_by: tuple[str, ...] = ()
    refused_by: str = ""
    empty: bool = False
    statement: str = ""

    @property
    def overlooked(self) -> bool:
        """Whether it was done and nobody says so."""
        return not (self.found_by or self.refused_by or self.empty)


@dataclass(frozen=True, slots=True)
class Court:
    """Every database of a season at rest, each in one transaction of a superuser that is never committed."""

    connections: Mapping[str, AsyncConnection]
    settings: Settings
    # What one statement does to the rows is the same for every login that may do it: its checks are asked once.
    asked: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def databases(self) -> Databases:
        """What the auditor looks at."""
        each = {name: DatabaseSnapshot(name, connection) for name, connection in self.connections.items()}
        registration, quota, payment, subsidy = (each[n] for n in ("registration", "quota", "payment", "subsidy"))
        return Databases(registration, quota, payment, subsidy, registration, self.settings)

    async def now(self) -> datetime:
        """The databases' moment."""
        moment: datetime = (await self.connections["payment"].execute(text("SELECT now()"))).scalar_one()
        return moment

    async def cells(self) -> list[Cell]:
        """Every cell of every proof view."""
        return [cell for name, connection in self.connections.items() for cell in await cells(connection, name)]

    async def broken(self) -> tuple[str, ...]:
        """The checks that find something, all of them asked."""
        databases = self.databases
        return tuple([check.code for check in CHECKS if (await check.result(databases)).breaks])

    async def judge(self, cell: Cell) -> Outcome:
        """Do it, ask every check, undo it."""
        # What is open in a savepoint is closed with it: a table under an open cursor cannot lose a constraint.
        savepoints = [await connection.begin_nested() for connection in self.connections.values()]
        try:
            statement = await commit(self.connections[cell.database], cell, self.settings.region)
            done = (cell.database, statement)
            if done not in self.asked:
                self.asked[done] = await self.broken()
            return Outcome(cell, found_by=self.asked[done], statement=statement)
        except Refused as refused:
            return Outcome(cell, refused_by=str(refused))
        except NothingThere:
            return Outcome(cell, empty=True)
        except CouldNotExamine as error:
            return Outcome(cell, found_by=(NOT_EXAMINED,), statement=str(error))
        finally:
            for savepoint in savepoints:
                await savepoint.rollback()


@asynccontextmanager
async def sitting(urls: Mapping[str, str], settings: Settings) -> AsyncIterator[Court]:
    """Open every database for the length of the block."""
    async with AsyncExitStack() as stack:
        connections = {}
        for name in SERVICES:
            engine = create_async_engine(
                make_url(urls[name]).set(drivername="postgresql+asyncpg"),
                poolclass=NullPool,
                isolation_level="REPEATABLE READ",
            )
            stack.push_async_callback(engine.dispose)
            connection = await stack.enter_async_context(engine.connect())
            stack.push_async_callback(connection.rollback)
            connections[name] = connection
        yield Court(connections, settings)


def table(outcomes: Sequence[Outcome], excused: Mapping[tuple[str, str, str], str]) -> str:
    """The figures: cells tried, found by which check, refused by what, columns excused."""
    tried = [outcome for outcome in outcomes if not outcome.empty]
    found = Counter(outcome.found_by[0] for outcome in tried if outcome.found_by)
    alone = Counter(outcome.found_by[0] for outcome in tried if len(outcome.found_by) == 1)
    refused = Counter(outcome.refused_by for outcome in tried if outcome.refused_by)
    columns = {(o.cell.database, o.cell.view, o.cell.column) for o in tried if o.cell.column}
    there = {f"{o.cell.database}.{o.cell.view}" for o in tried}
    empty = sorted({f"{o.cell.database}.{o.cell.view}" for o in outcomes if o.empty} - there)
    figures = (len(tried), len(columns), sum(found.values()), sum(refused.values()), sum(o.overlooked for o in tried))
    lines = [
        "cells {} of {} columns · found {} · refused {} · excused {}".format(*figures),
        *(
            f"  found first by {code:<26} {count:>4}, by it alone {alone[code]:>4}"
            for code, count in found.most_common()
        ),
        *(f"  refused by {what:<30} {count:>4}" for what, count in refused.most_common()),
        *(f"  excused {'.'.join(filter(None, key))}: {reason}" for key, reason in sorted(excused.items())),
        *(f"  no row of {view}" for view in empty),
    ]
    return "\n".join(lines)
