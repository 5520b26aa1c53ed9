"""The bank's statements of the tax pending account over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.payment.bank import service
from services.payment.bank.schemas import BankLineOut, BankLinePage, BankStatementImported, BankStatementIn
from services.payment.batches.settlement_reference import SettlementReferenceMalformed, parse_settlement
from services.payment.dates import DateInTheFuture, refuse_future
from services.payment.job_names import CASH_MATCHING, SETTLEMENTS
from services.payment.statements import repository
from shared.database.engine import after_commit
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["bank"])


@ROUTER.post("/v1/bank-statements", status_code=201, dependencies=[requires("payment:bank", for_whole_area=True)])
@responses_for(SettlementReferenceMalformed, service.BankLineChanged, DateInTheFuture)
async def import_statement(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: BankStatementIn
) -> BankStatementImported:
    """Import a statement; lines that were imported before change nothing. Matching follows by itself."""
    settled = (parse_settlement(line.reference).day for line in body.lines if line.kind == "SETTLEMENT")
    await refuse_future(session, context, [body.booked_on, *settled])
    imported = await service.import_statement(session, caller.trace(), context.settings.region, body)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SETTLEMENTS))
    return BankStatementImported(statement_no=body.statement_no, imported=imported, repeated=len(body.lines) - imported)


@ROUTER.get("/v1/bank-lines/unexplained", dependencies=[requires("payment:read")])
async def unexplained_lines(session: Session, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> BankLinePage:
    """Money in the pending account that no slip or settlement explains yet."""
    return BankLinePage(
        items=[BankLineOut.model_validate(line) for line in await repository.unexplained(session, limit)]
    )
