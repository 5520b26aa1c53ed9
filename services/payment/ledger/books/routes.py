"""The trial balance and account statements over HTTP, as JSON by pages and as a CSV file."""

from collections.abc import AsyncIterator, Iterable
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from services.payment.ledger.books import csv_file, repository
from services.payment.ledger.books.repository import AskedAccount, AskedBooks, TrialLine
from services.payment.ledger.books.schemas import (
    Account,
    AccountStatementPage,
    MovementOut,
    RegionOfBooks,
    TrialBalanceLineOut,
    TrialBalancePage,
    TrialPlace,
)
from shared.database.business_date import business_date
from shared.web.dependencies import CurrentCaller, CurrentContext, Snapshot, requires
from shared.web.fields import Day
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["books"])
_FIRST: Final = ("", "", 0)
_AT_ONCE: Final = 500
MOST_LINES: Final = 50_000  # of one file
_CSV: Final[dict[int | str, dict[str, object]]] = {
    200: {"description": "CSV, UTF-8", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
_MORE: Final = ("未完 · there is more: narrow the region, the year or the days",)
_TRIAL_HEAD: Final = ("地区 region", "科目 account", "年度 year", "借方 debit", "贷方 credit", "余额 balance")
_STATEMENT_HEAD: Final = (
    *("日期 effective on", "记账时间 recorded at", "分录 kind", "对方科目 counter account"),
    *("借方 debit", "贷方 credit", "地区 region", "年度 year", "经办 actor", "编号 id"),
)
Year = Annotated[int | None, Query(ge=2000, le=2100)]
Limit = Annotated[int, Query(ge=1, le=2_000)]


@ROUTER.get("/v1/ledger/trial-balance", dependencies=[requires("payment:read")])
async def show_trial_balance(
    session: Snapshot,
    effective_on: Day | None = None,
    known_at: AwareDatetime | None = None,
    benefit_year: Year = None,
    region: RegionOfBooks | None = None,
    after: TrialPlace | None = None,
    limit: Limit = _AT_ONCE,
) -> TrialBalancePage:
    """Every account by region and benefit year: what was effective by a day, of what was recorded by a moment."""
    asked = AskedBooks(effective_on, known_at, benefit_year, region)
    found = await repository.trial_lines(session, asked, after=_place(after), limit=limit + 1)
    shown = found[:limit]
    debit_fen, credit_fen = (found[0].all_debit_fen, found[0].all_credit_fen) if found else (0, 0)
    return TrialBalancePage(
        effective_on=effective_on,
        known_at=known_at,
        items=[_line(each) for each in shown],
        all_debit_fen=debit_fen,
        all_credit_fen=credit_fen,
        balanced=debit_fen == credit_fen,
        next=_name(shown[-1]) if len(found) > limit else None,
    )


@ROUTER.get(
    "/v1/ledger/trial-balance/file",
    dependencies=[requires("payment:read")],
    response_class=StreamingResponse,
    responses=_CSV,
)
async def download_trial_balance(
    caller: CurrentCaller,
    context: CurrentContext[object],
    effective_on: Day | None = None,
    known_at: AwareDatetime | None = None,
    benefit_year: Year = None,
    region: RegionOfBooks | None = None,
) -> StreamingResponse:
    """The same as a file in yuan, at most 50,000 lines."""
    asked = AskedBooks(effective_on, known_at, benefit_year, region)

    async def rows() -> AsyncIterator[Iterable[object]]:
        yield _TRIAL_HEAD
        place, written = _FIRST, 0
        async with context.database.snapshot(caller.region) as session:
            while found := await repository.trial_lines(session, asked, after=place, limit=_AT_ONCE):
                for each in found:
                    amounts = (each.debit_fen, each.credit_fen, each.debit_fen - each.credit_fen)
                    yield (each.region, each.account, each.benefit_year or "", *map(csv_file.yuan, amounts))
                place, written = _place(_name(found[-1])), written + len(found)
                if written >= MOST_LINES:
                    yield _MORE
                    return

    return _file("trial-balance.csv", rows())


@ROUTER.get("/v1/ledger/account-statement", dependencies=[requires("payment:read")])
async def show_account_statement(
    session: Snapshot,
    context: CurrentContext[object],
    account: Account,
    since: Day,
    until: Day | None = None,
    known_at: AwareDatetime | None = None,
    benefit_year: Year = None,
    region: RegionOfBooks | None = None,
    after: UUID | None = None,
    limit: Limit = _AT_ONCE,
) -> AccountStatementPage:
    """One account: what it held before ``since``, its transfers, and what it held after ``until``, by default today."""
    last = until or await business_date(session, context.clock)
    asked = AskedAccount(account, since, last, known_at, benefit_year, region)
    figures = await repository.figures(session, asked)
    found = await repository.movements(session, asked, after=after, limit=limit + 1)
    shown = found[:limit]
    return AccountStatementPage(
        account=account,
        since=since,
        until=last,
        known_at=known_at,
        opening_fen=figures.opening_fen,
        debit_fen=figures.debit_fen,
        credit_fen=figures.credit_fen,
        closing_fen=figures.closing_fen,
        items=[MovementOut.model_validate(each) for each in shown],
        next=shown[-1].id if len(found) > limit else None,
    )


@ROUTER.get(
    "/v1/ledger/account-statement/file",
    dependencies=[requires("payment:read")],
    response_class=StreamingResponse,
    responses=_CSV,
)
async def download_account_statement(
    caller: CurrentCaller,
    context: CurrentContext[object],
    account: Account,
    since: Day,
    until: Day,
    known_at: AwareDatetime | None = None,
    benefit_year: Year = None,
    region: RegionOfBooks | None = None,
) -> StreamingResponse:
    """The same as a file in yuan, at most 50,000 transfers."""
    asked = AskedAccount(account, since, until, known_at, benefit_year, region)

    async def rows() -> AsyncIterator[Iterable[object]]:
        async with context.database.snapshot(caller.region) as session:
            figures = await repository.figures(session, asked)
            yield _STATEMENT_HEAD
            yield _total(since, "期初余额 opening", figures.opening_fen)
            after: UUID | None = None
            written = 0
            while found := await repository.movements(session, asked, after=after, limit=_AT_ONCE):
                for each in found:
                    fen = csv_file.yuan(each.amount_fen)
                    sides = (fen, "") if each.side == "DEBIT" else ("", fen)
                    when = (each.effective_on, each.recorded_at.isoformat(), each.kind, each.counter)
                    yield (*when, *sides, each.region, each.benefit_year or "", each.actor, each.id)
                after, written = found[-1].id, written + len(found)
                if written >= MOST_LINES:
                    yield _MORE
                    return
            yield _total(until, "期末余额 closing", figures.closing_fen)

    return _file("account-statement.csv", rows())


def _total(day: date, name: str, fen: int) -> Iterable[object]:
    return (day, "", name, "", csv_file.yuan(fen))


def _file(name: str, rows: AsyncIterator[Iterable[object]]) -> StreamingResponse:
    async def content() -> AsyncIterator[str]:
        yield csv_file.BYTE_ORDER_MARK
        async for row in rows:
            for line in csv_file.lines([row]):
                yield line

    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content(), media_type="text/csv; charset=utf-8", headers=headers)


def _line(each: TrialLine) -> TrialBalanceLineOut:
    return TrialBalanceLineOut(
        region=each.region,
        account=each.account,
        benefit_year=each.benefit_year,
        debit_fen=each.debit_fen,
        credit_fen=each.credit_fen,
        balance_fen=each.debit_fen - each.credit_fen,
    )


def _name(line: TrialLine) -> str:
    return f"{line.region}/{line.account}/{line.benefit_year}"


def _place(after: str | None) -> tuple[str, str, int]:
    if after is None:
        return _FIRST
    region, account, year = after.split("/")
    return region, account, int(year)
