"""``canbao import people``: a register of residents from a file."""

import asyncio
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from services.registration.imports.judging import Desk
from services.registration.imports.reader import Reader, Reading, reading
from services.registration.imports.reasons import reason
from services.registration.imports.saying import Bar, as_json, print_report
from services.registration.imports.service import Import, Report
from services.registration.resources import SEALED
from shared.command_line import Commands
from shared.database.engine import Database
from shared.database.logins import NOT_RUNNING, is_stopped, services_login
from shared.domain.clock import SystemClock
from shared.domain.region import covers
from shared.errors import DomainError
from shared.messaging.bus.errors import error_summary, is_transient
from shared.messaging.dead_letters.commands import operator
from shared.protection import ProtectionKeyMissing, open_vault
from shared.protection_check import examine_active_key
from shared.settings import Settings

REFUSED_ROWS, REFUSED_FILE, NOT_FINISHED, INTERRUPTED = 1, 2, 3, 130
imports = Commands(help="文件导入 · imports by file", no_args_is_help=True)


@imports.callback()
def _import() -> None:
    """文件导入 · imports by file."""


@imports.command()
def people(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV：UTF-8 或 GBK · UTF-8 or GBK")
    ],
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="只试运行，不登记；未受理的行照样写入文件 · register nobody; refused rows are written all the same",
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="以 JSON 输出结果 · print the summary as JSON")] = False,
    year: Annotated[
        int | None,
        typer.Option(min=2000, max=2100, help="文件未写参保年度时用 · the benefit year where no row says it"),
    ] = None,
    region: Annotated[str | None, typer.Option(help="只登记此辖区内的人 · register people of this region only")] = None,
) -> None:
    """登记名册中的居民 · register the residents of a file, each row taken or refused by itself.

    未受理的行连同原因写入旁边的 NAME.errors.csv；同一文件再导一次没有变化，中断的会接着导入。

    退出码：0 全部新增或不变 · 1 有未受理的行 · 2 文件或参数不能用，什么也没有登记 · 3 没有完成，再运行一次即接着进行，
    或设置有误 · 130 被 Ctrl-C 中断，再运行一次。

    Refused rows go into FILE's folder as NAME.errors.csv, with the reason. The same file again changes nothing; an
    import that was cut off goes on where it was.

    Exit codes: 0 every row is imported or unchanged · 1 some rows are refused · 2 the file or the arguments
    are refused, nothing is done · 3 not finished: run it again, or the settings are refused · 130 interrupted by
    Ctrl-C: run it again.
    """
    settings = Settings()
    region = region or settings.region
    if not (region.isascii() and region.isdigit() and covers(settings.region, region) and len(region) in (6, 9, 12)):
        raise typer.BadParameter(f"不在统筹区 {settings.region} 内 · not a region within {settings.region}")
    benefit_year = year or settings.benefit_year
    report = _imported(settings, file, region, benefit_year, dry_run=dry_run)
    if json:
        typer.echo(as_json(report, rehearsed=dry_run))
    else:
        print_report(report, rehearsed=dry_run)
    raise typer.Exit(REFUSED_ROWS if report.tally.refused else 0)


def _imported(settings: Settings, file: Path, region: str, benefit_year: int, *, dry_run: bool) -> Report:
    what = Reading(file, benefit_year, settings, seal=not dry_run)
    try:
        # The reading process is started first: this one has nothing open yet that it would take along.
        with reading(what) as reader, Bar() as bar:
            return asyncio.run(_run(what, reader, region, bar))
    except DomainError as refusal:
        _say(reason(refusal), REFUSED_FILE)
    except KeyboardInterrupt:
        _say("已中断，重新运行即可继续 · interrupted; run it again to go on", INTERRUPTED)
    except Exception as error:
        if not is_transient(error) and not isinstance(error, EOFError):
            raise
        # The database's own words may name a row; what is said here does not.
        why = NOT_RUNNING if is_stopped(error) else error_summary(error)
        _say(f"未完成，重新运行即可继续 · not finished, run it again to go on: {why}", NOT_FINISHED)


async def _run(what: Reading, reader: Reader, region: str, bar: Bar) -> Report:
    settings = what.settings
    database = Database(settings.service_url("registration"), pool_size=1, application_name="canbao import")
    desk = Desk(region, operator(), open_vault(settings), SystemClock())
    try:
        with services_login(settings, "registration"):
            await _refuse_other_keys(database, settings)
        work = Import(reader, what.path, database, desk, what.benefit_year, rehearsed=not what.seal, progress=bar)
        return await work.run()
    finally:
        await database.dispose()


async def _refuse_other_keys(database: Database, settings: Settings) -> None:
    """Raise ProtectionKeyMissing where the keys are not those of the people who are enrolled already."""
    async with database.engine.connect() as connection:
        found = await examine_active_key(connection, SEALED, settings)
    if fault := found.fault():
        raise ProtectionKeyMissing(fault)


def _say(message: str, code: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
