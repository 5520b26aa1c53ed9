"""The bank's statements of the tax pending account over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.bank import service
from services.payment.bank.schemas import (
    BankLineOut,
    BankLinePage,
    BankStatementImported,
    BankStatementIn,
    RefusedBankLine,
    StatementLinePage,
)
from services.payment.batches.settlement_reference import SettlementReferenceMalformed, settlement_day
from services.payment.dates import DateInTheFuture, refuse_future
from services.payment.job_names import CASH_MATCHING, PAYOUTS, SETTLEMENTS, SHORTAGES
from services.payment.resources import PaymentResources
from services.payment.statements import repository
from shared.database.engine import after_commit
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.fields import DocumentNumber
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])
READ = requires("payment:read")


@ROUTER.post("/v1/bank-statements", status_code=201, dependencies=[requires("payment:bank", for_whole_area=True)])
@responses_for(
    SettlementReferenceMalformed,
    service.BankLineChanged,
    service.DepositOfNothing,
    service.SettlementOfUnknownMerchant,
    DateInTheFuture,
)
async def import_statement(
    session: Session, caller: CurrentCaller, context: CurrentContext[PaymentResources], body: BankStatementIn
) -> BankStatementImported:
    """Import a statement: known lines go in, the rest is named. Lines imported before change nothing."""
    days = [day for line in body.lines if line.kind == "SETTLEMENT" and (day := settlement_day(line.reference))]
    await refuse_future(session, context, [body.booked_on, *days])
    merchants = context.resources.known_merchants
    done = await service.import_statement(session, caller.trace(), context.settings.region, merchants, body)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SHORTAGES))
    after_commit(session, lambda: context.wake(SETTLEMENTS))
    after_commit(session, lambda: context.wake(PAYOUTS))
    return BankStatementImported(
        statement_no=body.statement_no,
        imported=done.imported,
        repeated=done.repeated,
        reversed=done.reversed,
        refused=[
            RefusedBankLine(line_no=number, code=refusal.code.name, detail=refusal.code.value.both)
            for number, refusal in sorted(done.refused.items())
        ],
    )


@ROUTER.get("/v1/bank-lines", dependencies=[READ])
async def statement_lines(
    session: Session,
    statement_no: Annotated[DocumentNumber, Query()],
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> StatementLinePage:
    """The lines of a statement as they were imported, with what explains them or reversed them."""
    lines = await repository.of_statement(session, statement_no, after=after, limit=limit)
    return StatementLinePage.of(map(BankLineOut.model_validate, lines), limit, key=lambda line: line.id)


@ROUTER.get("/v1/bank-lines/unexplained", dependencies=[READ])
async def unexplained_lines(
    session: Session, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> BankLinePage:
    """Money in the pending account that no slip or settlement explains yet."""
    lines = await repository.unexplained(session, after=after, limit=limit)
    return BankLinePage.of(map(BankLineOut.model_validate, lines), limit, key=lambda line: line.id)
