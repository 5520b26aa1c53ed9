"""Confirming amount and detail of a batch with the tax bureau, before any money moves."""

from tempfile import TemporaryFile
from typing import Final
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository, steps
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import Batch
from services.payment.batches.repository import Transition
from services.payment.batches.state import BatchState, BatchStep, HoldStage, has_passed, source_of, target_of
from services.payment.remittance import portions
from services.payment.remittance.detail import Comparison, TaxDetail, UnreadableDetail, compare
from services.payment.remittance.detail_fetches import repository as fetches
from services.payment.remittance.detail_fetches.repository import Fetch
from services.payment.remittance.tax_exchange import TaxExchangeUnavailable, fetch_detail, reference_of
from shared.contracts.event import Trace
from shared.database.engine import Database
from shared.domain.ids import new_id
from shared.settings import Settings

AT_ONCE: Final = 20_000  # lines of a batch whose detail is fetched, compared and noted within the request


async def confirm_detail(
    database: Database, settings: Settings, region: str, trace: Trace, batch_id: UUID
) -> Batch | Fetch:
    """Fetch the tax bureau's detail and compare: DETAIL_CONFIRMED, or HELD with every differing line named.

    That of a large batch is fetched by a job, which is given. The platform is asked outside of any transaction: a slow
    answer holds no connection and no lock.
    """
    async with database.transaction(region) as session:
        batch = await steps.visible_batch(session, batch_id)
        if has_passed(batch.state, BatchStep.CONFIRM_DETAIL):
            return batch
        await portions.refuse_moving(session, batch)
        _refuse_early(batch)
        if batch.line_count > AT_ONCE:
            return await fetches.begin(session, batch, trace)
    with TemporaryFile() as file:  # of any length, and never in memory
        await fetch_detail(settings, batch, file)
        try:
            async with database.transaction(region) as session:
                return await _conclude(session, trace, batch, TaxDetail(file))
        except (UnreadableDetail, ValidationError):
            raise TaxExchangeUnavailable("应答不是批次明细 · the answer is not a batch detail") from None


async def _conclude(session: AsyncSession, trace: Trace, batch: Batch, detail: TaxDetail) -> Batch:
    await batch_lines.refuse_other_lines(session, batch)
    compared = await compare(session, batch, reference_of(batch), detail)
    moved = await repository.take_step(session, batch.id, transition(batch, compared, trace))
    if moved is None:  # another request concluded meanwhile: its result stands
        return await steps.visible_batch(session, batch.id)
    if not compared.differences:
        await batch_lines.number_lines(session, batch.id, compared.lines)
    return moved


def transition(batch: Batch, compared: Comparison, trace: Trace) -> Transition:
    """The step that a comparison means for its batch."""
    held = bool(compared.differences)
    return Transition(
        BatchStep.CONFIRM_DETAIL,
        batch.state,
        BatchState.HELD if held else target_of(BatchStep.CONFIRM_DETAIL),
        new_id(),
        trace,
        held_at=HoldStage.DETAIL if held else None,
        differences=[difference.as_json() for difference in compared.differences],
        note={"tax_total_fen": compared.total_fen, "tax_lines": compared.lines, "differences": compared.found},
    )


def _refuse_early(batch: Batch) -> None:
    source = source_of(batch.kind, BatchStep.CONFIRM_DETAIL)
    if batch.state is not source:
        raise steps.StepNotPossible(f"{batch.state.value} ≠ {source} → {BatchStep.CONFIRM_DETAIL.value}")
