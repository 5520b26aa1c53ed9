"""Short deposits over HTTP: their acceptance is proposed here and decided under approvals; what collectors owe."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.shortages import acceptance, repository
from services.payment.shortages.repository import Shortage
from services.payment.shortages.schemas import AcceptanceIn, ShortageOut, ShortagePage
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits, Grounds
from shared.database.business_date import business_date
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, tags=["village cash"])


@ROUTER.post(
    "/v1/remittances/{batch_id}/short-acceptance",
    status_code=202,
    dependencies=[requires("payment:bank", for_whole_area=True)],
)
@responses_for(NotFound, acceptance.BatchNotHeld, acceptance.DepositNotShort, acceptance.OtherDifferences, AnotherWaits)
async def propose_acceptance(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: AcceptanceIn
) -> ApprovalOut:
    """Propose that a held statement is accepted although its deposit is short; another client approves it."""
    today = await business_date(session, context.clock)
    grounds = Grounds(body.reason, body.evidence)
    return ApprovalOut.of(await acceptance.propose_acceptance(session, batch_id, grounds, caller.trace(), today), today)


@ROUTER.get("/v1/collector-shortages", dependencies=[requires("payment:read")])
async def list_shortages(
    session: Session,
    context: CurrentContext[object],
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ShortagePage:
    """What collectors owe: whose statement, how much, and since when."""
    today = await business_date(session, context.clock)
    limit_days = context.settings.clearing_days.collector_shortages

    def shown(each: Shortage) -> ShortageOut:
        return ShortageOut(
            batch_id=each.batch_id,
            statement_no=each.statement_no,
            village=each.village,
            owner=each.owner,
            receipts_fen=each.receipts_fen,
            in_account_fen=each.in_account_fen,
            short_fen=each.receipts_fen - each.in_account_fen,
            since=each.since,
            age_days=max((today - each.since).days, 0),
            limit_days=limit_days,
        )

    found = await repository.listed(session, after=after, limit=limit)
    return ShortagePage.of(map(shown, found), limit, key=lambda each: each.batch_id)
