"""Taking a step with a batch: once, in order, and the same again when it is asked again."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository
from services.payment.batches.models import Batch, OnlineBatch
from services.payment.batches.repository import Fact, Transition
from services.payment.batches.state import BatchStep, has_passed, source_of, target_of
from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.errors import DomainError, ErrorCode, NotFound


class StepNotPossible(DomainError):
    """The batch is not where this step begins."""

    code = ErrorCode.REMITTANCE_STEP_NOT_POSSIBLE


class StepTakenDifferently(DomainError):
    """The step was taken before, with other facts."""

    code = ErrorCode.REMITTANCE_STEP_TAKEN_DIFFERENTLY


class DateBeforePreviousStep(DomainError):
    """Money cannot arrive before it left."""

    code = ErrorCode.DATE_BEFORE_PREVIOUS_STEP


class SerialTaken(DomainError):
    """Another batch was entered under this 征集通知流水号."""

    code = ErrorCode.COLLECTION_NOTICE_SERIAL_TAKEN


class CertificateNumberTaken(DomainError):
    """Another batch holds the certificate of this number."""

    code = ErrorCode.CERTIFICATE_NUMBER_TAKEN


_UNIQUE: dict[str, type[DomainError]] = {
    "remittance_batch_collection_notice_serial_key": SerialTaken,
    "remittance_batch_certificate_no_key": CertificateNumberTaken,
    "remittance_batch_serial_form": SerialTaken,
    "remittance_batch_certificate_form": CertificateNumberTaken,
}


# The day that a step brings.
_DAY_OF: dict[BatchStep, MoneyDay] = {
    BatchStep.REMIT: MoneyDay.REMITTED,
    BatchStep.CONFIRM_TREASURY: MoneyDay.IN_TREASURY,
    BatchStep.ISSUE_CERTIFICATE: MoneyDay.CERTIFIED,
    BatchStep.RETURN: MoneyDay.RETURNED,
}


async def visible_batch(session: AsyncSession, batch_id: UUID) -> Batch:
    """The batch; raises NotFound where there is none in the caller's region."""
    batch = await repository.find(session, batch_id)
    if batch is None:
        raise NotFound
    return batch


async def take(
    session: AsyncSession,
    trace: Trace,
    batch_id: UUID,
    step: BatchStep,
    *,
    effective_on: date | None = None,
    facts: Mapping[str, Fact],
) -> tuple[Batch, UUID | None]:
    """Take the step; returns the batch and the step's id, or no id where it had been taken with the same facts.

    Raises StepNotPossible, StepTakenDifferently, DateBeforePreviousStep, SerialTaken or CertificateNumberTaken.
    """
    batch = await visible_batch(session, batch_id)
    source = source_of(batch.kind, step)
    if source is None:
        raise StepNotPossible(f"{batch.kind.value}: {step.value}")
    if batch.state is source:
        await _refuse_going_back(session, batch, step, effective_on)
        move = Transition(step, source, target_of(step), new_id(), trace, effective_on=effective_on, facts=facts)
        moved = await _decided(session, batch_id, move)
        if moved is not None:
            return moved, move.step_id
        batch = await visible_batch(session, batch_id)
    if all(getattr(batch, name) == value for name, value in facts.items()):
        return batch, None
    if has_passed(batch.state, step):
        raise StepTakenDifferently(step.value)
    raise StepNotPossible(f"{batch.state.value} ≠ {source.value} → {step.value}")


async def _decided(session: AsyncSession, batch_id: UUID, move: Transition) -> Batch | None:
    try:
        return await repository.take_step(session, batch_id, move)
    except IntegrityError as error:
        for constraint, refusal in _UNIQUE.items():
            if constraint in str(error.orig):
                raise refusal from None
        raise


async def _refuse_going_back(session: AsyncSession, batch: Batch, step: BatchStep, day: date | None) -> None:
    name = _DAY_OF.get(step)
    if name is None:
        return
    days = {MoneyDay.REMITTED: batch.remitted_on, MoneyDay.IN_TREASURY: batch.received_on}
    if step is BatchStep.REMIT:
        arrived = await repository.arrived(session, batch.id)
        days |= dict.fromkeys((MoneyDay.BOOKED, MoneyDay.SETTLED), arrived.booked_on)
        days[MoneyDay.SENT_BACK] = arrived.sent_back_on
    path = MoneyPath.VILLAGE_CASH
    if isinstance(batch, OnlineBatch):
        path = MoneyPath.CHANNEL
        days[MoneyDay.PAID] = batch.settlement_day
    if step is BatchStep.RETURN:
        path = MoneyPath.SENT_BACK
    found = contradiction(path, days | {name: day})
    if found is not None:
        raise DateBeforePreviousStep(str(found))
