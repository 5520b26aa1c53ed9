"""Confirming amount and detail of a batch with the tax bureau, before any money moves."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository, steps
from services.payment.batches.discrepancies import MAX_DIFFERENCES
from services.payment.batches.models import Batch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, has_passed, source_of, target_of
from services.payment.remittance import portions
from services.payment.remittance.detail import TaxDetail, compare_detail
from services.payment.remittance.tax_exchange import fetch_detail, reference_of
from shared.contracts.event import Trace
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.settings import Settings


async def confirm_detail(database: Database, settings: Settings, region: str, trace: Trace, batch_id: UUID) -> Batch:
    """Fetch the tax bureau's detail and compare: DETAIL_CONFIRMED, or HELD with every differing line named.

    The platform is asked outside of any transaction: a slow answer holds no connection and no lock.
    """
    async with database.transaction(region) as session:
        batch = await steps.visible_batch(session, batch_id)
        if has_passed(batch.state, BatchStep.CONFIRM_DETAIL):
            return batch
        await portions.refuse_moving(session, batch)
    source = source_of(batch.kind, BatchStep.CONFIRM_DETAIL)
    if batch.state is not source:
        raise steps.StepNotPossible(f"{batch.state.value} ≠ {source} → {BatchStep.CONFIRM_DETAIL.value}")
    detail = await fetch_detail(settings, batch)
    async with database.transaction(region) as session:
        return await _conclude(session, trace, batch, detail)


async def _conclude(session: AsyncSession, trace: Trace, batch: Batch, detail: TaxDetail) -> Batch:
    lines = [line async for page in repository.pages_of(session, batch) for line in page]
    differences = compare_detail(reference_of(batch), {line.enrolment_id: line.amount_fen for line in lines}, detail)
    held = bool(differences)
    move = Transition(
        BatchStep.CONFIRM_DETAIL,
        batch.state,
        BatchState.HELD if held else target_of(BatchStep.CONFIRM_DETAIL),
        new_id(),
        trace,
        held_at=HoldStage.DETAIL if held else None,
        differences=[difference.as_json() for difference in differences[:MAX_DIFFERENCES]],
        note={"tax_total_fen": detail.total_fen, "tax_lines": len(detail.lines), "differences": len(differences)},
    )
    moved = await repository.take_step(session, batch.id, move)
    if moved is None:  # another request concluded meanwhile: its result stands
        return await steps.visible_batch(session, batch.id)
    if not held:
        await repository.number_lines(session, batch.id, detail.lines)
    return moved
