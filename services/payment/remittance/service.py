"""The way of a batch to the treasury: serial, remittance (上解), treasury (入国库), certificate (完税证明), return."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches import repository, steps
from services.payment.batches.models import Batch, OnlineBatch, RemittanceLine
from services.payment.batches.repository import Fact
from services.payment.batches.state import BatchStep, MoneyLocation
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import Dimensions, PostingContext, Transfer
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

Posting = Callable[[Dimensions, int, PostingContext], Transfer]


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
    batch, _ = await steps.take(
        session, trace, batch_id, BatchStep.ENTER_SERIAL, facts={"collection_notice_serial": serial}
    )
    return batch


async def remit(session: AsyncSession, trace: Trace, batch_id: UUID, remitted_on: date) -> Batch:
    """上解: the confirmed amount leaves the pending account line by line, in transit until the treasury confirms it."""
    batch, step_id = await steps.take(
        session, trace, batch_id, BatchStep.REMIT, effective_on=remitted_on, facts={"remitted_on": remitted_on}
    )
    if step_id is not None:
        arriving = _Arrival(MoneyLocation.IN_TRANSIT, postings.remitted, lambda line: _remitted(line, remitted_on))
        await _move(session, trace, batch, step_id, arriving, remitted_on)
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
        arriving = _Arrival(
            MoneyLocation.TREASURY, postings.received_in_treasury, lambda line: _in_treasury(line, received_on)
        )
        await _move(session, trace, batch, step_id, arriving, received_on)
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
        await _announce(session, trace, batch, step_id, lambda line: _certified(line, certificate_no, issued_on))
    return batch


async def return_to_pending(
    session: AsyncSession, trace: Trace, batch_id: UUID, returned_on: date, reason: str
) -> Batch:
    """The treasury sent the money back: it is pending again, its lines go on in a new batch linked to this one."""
    facts: dict[str, Fact] = {"returned_on": returned_on, "return_reason": reason}
    batch, step_id = await steps.take(session, trace, batch_id, BatchStep.RETURN, effective_on=returned_on, facts=facts)
    if step_id is not None:
        back = _Arrival(MoneyLocation.RETURNED, postings.returned, lambda line: _returned(line, returned_on, reason))
        await _move(session, trace, batch, step_id, back, returned_on)
        await repository.reopen(session, batch.id, new_id(), trace)
    return batch


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Where the money of lines comes to be, how that is booked, and which event each enrolment gets."""

    place: MoneyLocation
    posting: Posting
    event: Callable[[RemittanceLine], Event]


async def _move(session: AsyncSession, trace: Trace, batch: Batch, step_id: UUID, arrival: _Arrival, day: date) -> None:
    """Book every line, then announce every line: what people's other payments wait for is locked as late as it can."""
    await repository.move_lines(session, batch.id, arrival.place)
    async for lines in repository.pages_of(session, batch):
        contexts = [
            PostingContext(
                key=f"{batch.id}:{line.enrolment_id}",
                effective_on=day,
                caused_by=step_id,
                trace=line.trace(trace.actor, step_id),
                batch_id=batch.id,
            )
            for line in lines
        ]
        moved = [
            arrival.posting(line.dimensions, line.amount_fen, context)
            for line, context in zip(lines, contexts, strict=True)
        ]
        await post(session, moved)
    await _announce(session, trace, batch, step_id, arrival.event)


async def _announce(
    session: AsyncSession, trace: Trace, batch: Batch, step_id: UUID, event: Callable[[RemittanceLine], Event]
) -> None:
    async for lines in repository.pages_of(session, batch):
        # The pages come in the order of the enrolments, which are the keys.
        await publish_portion(session, [(event(line), line.trace(trace.actor, step_id)) for line in lines])


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
