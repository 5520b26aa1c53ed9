"""Putting refunds forward, approving them, and taking the channel's word for what became of them.

Money leaves only after somebody else approved it than put it forward: a duplicate is put forward by itself, never paid
out by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.chronology import MoneyDay, MoneyPath, contradiction
from services.payment.ledger import postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext
from services.payment.notices.notice import RefundNotice
from services.payment.payments import repository as payments
from services.payment.refunds import repository
from services.payment.refunds.repository import RefundOutcome
from services.payment.refunds.state import AT_CHANNEL, NewRefund, Refund, RefundState, asked_under, outcome_of
from services.payment.refunds.unasked import repository as unasked_rows
from services.payment.refunds.unasked import service as unasked
from services.payment.refunds.unasked import sums
from services.payment.refunds.unasked.service import ReportedRefund
from services.payment.suspense import repository as suspense
from services.payment.suspense.reasons import AUTO_REFUND_REASONS
from services.payment.suspense.state import SuspenseState
from shared.approvals.state import OwnAct, is_one_client
from shared.contracts.event import Trace
from shared.contracts.payment import RefundPaid
from shared.domain.clock import business_date_of
from shared.errors import DomainError, ErrorCode, NotFound
from shared.messaging.outbox.publication import publish

REFUND_NOT_ASKED = "REFUND_NOT_ASKED"
REFUND_DIFFERS = "REFUND_DIFFERS"
REFUND_BEFORE_PAYMENT = "REFUND_BEFORE_PAYMENT"
REFUND_TOO_EARLY = "REFUND_TOO_EARLY"
REFUND_OF_OPEN_SUM = "REFUND_OF_OPEN_SUM"


class SuspenseNotHeld(DomainError):
    """The suspended item holds no money that could go back."""

    code = ErrorCode.SUSPENSE_NOT_HELD


async def request(session: AsyncSession, requests: Sequence[NewRefund]) -> None:
    """Put held money forward for refund."""
    if requests:
        await repository.insert(session, requests)


async def request_one(session: AsyncSession, asked: NewRefund) -> UUID:
    """Put one held item forward for refund and name the refund; raises SuspenseNotHeld."""
    await repository.insert(session, [asked])
    refund_id = await repository.of_suspense(session, asked.suspense_id)
    if refund_id is None:
        raise SuspenseNotHeld
    return refund_id


async def approve(session: AsyncSession, refund_id: UUID, day: date, trace: Trace) -> Refund:
    """Let a refund go to the channel; one that is on its way already is left alone. Raises NotFound.

    After the channel closed a refund, approving it again asks under a new number. One that it refused, for want of
    balance for example, is asked again at once under its number. Raises OwnAct for who put it forward.
    """
    refund = (await repository.lock(session, [refund_id])).get(refund_id)
    if refund is None:
        raise NotFound("没有该退款 · no such refund")
    if refund.state is RefundState.REQUESTED:
        by_client = refund.reason not in AUTO_REFUND_REASONS  # else its actor is whose payment it was
        if by_client and is_one_client(trace.actor, refund.trace.actor):
            raise OwnAct(f"申请人 put forward by {refund.trace.actor}")
        await repository.approve(session, refund, attempt=1, approved_by=trace.actor, day=day)
        await suspense.transition(session, [refund.suspense_id], SuspenseState.REFUNDING, from_state=SuspenseState.HELD)
        decided = PostingContext(str(refund.id), day, refund.id, refund.trace)
        await post(session, [postings.suspense_refund_decided(refund.dimensions, refund.amount_fen, decided)])
    elif refund.state is RefundState.PAY_FAILED:
        await repository.approve(session, refund, attempt=refund.attempt + 1, approved_by=trace.actor, day=day)
    elif refund.state is RefundState.ASKED:
        await repository.retry_now(session, refund_id)
    return (await repository.lock(session, [refund_id]))[refund_id]


async def settle(session: AsyncSession, notices: Sequence[RefundNotice]) -> dict[UUID, tuple[str, str | None]]:
    """Take the channel's word on refunds: SUCCESS is final and moves the money, the rest is noted.

    Returns per notice its state in the queue and the reason.
    """
    if not notices:
        return {}
    locked = await repository.lock_by_numbers(session, [notice.refund_no for notice in notices])
    refunds = {refund.refund_no: refund for refund in locked}
    by_id = {refund.id: refund for refund in locked}
    answers: dict[UUID, tuple[str, str | None]] = {}
    changed: dict[UUID, tuple[Refund, RefundNotice, RefundState]] = {}
    others: list[RefundNotice] = []
    for each in notices:
        refund = refunds.get(each.refund_no)
        if refund is None:
            others.append(each)
            continue
        notice, state = _alone(each, refund), outcome_of(each.outcome)
        answers[notice.id] = _answer(refund, notice, state)
        if answers[notice.id][0] == "APPLIED" and state is not None:
            changed[refund.id] = (refund, notice, state)
            refunds[notice.refund_no] = replace(refund, state=state)
    await _record(session, changed)
    return answers | await _of_no_number_of_now(session, others, by_id)


def _alone(notice: RefundNotice, refund: Refund) -> RefundNotice:
    """The notice of one refund where the channel says the sum of all of its payment: that has to hold this one."""
    holds = notice.is_cumulative and refund.amount_fen <= notice.amount_fen <= refund.paid_fen
    return replace(notice, amount_fen=refund.amount_fen) if holds else notice


async def _of_no_number_of_now(
    session: AsyncSession, notices: Sequence[RefundNotice], refunds: Mapping[UUID, Refund]
) -> dict[UUID, tuple[str, str | None]]:
    """After our own refunds were settled; the lower of two sums first, since the higher one holds it."""
    if not notices:
        return {}
    booked = await payments.booked_transactions(session, [notice.transaction_id for notice in notices])
    answers = {}
    for notice in sorted(notices, key=lambda each: (each.transaction_id, each.amount_fen, each.id)):
        answer = _answer_to_no_number_of_now(refunds, notice, is_booked=notice.transaction_id in booked)
        answers[notice.id] = await _unasked(session, notice) if answer[1] == REFUND_NOT_ASKED else answer
    return answers


def _answer_to_no_number_of_now(
    refunds: Mapping[UUID, Refund], notice: RefundNotice, *, is_booked: bool
) -> tuple[str, str | None]:
    """A number that no refund has now: an earlier one of ours, a refund that we never asked for, or one too early."""
    refund_id, attempt = asked_under(notice.refund_no) or (None, 0)
    refund = refunds.get(refund_id) if refund_id is not None else None
    if refund is not None and attempt < refund.attempt:
        return _answer_about_earlier(refund, _alone(notice, refund))
    return ("QUARANTINED", REFUND_NOT_ASKED) if is_booked else ("PARKED", REFUND_BEFORE_PAYMENT)


async def _unasked(session: AsyncSession, notice: RefundNotice) -> tuple[str, str | None]:
    """A refund of booked money that nobody here asked for: once it succeeded it is a fact."""
    if outcome_of(notice.outcome) is not RefundState.PAID or notice.succeeded_at is None:
        return "QUARANTINED", REFUND_NOT_ASKED
    if notice.channel_refund_id is None:
        # The bill names it by that number alone, and would bring it once more.
        return "QUARANTINED", REFUND_NOT_ASKED
    amount_fen: int | None = notice.amount_fen
    day = business_date_of(notice.succeeded_at)
    if notice.is_cumulative:
        lines = await unasked_rows.lock_lines(session, notice.channel, notice.merchant_id, notice.transaction_id)
        if sums.is_open(lines):
            return "PARKED", REFUND_OF_OPEN_SUM
        amount_fen = sums.newly_returned(lines, notice.amount_fen, day)
    if amount_fen is None:
        return "QUARANTINED", REFUND_NOT_ASKED
    if amount_fen <= 0:
        return "REPEATED", None
    reported = ReportedRefund(
        channel=notice.channel,
        merchant_id=notice.merchant_id,
        channel_refund_id=notice.channel_refund_id,
        refund_no=notice.refund_no,
        transaction_id=notice.transaction_id,
        amount_fen=amount_fen,
        refunded_on=day,
        caused_by=notice.id,
        trace=replace(notice.trace, causation_id=notice.id),
    )
    taken = await unasked.take(session, reported)
    return ("APPLIED", None) if taken else ("QUARANTINED", REFUND_NOT_ASKED)


def _answer_about_earlier(refund: Refund, notice: RefundNotice) -> tuple[str, str | None]:
    """The channel closed that number before we took another one: it may say so again, and nothing else.

    A success of a number that it had closed would be money that left twice: a person looks at it.
    """
    state = outcome_of(notice.outcome)
    if state is RefundState.PAID or not _is_about(refund, notice):
        return "QUARANTINED", REFUND_DIFFERS
    return ("IGNORED" if state is None else "REPEATED"), None


def _is_about(refund: Refund, notice: RefundNotice) -> bool:
    said = (notice.merchant_id, notice.payee_merchant_id, notice.transaction_id, notice.amount_fen)
    return said == (refund.merchant_id, refund.merchant_id, refund.transaction_id, refund.amount_fen)


def _answer(refund: Refund, notice: RefundNotice, state: RefundState | None) -> tuple[str, str | None]:
    if not _is_about(refund, notice):
        return "QUARANTINED", REFUND_DIFFERS
    if refund.state is RefundState.PAID or refund.state is state:
        return "REPEATED", None
    if refund.state not in (*AT_CHANNEL, RefundState.PAY_FAILED):
        return "QUARANTINED", REFUND_NOT_ASKED
    if state is RefundState.PAID and notice.succeeded_at is None:
        return "QUARANTINED", REFUND_DIFFERS
    if state is RefundState.PAID and notice.succeeded_at is not None:
        refunded_on = business_date_of(notice.succeeded_at)
        if contradiction(MoneyPath.REFUND, {MoneyDay.PAID: refund.received_on, MoneyDay.REFUNDED: refunded_on}):
            return "QUARANTINED", REFUND_TOO_EARLY
    return ("IGNORED", None) if state is None else ("APPLIED", None)


async def _record(session: AsyncSession, changed: Mapping[UUID, tuple[Refund, RefundNotice, RefundState]]) -> None:
    outcomes = []
    transfers = []
    announced = []
    for refund, notice, state in changed.values():
        paid = state is RefundState.PAID and notice.succeeded_at is not None
        day = business_date_of(notice.succeeded_at) if paid and notice.succeeded_at else None
        failure = None if paid else notice.outcome
        outcomes.append(RefundOutcome(refund.id, state, day, failure, notice.channel_refund_id))
        if day is None:
            continue
        trace = replace(refund.trace, causation_id=notice.id)
        # The channel reports that it has paid: the money leaves from what it holds for us.
        context = PostingContext(str(refund.id), day, notice.id, trace)
        transfers.append(postings.refunded(refund.dimensions, refund.amount_fen, context, channel=refund.channel))
        announced.append((_announcement(refund, day), trace))
    await repository.conclude(session, outcomes)
    finished = [refund.suspense_id for refund, _, state in changed.values() if state is RefundState.PAID]
    if finished:
        await suspense.transition(session, finished, SuspenseState.REFUNDED, from_state=SuspenseState.REFUNDING)
        await post(session, transfers)
        await publish(session, announced)


def _announcement(refund: Refund, day: date) -> RefundPaid:
    return RefundPaid(
        region=refund.dimensions.region,
        benefit_year=refund.dimensions.benefit_year,
        refund_id=refund.id,
        enrolment_id=refund.dimensions.enrolment_id,
        amount_fen=refund.amount_fen,
        reason=refund.reason,
        refunded_on=day,
    )
