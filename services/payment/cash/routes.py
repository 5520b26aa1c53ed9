"""Village cash over HTTP: receipts, collection statements, deposit slips, and corrections of held batches."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from services.payment.batches.schemas import BatchOut
from services.payment.cash import corrections, late_receipts, service
from services.payment.cash.schemas import (
    CollectionStatementIn,
    CorrectionIn,
    LateReceiptsIn,
    ReceiptOut,
    ReceiptPage,
    ReceiptsIn,
    ReceiptsRecorded,
    SlipOut,
    StatementSlipIn,
)
from services.payment.channels.channel import ChannelNotAllowed
from services.payment.dates import DateInTheFuture, refuse_future
from services.payment.job_names import CASH_MATCHING, SETTLEMENTS, SHORTAGES
from services.payment.receipts import repository as receipts
from services.payment.receipts.receipt import Entry
from services.payment.resources import PaymentResources
from shared.approvals.schemas import ApprovalOut
from shared.approvals.service import AnotherWaits
from shared.database.engine import after_commit
from shared.errors import NotFound
from shared.policy.vocabulary import Channel
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute)
READ, COLLECT = requires("payment:read"), requires("payment:collect")


@ROUTER.post("/v1/cash-receipts", status_code=201, tags=["village cash"], dependencies=[COLLECT])
@responses_for(
    service.UnknownVillage,
    service.BillNotFoundInVillage,
    service.ReceiptNumberTaken,
    service.ReceiptEnteredLate,
    DateInTheFuture,
    ChannelNotAllowed,
)
async def record_receipts(
    session: Session, caller: CurrentCaller, context: CurrentContext[PaymentResources], body: ReceiptsIn
) -> ReceiptsRecorded:
    """Record the receipts that a village wrote."""
    context.resources.refuse_channel(Channel.VILLAGE_CASH)
    today = await refuse_future(session, context, (receipt.received_on for receipt in body.receipts))
    entry = Entry(today, context.settings.receipt_entry_days)
    new = await service.record_receipts(session, caller.trace(), body.village, body.receipts, entry)
    return ReceiptsRecorded(
        village=body.village,
        recorded=len(new),
        repeated=len(body.receipts) - len(new),
        recorded_fen=sum(receipt.amount_fen for receipt in new),
    )


@ROUTER.post("/v1/late-receipts", status_code=202, tags=["village cash"], dependencies=[COLLECT])
@responses_for(service.UnknownVillage, late_receipts.ReceiptsNotLate, AnotherWaits, DateInTheFuture, ChannelNotAllowed)
async def propose_late_receipts(
    session: Session, caller: CurrentCaller, context: CurrentContext[PaymentResources], body: LateReceiptsIn
) -> ApprovalOut:
    """Propose receipts that are too old to be entered by one person; another client approves them."""
    context.resources.refuse_channel(Channel.VILLAGE_CASH)
    today = await refuse_future(session, context, (receipt.received_on for receipt in body.receipts))
    limit_days = context.settings.receipt_entry_days
    proposal = await late_receipts.propose_late_receipts(session, caller.trace(), body, today, limit_days)
    return ApprovalOut.of(proposal, today)


@ROUTER.get("/v1/cash-receipts", tags=["village cash"], dependencies=[READ])
async def list_receipts(
    session: Session,
    state: Literal["USED", "WRITTEN_OFF", "RECALLED"] | None = None,
    village: Annotated[str | None, Query(pattern=r"^[0-9]{12}$")] = None,
    after: Annotated[str, Query(max_length=64, pattern=r"^[\w./-]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> ReceiptPage:
    """Receipts by number; recalled ones name the reason: their money goes back to the person, by village."""
    found = await receipts.listed(session, state=state, village=village, after=after, limit=limit)
    return ReceiptPage.of(map(ReceiptOut.model_validate, found), limit, key=lambda receipt: receipt.receipt_no)


@ROUTER.post("/v1/collection-statements", status_code=201, tags=["village cash"], dependencies=[COLLECT])
@responses_for(service.UnknownVillage, service.StatementNumberTaken, NotFound)
async def submit_statement(session: Session, caller: CurrentCaller, body: CollectionStatementIn) -> BatchOut:
    """Submit a village's 《缴费情况表》; it begins a batch."""
    return BatchOut.of(await service.submit_statement(session, caller.trace(), body))


@ROUTER.post("/v1/deposit-slips", status_code=201, tags=["village cash"], dependencies=[COLLECT])
@responses_for(
    NotFound,
    service.SlipNumberTaken,
    service.SecondSlip,
    service.StatementNoLongerOpen,
    service.DatesOutOfOrder,
    DateInTheFuture,
)
async def record_slip(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], body: StatementSlipIn
) -> SlipOut:
    """Record the slip of a statement's cash; a slip is not money."""
    await refuse_future(session, context, [body.deposited_on])
    batch = await service.record_slip(session, caller.trace(), body)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SHORTAGES))
    return SlipOut(**body.model_dump(), batch_id=batch.id, batch_state=batch.state.value)


@ROUTER.post("/v1/remittances/{batch_id}/corrections", tags=["remittance"], dependencies=[COLLECT])
@responses_for(
    NotFound, corrections.CorrectionNotPossible, service.SlipNumberTaken, service.DatesOutOfOrder, DateInTheFuture
)
async def correct(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: CorrectionIn
) -> BatchOut:
    """Restate a held batch as a new version and let it be compared again."""
    await refuse_future(session, context, (slip.deposited_on for slip in body.slips or ()))
    batch = await corrections.correct(session, caller.trace(), batch_id, body)
    after_commit(session, lambda: context.wake(CASH_MATCHING))
    after_commit(session, lambda: context.wake(SETTLEMENTS))
    return BatchOut.of(batch)
