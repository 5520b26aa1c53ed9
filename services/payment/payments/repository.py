"""Writing payments and their lines, a batch in one statement. No other package writes these tables."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.notices.notice import PaymentNotice
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_one, select_into

_AT_ONCE = 500


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


class SettledDay(Protocol):
    """What a channel pays out for a merchant and day."""

    @property
    def channel(self) -> str:
        """The channel."""

    @property
    def merchant_id(self) -> str:
        """Its merchant."""

    @property
    def day(self) -> date:
        """The day that people paid on."""


@dataclass(frozen=True, slots=True)
class CoveredRange:
    """Which movements of a merchant's balance a payout covers: after one place of the bills, up to another."""

    channel: str
    merchant_id: str
    after_day: date
    after_line: int
    until_day: date
    until_line: int


# In the order of the bills, from after the end of the payout before.
COVERED = """
    SELECT f.bill_id, b.bill_day, f.line_no, f.kind, f.business_no, f.voucher_no, f.amount_fen, f.booked_at
    FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
      AND b.bill_day BETWEEN :after_day AND :until_day
      AND (b.bill_day, f.line_no) > (:after_day, :after_line) AND (b.bill_day, f.line_no) <= (:until_day, :until_line)
      AND f.kind <> 'PAYOUT'
"""


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
class CountedFigures:
    """What a batch counted, and what of it is premium that goes on to the treasury."""

    lines: int
    fen: int
    premium_lines: int
    premium_fen: int


_FIGURES = {
    "lines": "count(*)",
    "fen": "coalesce(sum(amount_fen), 0)::bigint",
    "premium_lines": "count(*) FILTER (WHERE premium)",
    "premium_fen": "coalesce(sum(amount_fen) FILTER (WHERE premium), 0)::bigint",
}


@dataclass(frozen=True, slots=True)
class CountedLine:
    """A part of a payment that a batch counted; ``reopened`` is how often an earlier count was taken back."""

    id: UUID
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    state: str
    settled_on: date | None
    reopened: int
    actor: str
    correlation_id: UUID

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    @property
    def key(self) -> str:
        """What makes its settlement happen once: another one only after the last was taken back."""
        return f"{self.id}:{self.reopened}" if self.reopened else str(self.id)


@dataclass(frozen=True, slots=True)
class TransactionLine:
    """A part of a transaction, and whether a settlement counted it already."""

    id: UUID
    region: str
    paid_on: date
    counted: bool
    attributed_to: date | None
    actor: str


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
# A channel settles a payment with its own day, or with the day that two people attributed it to.
_DUE_OF_DAY = """
    SELECT l.id FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = :channel AND p.merchant_id = :merchant_id AND p.paid_on = :day AND l.attributed_to IS NULL
      AND l.settled_on IS NULL AND l.counted_by IS NULL
    UNION ALL
    SELECT l.id FROM payment_line l JOIN payment p ON p.id = l.payment_id
    WHERE l.attributed_to = :day AND p.channel = :channel AND p.merchant_id = :merchant_id
      AND l.settled_on IS NULL AND l.counted_by IS NULL
"""
# What the channel gave back out of the same payout never reached the pending account: counted, and not settled.
_COUNT_DAY = select_into(
    CountedFigures,
    f"""
    WITH due AS MATERIALIZED ({_DUE_OF_DAY}), counted AS (
        UPDATE payment_line l SET counted_by = :batch_id,
               settled_on = CASE WHEN l.id = ANY(CAST(:given_back AS uuid[])) THEN NULL
                                 ELSE CAST(:settled_on AS date) END
        FROM due WHERE l.id = due.id AND l.counted_by IS NULL
        RETURNING l.amount_fen, l.state = 'CREDITED' AND l.settled_on IS NOT NULL AS premium
    )
    SELECT {{fields}} FROM counted
    """,  # noqa: S608 - constant parts
    **_FIGURES,
)
# What agrees with the bill goes on alone. A payment is counted once, whatever bills repeat it.
_COUNT_COVERED = select_into(
    CountedFigures,
    f"""
    WITH covered AS ({COVERED}), due AS MATERIALIZED (
        SELECT DISTINCT p.id
        FROM covered c JOIN payment p ON p.channel = :channel AND p.merchant_id = :merchant_id
          AND p.transaction_id = c.business_no AND p.amount_fen = c.amount_fen
        WHERE c.kind = 'PAYMENT'
    ), counted AS (
        UPDATE payment_line l SET counted_by = :batch_id,
               settled_on = CASE WHEN l.id = ANY(CAST(:given_back AS uuid[])) THEN NULL
                                 ELSE CAST(:settled_on AS date) END
        FROM due WHERE l.payment_id = due.id AND l.counted_by IS NULL AND l.settled_on IS NULL
        RETURNING l.amount_fen, l.state = 'CREDITED' AND l.settled_on IS NOT NULL AS premium
    )
    SELECT {{fields}} FROM counted
    """,  # noqa: S608 - constant parts
    **_FIGURES,
)
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
_OF_BATCH = select_into(
    CountedLine,
    """
    SELECT {fields} FROM payment_line
    WHERE counted_by = :batch_id AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :limit
    """,
    reopened="coalesce(reopened, 0)",
)
_RELEASE = text(
    """
    UPDATE payment_line SET counted_by = NULL, settled_on = NULL, reopened = coalesce(reopened, 0) + 1
    WHERE counted_by = :batch_id
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
    actor="l.actor",
)
_ATTRIBUTE = text(
    """
    UPDATE payment_line SET attributed_to = :day, attributed_by = :approval_id WHERE id = ANY(CAST(:ids AS uuid[]))
    """
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


async def insert_lines(session: AsyncSession, lines: Sequence[NewPaymentLine]) -> None:
    """Write the parts of payments."""
    await session.execute(_INSERT_LINES, _LINES.arrays(lines))


async def count_day(
    session: AsyncSession, settlement: SettledDay, batch_id: UUID, given_back: Sequence[UUID], settled_on: date
) -> CountedFigures:
    """Let a batch count what the channel took on a day and nobody counted; ``given_back`` lines are not settled."""
    values = {
        "channel": settlement.channel,
        "merchant_id": settlement.merchant_id,
        "day": settlement.day,
        "batch_id": batch_id,
        "given_back": sorted(given_back),
        "settled_on": settled_on,
    }
    found = await fetch_one(session, _COUNT_DAY, CountedFigures, values)
    return found or CountedFigures(0, 0, 0, 0)


async def count_covered(
    session: AsyncSession, covered: CoveredRange, batch_id: UUID, given_back: Sequence[UUID], settled_on: date
) -> CountedFigures:
    """Let a batch count every payment among a payout's movements that agrees; ``given_back`` lines are not settled."""
    values = {"batch_id": batch_id, "given_back": sorted(given_back), "settled_on": settled_on}
    found = await fetch_one(session, _COUNT_COVERED, CountedFigures, asdict(covered) | values)
    return found or CountedFigures(0, 0, 0, 0)


async def insert_billed(session: AsyncSession, payment: BilledPayment) -> bool:
    """Book a payment that only a bill names, as one suspended line; False where it is booked by now."""
    values = asdict(payment) | {"actor": payment.trace.actor, "correlation_id": payment.trace.correlation_id}
    if (await session.execute(_INSERT_BILLED, values)).scalar_one_or_none() is None:
        return False
    await session.execute(_INSERT_BILLED_LINE, values)
    return True


async def counted_pages(session: AsyncSession, batch_id: UUID) -> AsyncIterator[list[CountedLine]]:
    """The lines that a batch counted, some at a time."""
    after: UUID | None = None
    while page := await fetch_all(
        session, _OF_BATCH, CountedLine, {"batch_id": batch_id, "after": after, "limit": _AT_ONCE}
    ):
        yield page
        after = page[-1].id


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Take back that a batch counted its lines: another part of their day may."""
    await session.execute(_RELEASE, {"batch_id": batch_id})


async def lock_transaction(session: AsyncSession, key: TransactionKey) -> list[TransactionLine]:
    """The lines of a transaction, held until the transaction of the database ends."""
    return await fetch_all(session, _LOCK_TRANSACTION, TransactionLine, key._asdict())


async def attribute(session: AsyncSession, line_ids: Sequence[UUID], day: date, approval_id: UUID) -> None:
    """Note on locked lines with which day the channel settles them, by whose approval."""
    values = {"ids": sorted(line_ids), "day": day, "approval_id": approval_id}
    await session.execute(_ATTRIBUTE, values)
