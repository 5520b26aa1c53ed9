"""Crediting and reversing money without an order: hold the keys, lock the bills, decide, record, announce.

The caller commits, and collects what is announced where it credits or reverses more than once. Keys are held before
bills, each sorted, so that a payment and its reversal that come at once are one after the other, and two portions of
files never wait for each other in a circle.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills import service as bills
from services.payment.bills.repository import PersonYear
from services.payment.bills.service import BillPayment, BillReversal
from services.payment.bills.state import BillState
from services.payment.crediting.direct import repository
from services.payment.crediting.direct.decision import (
    DirectCredit,
    DirectStanding,
    contested,
    decide_direct,
    place_of,
    refusal_of_reversal,
)
from services.payment.crediting.direct.repository import BookedLine
from services.payment.crediting.direct.state import (
    DirectKey,
    DirectOutcome,
    DirectPayment,
    DirectRefusal,
    DirectReversal,
    DirectSource,
    DirectState,
)
from services.payment.ledger import accounts, postings
from services.payment.ledger.service import post
from services.payment.ledger.transfer import PostingContext, Transfer
from services.payment.payments import repository as payment_rows
from services.payment.payments.repository import NewDirectPayment, NewPaymentLine, OtherDay, ReversedLine
from services.payment.people import repository as people_rows
from services.payment.suspense import repository as suspense
from services.payment.suspense.reasons import SuspenseReason
from services.payment.suspense.service import suspend_direct
from services.payment.suspense.state import SuspendedDirect, SuspenseState
from shared.contracts.event import Trace
from shared.domain.ids import new_id
from shared.messaging.outbox.publication import collected

AT_ONCE = 500


class TooManyAtOnce(ValueError):
    """More payments than one transaction holds the keys of; a file is brought in portions."""


async def credit_direct(session: AsyncSession, payments: Sequence[DirectPayment]) -> dict[DirectKey, DirectOutcome]:
    """Credit what institutions collected, each under its key once; at most ``AT_ONCE``.

    Of one key the first word counts, and the same word again is ``repeated``. What pays no bill is REFUSED where it was
    asked online, and nothing is written of it; in a file it is money and SUSPENDED. Raises TooManyAtOnce.
    """
    outcomes: dict[DirectKey, DirectOutcome] = {}
    if not payments:
        return outcomes
    _within(payments)
    first = {payment.key: payment for payment in reversed(payments)}
    await repository.lock_keys(session, first)
    known = await repository.payments_of(session, first)
    taken_back = await repository.reversals_of(session, first)
    fresh = [payment for key, payment in first.items() if key not in known and key not in taken_back]
    awaited = [payment for key, payment in first.items() if key not in known and key in taken_back]
    for payment in awaited:
        if payment.amount_fen == taken_back[payment.key].amount_fen:
            outcomes[payment.key] = DirectOutcome(DirectState.REVERSED)
        elif payment.source is DirectSource.ONLINE:
            outcomes[payment.key] = DirectOutcome(DirectState.REFUSED, DirectRefusal.OTHER_AMOUNT.value)
    differing = [payment for payment in awaited if payment.key not in outcomes]
    never = [payment for payment in awaited if outcomes.get(payment.key) == DirectOutcome(DirectState.REVERSED)]
    decided = await _decide(session, fresh)
    decided += [_differs(payment) for payment in differing]
    refused = [one for one in decided if one.reason is not None and one.payment.source is DirectSource.ONLINE]
    outcomes |= {
        one.payment.key: DirectOutcome(DirectState.REFUSED, one.reason and one.reason.value) for one in refused
    }
    booked = [one for one in decided if one.payment.key not in outcomes]
    await repository.add_payments(session, [one.payment for one in booked] + never)
    outcomes |= await _record(session, booked)
    again = [payment for payment in payments if payment.key in known or payment is not first[payment.key]]
    return outcomes | await _repeated(session, again, first | known, outcomes)


async def reverse_direct(session: AsyncSession, reversals: Sequence[DirectReversal]) -> dict[DirectKey, DirectOutcome]:
    """Take payments back, each once; at most ``AT_ONCE``.

    A payment that has not come is AWAITED and will pay nothing. A reversal that comes too late is REFUSED by its reason
    and changes nothing. Raises TooManyAtOnce.
    """
    outcomes: dict[DirectKey, DirectOutcome] = {}
    if not reversals:
        return outcomes
    _within(reversals)
    first = {reversal.key: reversal for reversal in reversed(reversals)}
    await repository.lock_keys(session, first)
    standing = await repository.reversals_of(session, first)
    known = await repository.payments_of(session, first)
    lines = await repository.lock_booked(session, [payment.id for payment in known.values()])
    taken: list[tuple[DirectReversal, BookedLine]] = []
    written: list[DirectReversal] = []
    for key, reversal in first.items():
        payment = known.get(key)
        line = lines.get(payment.id) if payment is not None else None
        if key in standing:
            outcomes[key] = _reversed_before(reversal, standing[key].amount_fen, awaited=payment is None)
            continue
        refusal = refusal_of_reversal(reversal.amount_fen, line.as_booked) if line is not None else None
        if refusal is not None:
            outcomes[key] = DirectOutcome(DirectState.REFUSED, refusal.value)
            continue
        written.append(reversal)
        outcomes[key] = DirectOutcome(DirectState.AWAITED if line is None else DirectState.REVERSED)
        if line is not None:
            taken.append((reversal, line))
    await repository.add_reversals(session, written)
    await _take_back(session, taken)
    return outcomes


async def outcomes_of(session: AsyncSession, keys: Collection[DirectKey]) -> dict[DirectKey, DirectOutcome]:
    """What stands under these keys now; what is missing was never said, or was refused."""
    known = await repository.payments_of(session, keys)
    reversals = await repository.reversals_of(session, keys)
    lines = await repository.booked(session, [payment.id for payment in known.values()])
    standing = {key: _standing(lines.get(payment.id)) for key, payment in known.items()}
    return standing | {key: DirectOutcome(DirectState.AWAITED) for key in reversals if key not in known}


async def _decide(session: AsyncSession, payments: Sequence[DirectPayment]) -> list[DirectCredit]:
    """Decide one after the other, the earlier payment first, so that within a file, too, it wins its bill."""
    if not payments:
        return []
    people = {PersonYear(payment.person_token, payment.benefit_year) for payment in payments}
    standing, unpriced = await bills.bills_of_people(session, people)
    names = await people_rows.newest(session, [payment.person_token for payment in payments])
    decided = []
    for payment in sorted(payments, key=lambda one: (one.paid_at, one.key)):
        person = PersonYear(payment.person_token, payment.benefit_year)
        known = names.get(payment.person_token)
        name = known.name_token if known is not None else None
        one = decide_direct(payment, DirectStanding(standing.get(person), person in unpriced, name))
        decided.append(one)
        if one.bill is not None:
            standing[person] = replace(one.bill, state=BillState.PAID)
    return decided


async def _record(session: AsyncSession, decided: Sequence[DirectCredit]) -> dict[DirectKey, DirectOutcome]:
    booked = [(one, new_id(), new_id()) for one in decided]
    await payment_rows.insert_direct(
        session,
        [_payment(one, payment_id) for one, payment_id, _ in booked],
        [_line(one, payment_id, line_id) for one, payment_id, line_id in booked],
        [
            OtherDay(line_id, one.payment.business_date, one.payment.id)
            for one, _, line_id in booked
            if one.payment.business_date != one.payment.paid_on
        ],
    )
    paying = [(one, line_id) for one, _, line_id in booked if one.reason is None]
    async with collected(session):
        await post(session, [_premium(one) for one, _ in paying])
        await bills.pay(session, [each for one, line_id in paying for each in _bill_payment(one, line_id)])
        await suspend_direct(session, [each for one, _, line_id in booked for each in _suspended(one, line_id)])
    return {one.payment.key: _outcome(_why(one)) for one in decided}


async def _repeated(
    session: AsyncSession,
    payments: Sequence[DirectPayment],
    first: dict[DirectKey, DirectPayment],
    outcomes: dict[DirectKey, DirectOutcome],
) -> dict[DirectKey, DirectOutcome]:
    """The same word again has the outcome of the first; another word under its key is refused, or claims money."""
    if not payments:
        return {}
    lines = await repository.lock_booked(session, [first[payment.key].id for payment in payments])
    answers: dict[DirectKey, DirectOutcome] = {}
    claims: list[SuspendedDirect] = []
    for payment in payments:
        before = first[payment.key]
        reason = contested(payment, before)
        if reason is None:
            standing = outcomes.get(payment.key) or _standing(lines.get(before.id))
            answers.setdefault(payment.key, replace(standing, repeated=True))
        elif payment.source is DirectSource.ONLINE:
            answers[payment.key] = DirectOutcome(DirectState.REFUSED, reason.value)
        else:
            answers[payment.key] = DirectOutcome(DirectState.CONTESTED, reason.value)
            claims.append(_claim(payment, before, reason))
    await suspend_direct(session, claims)
    return answers


async def _take_back(session: AsyncSession, taken: Sequence[tuple[DirectReversal, BookedLine]]) -> None:
    if not taken:
        return
    await payment_rows.reverse(session, [ReversedLine(line.id, reversal.id) for reversal, line in taken])
    await post(session, [_reversal(reversal, line) for reversal, line in taken])
    await suspense.take_back(session, [line.suspense_id for _, line in taken if line.suspense_id is not None])
    paid = [
        BillReversal(
            line.bill_id,
            line.amount_fen,
            line.channel,
            _reversed_on(reversal, line),
            reversal.id,
            _trace(line, reversal.id),
        )
        for reversal, line in taken
        if line.bill_id is not None
    ]
    await bills.take_back(session, paid)


def _within(words: Sequence[object]) -> None:
    if len(words) > AT_ONCE:
        raise TooManyAtOnce(f"{len(words)}")


def _standing(line: BookedLine | None) -> DirectOutcome:
    if line is None or line.reversed:
        return DirectOutcome(DirectState.REVERSED)
    return _outcome(line.reason)


def _why(one: DirectCredit) -> str | None:
    return one.reason.value if one.reason is not None else None


def _outcome(reason: str | None) -> DirectOutcome:
    return DirectOutcome(DirectState.CREDITED if reason is None else DirectState.SUSPENDED, reason)


def _reversed_before(reversal: DirectReversal, amount_fen: int, *, awaited: bool) -> DirectOutcome:
    if reversal.amount_fen != amount_fen:
        return DirectOutcome(DirectState.REFUSED, DirectRefusal.OTHER_AMOUNT.value)
    return DirectOutcome(DirectState.AWAITED if awaited else DirectState.REVERSED, repeated=True)


def _differs(payment: DirectPayment) -> DirectCredit:
    """Money that came after a reversal of another amount: what was given back is not what was taken."""
    return DirectCredit(payment, place_of(payment), reason=SuspenseReason.SAME_TRANSACTION_OTHER_AMOUNT)


def _payment(one: DirectCredit, payment_id: UUID) -> NewDirectPayment:
    payment = one.payment
    return NewDirectPayment(
        id=payment_id,
        direct_id=payment.id,
        channel=payment.channel,
        institution=payment.institution,
        transaction_id=payment.key.transaction_id,
        amount_fen=payment.amount_fen,
        paid_at=payment.paid_at,
        paid_on=payment.paid_on,
        region=one.dimensions.region,
        trace=_caused(payment),
    )


def _line(one: DirectCredit, payment_id: UUID, line_id: UUID) -> NewPaymentLine:
    return NewPaymentLine(
        id=line_id,
        payment_id=payment_id,
        bill_id=one.bill.id if one.bill else None,
        dimensions=one.dimensions,
        amount_fen=one.payment.amount_fen,
        credited=one.reason is None,
        trace=_caused(one.payment),
    )


def _caused(payment: DirectPayment) -> Trace:
    return replace(payment.trace, causation_id=payment.id)


def _premium(one: DirectCredit) -> Transfer:
    payment = one.payment
    context = PostingContext(
        key=f"{payment.channel}:{payment.institution}:{payment.key.transaction_id}:{one.dimensions.enrolment_id}",
        effective_on=payment.paid_on,
        caused_by=payment.id,
        trace=_caused(payment),
    )
    return postings.premium_received(one.dimensions, payment.amount_fen, context, channel=payment.channel)


def _bill_payment(one: DirectCredit, line_id: UUID) -> list[BillPayment]:
    if one.bill is None:
        return []
    payment = one.payment
    return [
        BillPayment(
            bill=one.bill,
            amount_fen=payment.amount_fen,
            channel=payment.channel,
            paid_on=payment.paid_on,
            paid_by=line_id,
            caused_by=payment.id,
            trace=_caused(payment),
        )
    ]


def _suspended(one: DirectCredit, line_id: UUID) -> list[SuspendedDirect]:
    if one.reason is None:
        return []
    payment = one.payment
    treasury = payment.channel in accounts.TAX_CHANNELS
    state = SuspenseState.NEEDS_TREASURY_REFUND if treasury else SuspenseState.HELD
    return [
        SuspendedDirect(
            id=new_id(),
            payment_line_id=line_id,
            direct_id=payment.id,
            channel=payment.channel,
            institution=payment.institution,
            transaction_id=payment.key.transaction_id,
            dimensions=one.dimensions,
            amount_fen=payment.amount_fen,
            reason=one.reason,
            suspended_on=payment.paid_on,
            state=state,
            trace=_caused(payment),
        )
    ]


def _claim(payment: DirectPayment, before: DirectPayment, reason: SuspenseReason) -> SuspendedDirect:
    """Another word under a key that is taken: recorded once, no money stands behind it."""
    return SuspendedDirect(
        id=new_id(),
        payment_line_id=None,
        direct_id=before.id,
        channel=before.channel,
        institution=before.institution,
        transaction_id=before.key.transaction_id,
        dimensions=place_of(payment),
        amount_fen=payment.amount_fen,
        reason=reason,
        suspended_on=payment.paid_on,
        state=SuspenseState.CONTESTED,
        trace=_caused(payment),
    )


def _reversal(reversal: DirectReversal, line: BookedLine) -> Transfer:
    context = PostingContext(
        key=str(line.id),
        effective_on=_reversed_on(reversal, line),
        caused_by=reversal.id,
        trace=_trace(line, reversal.id),
    )
    posting = postings.premium_reversed if line.bill_id is not None else postings.suspense_reversed
    return posting(line.dimensions, line.amount_fen, context, channel=line.channel)


def _reversed_on(reversal: DirectReversal, line: BookedLine) -> date:
    """No day before the payment's shows that it was taken back."""
    return max(reversal.reversed_on, line.paid_on)


def _trace(line: BookedLine, reversal_id: UUID) -> Trace:
    return Trace(line.actor, line.correlation_id, reversal_id)
