"""Booking payments and their lines, a batch in one statement. Only this package writes these tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment about to be written: the notice, its order if there is one, its region and chain of causes."""

    id: UUID
    notice: PaymentNotice
    order_id: UUID | None
    region: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class NewPaymentLine:
    """One part of a payment about to be written; ``bill_id`` is the bill that it pays, if it pays one."""

    id: UUID
    payment_id: UUID
    bill_id: UUID | None
    dimensions: Dimensions
    amount_fen: int
    credited: bool
    trace: Trace


@dataclass(frozen=True, slots=True)
class _Written:
    notice_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class BilledPayment:
    """A payment that only the channel's bill names: no notice and no answer of the channel brought it."""

    id: UUID
    line_id: UUID
    channel: str
    merchant_id: str
    transaction_id: str
    order_no: str
    amount_fen: int
    paid_at: datetime
    paid_on: date
    bill_id: UUID
    bill_line: int
    region: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class TransactionLine:
    """A part of a transaction, and whether a settlement counted it already."""

    id: UUID
    region: str
    paid_on: date
    counted: bool


class TransactionKey(NamedTuple):
    """How a transaction is known: its number, unique to a channel's merchant."""

    channel: str
    merchant_id: str
    transaction_id: str


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """The order number and amount under which a transaction was booked."""

    channel: str
    merchant_id: str
    transaction_id: str
    order_no: str
    amount_fen: int


_PAYMENTS = ColumnMap[NewPayment](
    {
        "id": "uuid",
        "channel": ("text", "notice.channel"),
        "merchant_id": ("text", "notice.merchant_id"),
        "transaction_id": ("text", "notice.transaction_id"),
        "order_id": "uuid",
        "order_no": ("text", "notice.order_no"),
        "notice_id": ("uuid", "notice.id"),
        "amount_fen": ("bigint", "notice.amount_fen"),
        "paid_at": ("timestamptz", "notice.succeeded_at"),
        "paid_on": ("date", "notice.paid_on"),
        "region": "text",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_LINES = ColumnMap[NewPaymentLine](
    {
        "id": "uuid",
        "payment_id": "uuid",
        "bill_id": "uuid",
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "person_token": ("text", "dimensions.person_token"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "amount_fen": "bigint",
        "state": ("text", lambda line: "CREDITED" if line.credited else "SUSPENDED"),
        "region": ("text", "dimensions.region"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_TRANSACTIONS = ColumnMap[PaymentNotice]({"channel": "text", "merchant_id": "text", "transaction_id": "text"})

# A transaction is booked once: the unique key decides, whichever order the notice names.
_INSERT_PAYMENTS = insert_rows(
    "payment",
    _PAYMENTS,
    order_by="n.channel, n.merchant_id, n.transaction_id, n.paid_at, n.notice_id",
    then="ON CONFLICT (channel, merchant_id, transaction_id) DO NOTHING RETURNING notice_id, id",
)
_BOOKED = _TRANSACTIONS.statement(
    """
    SELECT channel, merchant_id, transaction_id, p.order_no, p.amount_fen
    FROM {rows} JOIN payment p USING (channel, merchant_id, transaction_id)
    """
)
_BOOKED_TRANSACTIONS = text(
    "SELECT transaction_id FROM payment WHERE transaction_id = ANY(CAST(:transactions AS text[]))"
)
_INSERT_LINES = insert_rows("payment_line", _LINES)
_INSERT_BILLED = text(
    """
    INSERT INTO payment (id, channel, merchant_id, transaction_id, order_no, bill_id, bill_line, amount_fen, paid_at,
                         paid_on, region, actor, correlation_id)
    VALUES (:id, :channel, :merchant_id, :transaction_id, :order_no, :bill_id, :bill_line, :amount_fen, :paid_at,
            :paid_on, :region, :actor, :correlation_id)
    ON CONFLICT (channel, merchant_id, transaction_id) DO NOTHING RETURNING id
    """
)
_INSERT_BILLED_LINE = text(
    """
    INSERT INTO payment_line (id, payment_id, amount_fen, state, region, actor, correlation_id)
    VALUES (:line_id, :id, :amount_fen, 'SUSPENDED', :region, :actor, :correlation_id)
    """
)
_LOCK_TRANSACTION = select_into(
    TransactionLine,
    """
    SELECT {fields} FROM payment_line l JOIN payment p ON p.id = l.payment_id
    WHERE p.channel = :channel AND p.merchant_id = :merchant_id AND p.transaction_id = :transaction_id
    ORDER BY l.id FOR UPDATE OF l
    """,
    id="l.id",
    region="p.region",
    counted="l.counted_by IS NOT NULL",
)
_ATTRIBUTE = text(
    """
    UPDATE payment_line SET attributed_to = :day, attributed_by = :approval_id WHERE id = ANY(CAST(:ids AS uuid[]))
    """
)

# The table's own rule lets it happen once, to the bill that two people decided.
_CREDIT_LINE = text(
    """
    UPDATE payment_line SET state = 'CREDITED', bill_id = :bill_id, enrolment_id = :enrolment_id,
           person_token = :person_token, benefit_year = :benefit_year, region = :region
    WHERE id = :line_id
    """
)
# What was given back and is not on its way leaves its place to the payment that made it good.
_PUT_IN_PLACE = text(
    """
    UPDATE payment_line SET premium = (id = CAST(:line_id AS uuid))
    WHERE id = ANY(array_append(CAST(:leaving AS uuid[]), CAST(:line_id AS uuid)))
    """
)
_ANY_OF_DAY = text(
    "SELECT id FROM payment WHERE channel = :channel AND merchant_id = :merchant_id AND paid_on = :day LIMIT 1"
)


async def insert(session: AsyncSession, payments: Sequence[NewPayment]) -> dict[UUID, UUID]:
    """Book transactions that are not booked yet; payment ids by notice, those booked before are missing."""
    written = await fetch_all(session, _INSERT_PAYMENTS, _Written, _PAYMENTS.arrays(payments))
    return {one.notice_id: one.id for one in written}


async def booked(session: AsyncSession, notices: Sequence[PaymentNotice]) -> dict[TransactionKey, BookedPayment]:
    """As what transactions were booked."""
    found = await fetch_all(session, _BOOKED, BookedPayment, _TRANSACTIONS.arrays(notices))
    return {TransactionKey(one.channel, one.merchant_id, one.transaction_id): one for one in found}


async def booked_transactions(session: AsyncSession, transaction_ids: Sequence[str]) -> set[str]:
    """Which of these transactions are booked."""
    rows = await session.execute(_BOOKED_TRANSACTIONS, {"transactions": sorted(set(transaction_ids))})
    return set(rows.scalars())


async def any_of_day(session: AsyncSession, channel: str, merchant_id: str, day: date) -> bool:
    """Whether a merchant of a channel took anything on a day."""
    found = await session.execute(_ANY_OF_DAY, {"channel": channel, "merchant_id": merchant_id, "day": day})
    return found.scalar_one_or_none() is not None


async def insert_lines(session: AsyncSession, lines: Sequence[NewPaymentLine]) -> None:
    """Write the parts of payments."""
    await session.execute(_INSERT_LINES, _LINES.arrays(lines))


async def insert_billed(session: AsyncSession, payment: BilledPayment) -> bool:
    """Book a payment that only a bill names, as one suspended line; False where it is booked by now."""
    values = asdict(payment) | {"actor": payment.trace.actor, "correlation_id": payment.trace.correlation_id}
    if (await session.execute(_INSERT_BILLED, values)).scalar_one_or_none() is None:
        return False
    await session.execute(_INSERT_BILLED_LINE, values)
    return True


async def lock_transaction(session: AsyncSession, key: TransactionKey) -> list[TransactionLine]:
    """The lines of a transaction, held until the transaction of the database ends."""
    return await fetch_all(session, _LOCK_TRANSACTION, TransactionLine, key._asdict())


async def attribute(session: AsyncSession, line_ids: Sequence[UUID], day: date, approval_id: UUID) -> None:
    """Note on locked lines with which day the channel settles them, by whose approval."""
    values = {"ids": sorted(line_ids), "day": day, "approval_id": approval_id}
    await session.execute(_ATTRIBUTE, values)


async def credit_line(session: AsyncSession, line_id: UUID, bill_id: UUID, dimensions: Dimensions) -> None:
    """Let a locked suspended line pay the bill that two people matched it to."""
    await session.execute(_CREDIT_LINE, asdict(dimensions) | {"line_id": line_id, "bill_id": bill_id})


async def put_in_place(session: AsyncSession, leaving: Sequence[UUID], line_id: UUID) -> None:
    """Let a new line go to the treasury in the place of locked ones that were given back."""
    await session.execute(_PUT_IN_PLACE, {"leaving": sorted(leaving), "line_id": line_id})
