"""A batch's lines follow it through a step portion by portion, each in a transaction of its own.

What is announced holds its person's row until the commit: no other payment of theirs waits for more than a portion. A
process that dies leaves the place to go on from, and the next one goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository as batches
from services.payment.batches.lines import repository as batch_lines
from services.payment.batches.models import Batch, RemittanceLine
from services.payment.batches.state import BatchStep, MoneyLocation
from services.payment.job_names import REMITTANCE_LINES
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer
from services.payment.remittance import repository
from services.payment.remittance.repository import Move
from shared.contracts.event import Event, Trace
from shared.contracts.payment import (
    CertificateIssued,
    ContributionInTreasury,
    ContributionRemitted,
    ContributionReturned,
)
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode
from shared.messaging.outbox.publication import publish_portion
from shared.service import Job, ServiceContext

PORTION: Final = 2_000  # lines in one transaction
Posting = Callable[[Dimensions, int, PostingContext], Transfer]


class LinesStillMoving(DomainError):
    """The lines of the step before have not all followed."""

    code = ErrorCode.REMITTANCE_LINES_MOVING


@dataclass(frozen=True, slots=True)
class _Arrival:
    """On which day, where the money comes to be and how that is booked, and which event each enrolment gets."""

    day: date
    event: Callable[[RemittanceLine], Event]
    place: MoneyLocation | None = None
    posting: Posting | None = None


async def begin(session: AsyncSession, trace: Trace, batch: Batch, step: BatchStep, step_id: UUID) -> None:
    """Begin to move the lines of a batch that has taken a step, and move the first portion in the same transaction."""
    await refuse_moving(session, batch)
    await batch_lines.refuse_other_lines(session, batch)
    replaced_by = None
    if step is BatchStep.RETURN:
        replaced_by = new_id()
        await batches.reopen(session, batch.id, replaced_by, trace)
    move = Move(step_id, batch.id, step.value, replaced_by, None, batch.line_count, trace.actor)
    await repository.begin(session, move, batch.region, trace)
    await _portion(session, move, batch)


async def refuse_moving(session: AsyncSession, batch: Batch) -> None:
    """Raise LinesStillMoving where lines of the batch, or of the one that it replaces, are still to follow."""
    if left := await repository.lines_left(session, batch.id):
        raise LinesStillMoving(f"{left}/{batch.line_count}")


async def go_on(context: ServiceContext[object]) -> int:
    """Move the next portion of the oldest batch whose lines are on their way; how many lines."""
    async with context.database.transaction(context.settings.region) as session:
        move = await repository.take(session)
        if move is None:
            return 0
        batch = await batches.find(session, move.batch_id)
        if batch is None:
            raise RuntimeError(f"no batch {move.batch_id}, whose lines are on their way")  # a foreign key forbids it
        return await _portion(session, move, batch)


async def _portion(session: AsyncSession, move: Move, batch: Batch) -> int:
    lines = await batch_lines.lines_of(session, batch.id, after=move.moved_to, limit=PORTION)
    if len(lines) != min(PORTION, move.lines_left):
        raise RuntimeError(f"batch {batch.id}: {len(lines)} of {move.lines_left} lines are left to follow")
    arrival = _arrival(BatchStep(move.step), batch)
    if arrival.place is not None:
        await batch_lines.move_lines(session, lines, arrival.place)
    if move.replaced_by is not None:
        await batch_lines.copy_lines(session, lines, move.replaced_by)
    pages = [
        lines[start : start + batch_lines.LINES_AT_ONCE] for start in range(0, len(lines), batch_lines.LINES_AT_ONCE)
    ]
    for page in pages:
        await _book(session, move, page, arrival)
    # What people's other payments wait for is locked as late as it can. The keys are the enrolments, in their order.
    for page in pages:
        await publish_portion(session, [(arrival.event(line), line.trace(move.actor, move.step_id)) for line in page])
    await repository.go_on(session, move, lines[-1].enrolment_id, len(lines))
    return len(lines)


async def _book(session: AsyncSession, move: Move, lines: list[RemittanceLine], arrival: _Arrival) -> None:
    if arrival.posting is None:
        return
    contexts = [
        PostingContext(
            key=f"{move.batch_id}:{line.enrolment_id}",
            effective_on=arrival.day,
            caused_by=move.step_id,
            trace=line.trace(move.actor, move.step_id),
            batch_id=move.batch_id,
        )
        for line in lines
    ]
    moved = [
        arrival.posting(line.dimensions, line.amount_fen, context)
        for line, context in zip(lines, contexts, strict=True)
    ]
    await post(session, moved)


def _arrival(step: BatchStep, batch: Batch) -> _Arrival:
    """What the step means for each line, from what the batch says since it took it."""
    if step is BatchStep.REMIT and batch.remitted_on is not None:
        day = batch.remitted_on
        return _Arrival(day, lambda line: _remitted(line, day), MoneyLocation.IN_TRANSIT, postings.remitted)
    if step is BatchStep.CONFIRM_TREASURY and batch.received_on is not None:
        day = batch.received_on
        return _Arrival(
            day, lambda line: _in_treasury(line, day), MoneyLocation.TREASURY, postings.received_in_treasury
        )
    if step is BatchStep.RETURN and batch.returned_on is not None:
        day, reason = batch.returned_on, batch.return_reason or ""
        return _Arrival(day, lambda line: _returned(line, day, reason), MoneyLocation.RETURNED, postings.returned)
    if batch.certificate_issued_on is not None and batch.certificate_no is not None:
        day, number = batch.certificate_issued_on, batch.certificate_no
        return _Arrival(day, lambda line: _certified(line, number, day))
    raise RuntimeError(f"batch {batch.id} has not taken the step {step.value}")  # its lines follow what it took


def _remitted(line: RemittanceLine, day: date) -> ContributionRemitted:
    return ContributionRemitted(
        region=line.region,
        benefit_year=line.benefit_year,
        enrolment_id=line.enrolment_id,
        batch_id=line.batch_id,
        amount_fen=line.amount_fen,
        remitted_on=day,
    )


def _in_treasury(line: RemittanceLine, day: date) -> ContributionInTreasury:
    return ContributionInTreasury(
        region=line.region,
        benefit_year=line.benefit_year,
        enrolment_id=line.enrolment_id,
        batch_id=line.batch_id,
        amount_fen=line.amount_fen,
        received_on=day,
    )


def _certified(line: RemittanceLine, certificate_no: str, day: date) -> CertificateIssued:
    return CertificateIssued(
        region=line.region,
        benefit_year=line.benefit_year,
        enrolment_id=line.enrolment_id,
        batch_id=line.batch_id,
        certificate_no=certificate_no,
        issued_on=day,
    )


def _returned(line: RemittanceLine, day: date, reason: str) -> ContributionReturned:
    return ContributionReturned(
        region=line.region,
        benefit_year=line.benefit_year,
        enrolment_id=line.enrolment_id,
        batch_id=line.batch_id,
        amount_fen=line.amount_fen,
        returned_on=day,
        reason=reason,
    )


JOBS = (Job(REMITTANCE_LINES, go_on),)
