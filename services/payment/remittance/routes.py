"""Batches on their way to the treasury over HTTP: tax hall, tax detail, treasury, certificate, return."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository, steps
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import Batch
from services.payment.batches.schemas import BatchOut, BatchPage, BatchWithLines, LineOut, MovingBatch
from services.payment.batches.state import BatchKind, BatchState
from services.payment.dates import DateInTheFuture, refuse_future
from services.payment.job_names import TAX_DETAILS
from services.payment.remittance import confirmation, portions, service
from services.payment.remittance import repository as moves
from services.payment.remittance.detail_fetches import repository as fetches
from services.payment.remittance.detail_fetches.repository import Fetch
from services.payment.remittance.detail_fetches.schemas import DetailFetchOut
from services.payment.remittance.schemas import CertificateIn, ReceivedIn, RemittedIn, ReturnedIn, SerialIn
from services.payment.remittance.tax_exchange import TaxDetailNotFound, TaxExchangeUnavailable
from shared.errors import NotFound
from shared.web.dependencies import CurrentCaller, CurrentContext, Session, requires
from shared.web.error_responses import responses_for
from shared.web.strict_route import StrictRoute

ROUTER = APIRouter(route_class=StrictRoute, prefix="/v1/remittances", tags=["remittance"])
# The office that collects money cannot also confirm that it has arrived: each step belongs to another office.
READ = requires("payment:read")
TAX, TREASURY = (requires(f"payment:{office}", for_whole_area=True) for office in ("tax", "treasury"))

ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"model": DetailFetchOut, "description": "A job fetches it; the answer says how far it is"}
}
STEP = (NotFound, steps.StepNotPossible, steps.StepTakenDifferently, portions.LinesStillMoving)


@ROUTER.get("", dependencies=[READ])
async def list_batches(
    session: Session,
    state: BatchState | None = None,
    kind: BatchKind | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> BatchPage:
    """Batches of the caller's region in the order in which they began."""
    batches = await repository.listed(session, state=state, kind=kind, after=after, limit=limit)
    return BatchPage.of(map(BatchOut.of, batches), limit, key=lambda batch: batch.id)


@ROUTER.get("/{batch_id}", dependencies=[READ])
@responses_for(NotFound)
async def read_batch(
    session: Session,
    batch_id: UUID,
    after_line: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
) -> BatchWithLines:
    """One batch with a page of its lines."""
    batch = await steps.visible_batch(session, batch_id)
    lines = await batch_lines.lines_of(session, batch_id, after=after_line, limit=limit)
    return BatchWithLines(
        **BatchOut.of(batch).model_dump(),
        lines_left=await moves.lines_left(session, batch_id),
        replaced_by=await repository.replacement_of(session, batch_id),
        lines=[LineOut.of(line) for line in lines],
        next_line=lines[-1].enrolment_id if len(lines) == limit else None,
    )


@ROUTER.post("/{batch_id}/serial", dependencies=[TAX])
@responses_for(*STEP, service.SerialRequired, service.SerialNotForOnline, steps.SerialTaken)
async def enter_serial(session: Session, caller: CurrentCaller, batch_id: UUID, body: SerialIn) -> BatchOut:
    """Enter the collection notice serial at the county's tax hall."""
    return BatchOut.of(await service.enter_serial(session, caller.trace(), batch_id, body.collection_notice_serial))


@ROUTER.post("/{batch_id}/fetch-detail", dependencies=[TAX], response_model=BatchOut, responses=ACCEPTED)
@responses_for(NotFound, steps.StepNotPossible, portions.LinesStillMoving, TaxExchangeUnavailable, TaxDetailNotFound)
async def fetch_detail(
    caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID
) -> BatchOut | JSONResponse:
    """Fetch the tax bureau's detail and compare it with the batch.

    That of more than 20,000 lines is fetched by a job: the answer is 202, and `Location` says where its progress is.
    Asked again meanwhile, it is the same fetch.
    """
    found = await confirmation.confirm_detail(
        context.database, context.settings, caller.region, caller.trace(), batch_id
    )
    if not isinstance(found, Fetch):
        return BatchOut.of(found)
    context.wake(TAX_DETAILS)
    place = f"{context.service.prefix}/v1/remittances/{batch_id}/detail-fetch"
    content = DetailFetchOut.model_validate(found).model_dump(mode="json")
    return JSONResponse(content, status_code=202, headers={"Location": place})


@ROUTER.get("/{batch_id}/detail-fetch", dependencies=[READ])
@responses_for(NotFound)
async def show_detail_fetch(session: Session, batch_id: UUID) -> DetailFetchOut:
    """How far the last fetch of a large batch's detail is."""
    found = await fetches.newest(session, batch_id)
    if found is None:
        raise NotFound
    return DetailFetchOut.model_validate(found)


@ROUTER.post("/{batch_id}/remit", dependencies=[TAX])
@responses_for(*STEP, steps.DateBeforePreviousStep, DateInTheFuture)
async def remit(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: RemittedIn
) -> MovingBatch:
    """Remit the confirmed amount (上解)."""
    await refuse_future(session, context, [body.remitted_on])
    return await _moving(session, await service.remit(session, caller.trace(), batch_id, body.remitted_on))


@ROUTER.post("/{batch_id}/treasury", dependencies=[TREASURY])
@responses_for(*STEP, steps.DateBeforePreviousStep, DateInTheFuture)
async def confirm_treasury(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: ReceivedIn
) -> MovingBatch:
    """Note that the treasury holds the money (入国库)."""
    await refuse_future(session, context, [body.received_on])
    return await _moving(session, await service.confirm_treasury(session, caller.trace(), batch_id, body.received_on))


@ROUTER.post("/{batch_id}/certificate", dependencies=[TAX])
@responses_for(*STEP, steps.DateBeforePreviousStep, DateInTheFuture, steps.CertificateNumberTaken)
async def issue_certificate(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: CertificateIn
) -> MovingBatch:
    """Register the tax payment certificate (完税证明)."""
    await refuse_future(session, context, [body.issued_on])
    batch = await service.issue_certificate(session, caller.trace(), batch_id, body.certificate_no, body.issued_on)
    return await _moving(session, batch)


@ROUTER.post("/{batch_id}/return", dependencies=[TREASURY])
@responses_for(*STEP, steps.DateBeforePreviousStep, DateInTheFuture)
async def return_to_pending(
    session: Session, caller: CurrentCaller, context: CurrentContext[object], batch_id: UUID, body: ReturnedIn
) -> MovingBatch:
    """Note that the treasury sent the money back; its lines go on in a new batch."""
    await refuse_future(session, context, [body.returned_on])
    batch = await service.return_to_pending(session, caller.trace(), batch_id, body.returned_on, body.reason)
    return await _moving(session, batch)


async def _moving(session: AsyncSession, batch: Batch) -> MovingBatch:
    return MovingBatch(**BatchOut.of(batch).model_dump(), lines_left=await moves.lines_left(session, batch.id))
