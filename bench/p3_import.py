"""P3: a county's register by file, against bare COPY of the same rows in the same run.

The command is measured as a clerk runs it, from the start of its process to the end of its summary: the dry run
(decode, parse, check every number, look for each person in the database and in the file, report) and the whole import
(that, and encrypt, register and announce everybody). COPY takes the same file into a table without an index or a key.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from bench.plan import Plan
from bench.results import Line, at_most, line, ratio
from services.composition import WITH_DATABASE, migrate_all
from shared.database.embedded import EmbeddedPostgres
from shared.database.provision import provision
from shared.domain.identity_number import check_digit
from shared.settings import Settings
from tools.up.folder import kept_secrets

TITLE = "residents by file, against bare COPY"
PEOPLE = 642_656
_ROOT = Path(__file__).parents[1]
_TOWNS = tuple(f"4115211{town:02d}" for town in range(1, 21))
_FIRST_BIRTH = date(1930, 1, 1)
_BIRTH_DATES, _FAR = 30_011, 12_007  # the one is prime: every date comes once before any comes again
_HEADER = "姓名,证件类型,证件号码,出生日期,村代码,联系电话\n"
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红建文"
_OTHERS = ("payment", "subsidy", "quota")


def write_register(path: Path, people: int) -> None:
    """A register of so many different people, the same each time."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEADER)
        file.writelines(_rows(people))


def _rows(people: int) -> Iterator[str]:
    chance = random.Random(1)  # noqa: S311 - the same people in every run
    for number in range(people):
        # Thirty thousand birth dates in no order, as in a real register, and nobody twice.
        sequence, place = divmod(number, _BIRTH_DATES)
        born = _FIRST_BIRTH + timedelta(days=place * _FAR % _BIRTH_DATES)
        seventeen = f"411521{born:%Y%m%d}{sequence + 1:03d}"
        village = f"{chance.choice(_TOWNS)}{chance.randrange(201, 216)}"
        name = chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
        phone = f"1{chance.randrange(3 * 10**9, 10**10)}"
        yield f"{name},居民身份证,{seventeen}{check_digit(seventeen)},{born},{village},{phone}\n"


@dataclass(frozen=True)
class Place:
    """An installation of its own, and the folder with the register."""

    folder: Path
    settings: Settings
    environment: Mapping[str, str]

    async def owner(self, statement: str) -> str:
        """Run one statement as the owner of registration's tables."""
        connection = await asyncpg.connect(self.settings.owner_url("registration"), timeout=30)
        try:
            done: str = await connection.execute(statement, timeout=600)
            return done
        finally:
            await connection.close()


@asynccontextmanager
async def prepared() -> AsyncIterator[Place]:
    """A migrated installation with its towns until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="canbao-bench-"))
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        await asyncio.to_thread(postgres.start)
        (folder / "secrets").mkdir(mode=0o700)
        secrets = kept_secrets(folder, WITH_DATABASE)
        place = f"@/{{database}}?{urlsplit(postgres.admin_url).query}"
        values: dict[str, Any] = {
            "database_url": "postgresql://{service}_app:{password}" + place,
            "owner_database_url": "postgresql://canbao_owner:{password}" + place,
            **secrets,
        }
        await provision(postgres.admin_url, WITH_DATABASE, values["database_passwords"])
        made = Place(folder, Settings(**values), _environment(values))
        await migrate_all(made.settings)
        towns = ", ".join(f"('{town}', '{town}')" for town in _TOWNS)
        await made.owner(f"INSERT INTO region_directory (code, name) VALUES {towns}")  # noqa: S608 - our own codes
        yield made
    finally:
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(folder, ignore_errors=True)


def _environment(values: Mapping[str, Any]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CANBAO_")}
    return inherited | {
        f"CANBAO_{name.upper()}": json.dumps(value) if isinstance(value, dict | list) else str(value)
        for name, value in values.items()
    }


async def measure(plan: Plan) -> list[Line]:
    """Every round the dry run beside COPY, in the first the whole import too."""
    return await _measured(plan.count(PEOPLE, least=2_000), plan.repeat, 1)


async def _measured(people: int, repeat: int, enter: int) -> list[Line]:
    """Seconds and memory of the dry run, the whole import and COPY, side by side in each round."""
    async with prepared() as place:
        register, tenth = place.folder / "register.csv", place.folder / "tenth.csv"
        write_register(register, people)
        write_register(tenth, people // 10)
        copies, rehearsals, imports, again, memory, less, entering = [], [], [], [], [], [], []
        checking_ms, importing_ms = [], []
        for turn in range(repeat):
            copies.append(await _copy(place, register))
            seconds, mebibytes, each_ms = await _command(place, register, people, "imported", "--dry-run")
            checking_ms.append(each_ms)
            rehearsals.append(seconds)
            memory.append(mebibytes)
            less.append((await _command(place, tenth, people // 10, "imported", "--dry-run"))[1])
            if turn < enter:
                await place.owner("TRUNCATE enrolment, aggregate, import_run, outbox")
                seconds, mebibytes, each_ms = await _command(place, register, people, "imported")
                importing_ms.append(each_ms)
                imports.append(seconds)
                entering.append(mebibytes)
                again.append((await _command(place, register, people, "unchanged"))[0])
                await place.owner("TRUNCATE enrolment, aggregate, import_run, outbox")
    figures = [
        line("P3", f"COPY of {people:,} rows", "s", copies),
        line("P3", "dry run", "s", rehearsals),
        line("P3", "processor per person, dry run", "ms", checking_ms),
        ratio("P3", "dry run / COPY", rehearsals, copies, at_most(10)),
    ]
    if imports:
        figures += [
            line("P3", "whole import", "s", imports),
            ratio("P3", "whole import / COPY", imports, copies[: len(imports)]),
            line("P3", "whole import", "people/s", tuple(people / seconds for seconds in imports)),
            line("P3", "processor per person, whole import", "ms", importing_ms),
            line("P3", "the same file again", "s", again),
            line("P3", "memory of the largest process, whole import", "MiB", entering),
        ]
    return [
        *figures,
        line("P3", "memory of the largest process, dry run", "MiB", memory),
        line("P3", "the same with a tenth of the people", "MiB", less),
    ]


async def _copy(place: Place, register: Path) -> float:
    connection = await asyncpg.connect(place.settings.owner_url("registration"), timeout=30)
    try:
        await connection.execute(
            "DROP TABLE IF EXISTS bare; CREATE TABLE bare (a text, b text, c text, d text, e text, f text)"
        )
        began = time.perf_counter()
        await connection.copy_to_table("bare", source=register, format="csv", header=True)
        took = time.perf_counter() - began
        await connection.execute("DROP TABLE bare")
        return took
    finally:
        await connection.close()


async def _command(
    place: Place, register: Path, people: int, outcome: str, *options: str
) -> tuple[float, float, float]:
    """Run the command; seconds, MiB of the larger of its processes, processor milliseconds a person.

    Raises RuntimeError where not everybody has that outcome.
    """
    entry = "from tools.cli import main; main()"
    command = [sys.executable, "-c", entry, "import", "people", str(register), "--json", *options]
    began = time.perf_counter()
    printed, code, mebibytes, processor_s = await asyncio.to_thread(_run, command, place.environment)
    took = time.perf_counter() - began
    said = json.loads(printed)
    if code or said[outcome] != people:
        raise RuntimeError(f"not everybody is {outcome}: {said}")
    return took, mebibytes, 1000 * processor_s / people


def _run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, int, float, float]:
    """What a process printed, how it ended, most memory of it or one of its own in MiB, processor seconds of all."""
    process = subprocess.Popen(command, cwd=_ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True)
    if process.stdout is None:
        raise RuntimeError("its output is read")
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return printed, process.returncode, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
