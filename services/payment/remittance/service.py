"""The way of a batch to the treasury: serial, remittance (上解), treasury (入国库), certificate (完税证明), return.

Each step is taken at once and by one request; the lines follow in portions.
"""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import steps
from services.payment.batches.models import Batch, OnlineBatch
from services.payment.batches.repository import Fact
from services.payment.batches.state import BatchStep
from services.payment.remittance import portions
from shared.contracts.event import Trace
from shared.errors import DomainError, ErrorCode


class SerialRequired(DomainError):
    """Entrusted cash goes to the treasury only under its 征集通知流水号."""

    code = ErrorCode.COLLECTION_NOTICE_SERIAL_REQUIRED


class SerialNotForOnline(DomainError):
    """Online money never passes the tax hall: it has no serial."""

    code = ErrorCode.COLLECTION_NOTICE_SERIAL_NOT_FOR_ONLINE


async def enter_serial(session: AsyncSession, trace: Trace, batch_id: UUID, serial: str | None) -> Batch:
    """Bring the slip to the county's tax hall, which enters the collection notice serial (征集通知流水号)."""
    batch = await steps.visible_batch(session, batch_id)
    if isinstance(batch, OnlineBatch):
        raise SerialNotForOnline
    if not serial:
        raise SerialRequired(pointer="/collection_notice_serial")
    batch, step_id = await steps.take(
        session, trace, batch_id, BatchStep.ENTER_SERIAL, facts={"collection_notice_serial": serial}
    )
    if step_id is not None:
        await portions.refuse_moving(session, batch)
    return batch


async def remit(session: AsyncSession, trace: Trace, batch_id: UUID, remitted_on: date) -> Batch:
    """上解: the confirmed amount leaves the pending account, in transit until the treasury confirms it."""
    batch, step_id = await steps.take(
        session, trace, batch_id, BatchStep.REMIT, effective_on=remitted_on, facts={"remitted_on": remitted_on}
    )
    if step_id is not None:
        await portions.begin(session, trace, batch, BatchStep.REMIT, step_id)
    return batch


async def confirm_treasury(session: AsyncSession, trace: Trace, batch_id: UUID, received_on: date) -> Batch:
    """入国库: the treasury holds the money of every line."""
    batch, step_id = await steps.take(
        session,
        trace,
        batch_id,
        BatchStep.CONFIRM_TREASURY,
        effective_on=received_on,
        facts={"received_on": received_on},
    )
    if step_id is not None:
        await portions.begin(session, trace, batch, BatchStep.CONFIRM_TREASURY, step_id)
    return batch


async def issue_certificate(
    session: AsyncSession, trace: Trace, batch_id: UUID, certificate_no: str, issued_on: date
) -> Batch:
    """Note the tax payment certificate (完税证明) that covers the batch; its number is registered once."""
    facts: dict[str, Fact] = {"certificate_no": certificate_no, "certificate_issued_on": issued_on}
    batch, step_id = await steps.take(
        session, trace, batch_id, BatchStep.ISSUE_CERTIFICATE, effective_on=issued_on, facts=facts
    )
    if step_id is not None:
        await portions.begin(session, trace, batch, BatchStep.ISSUE_CERTIFICATE, step_id)
    return batch


async def return_to_pending(
    session: AsyncSession, trace: Trace, batch_id: UUID, returned_on: date, reason: str
) -> Batch:
    """The treasury sent the money back: it is pending again, its lines go on in a new batch linked to this one."""
    facts: dict[str, Fact] = {"returned_on": returned_on, "return_reason": reason}
    batch, step_id = await steps.take(session, trace, batch_id, BatchStep.RETURN, effective_on=returned_on, facts=facts)
    if step_id is not None:
        await portions.begin(session, trace, batch, BatchStep.RETURN, step_id)
    return batch
