"""The examination: every check guarded and bounded on its own, so that what is down hides nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from tools.doctor import broker, clocks, configuration, connections, databases, history, keys, machine, messages, sealed
from tools.doctor import server as postgres
from tools.doctor.findings import Check, DatabaseCheck, ExaminedInstallation, Finding, FindingType

NOT_EXAMINED = FindingType(
    "NOT_EXAMINED",
    "broken",
    "无法检查：{why}。",
    "This could not be examined: {why}.",
    "先处理本表中的其他问题，再运行一次。",
    "Fix what else this table names, then run it again.",
)
HERE: tuple[Check, ...] = (*machine.CHECKS, *configuration.CHECKS, *keys.CHECKS)
IN_EACH_DATABASE: tuple[DatabaseCheck, ...] = (
    *postgres.CHECKS,
    *history.CHECKS,
    *clocks.CHECKS,
    *messages.CHECKS,
    *sealed.CHECKS,
)
# These ask only databases that could be opened.
ACROSS: tuple[Check, ...] = (*connections.CHECKS, *broker.CHECKS)


async def examine(installation: ExaminedInstallation) -> list[Finding]:
    """Ask everything; takes about as long as the slowest check, however much is down."""
    names = [name for name in installation.with_database if name not in installation.closed]
    first = await asyncio.gather(
        *(_asked(check, installation) for check in HERE), *(_database(installation, name) for name in names)
    )
    second = await asyncio.gather(*(_asked(check, installation) for check in ACROSS))
    stopped = [] if names else [databases.INSTALLATION_STOPPED.at()]
    return list(chain(stopped, *first, *second))


async def examine_machine(folder: Path) -> list[Finding]:
    """What can be checked where the settings cannot be read: it needs none."""
    checks = (machine.examine_python(), machine.examine_time_zone(), machine.examine_disk(folder))
    return list(chain(*await asyncio.gather(*checks)))


async def _asked(check: Check, installation: ExaminedInstallation) -> Sequence[Finding]:
    return await _guarded(check.name, partial(check.ask, installation), check.within_s)


async def _database(installation: ExaminedInstallation, name: str) -> Sequence[Finding]:
    """Everything about one database on one connection; each question in a transaction of its own."""
    found: list[Finding] = []
    try:
        async with databases.entered(installation, name) as database, asyncio.timeout(_one_database_s()):
            assert database is not None  # noqa: S101 - not yet known as closed
            found.append(databases.DATABASE.at(name))
            for check in IN_EACH_DATABASE:
                found += await _guarded(f"{name}: {check.name}", partial(check.ask, database), check.within_s)
                await database.connection.rollback()
    except Exception as error:  # whatever a driver raises, the database is closed
        installation.closed.add(name)
        found.append(databases.unreachable(name, error))
    return found


def _one_database_s() -> float:
    return sum(check.within_s for check in IN_EACH_DATABASE)


async def _guarded(name: str, ask: Callable[[], Awaitable[Sequence[Finding]]], within_s: float) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(within_s):
            return await ask()
    except Exception as error:  # one check that fails must not hide the others
        return [NOT_EXAMINED.at(name, why=databases.reason(error))]
