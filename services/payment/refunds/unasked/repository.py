"""Rows of refunds that nobody asked for, and the suspended money that some of them gave back."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from services.payment.payments.counted.repository import COVERED, CoveredRange
from services.payment.refunds.deductions.repository import DeductedRefund
from services.payment.suspense.state import SuspenseState
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, fetch_pages, select_into


@dataclass(frozen=True, slots=True)
class RefundableLine:
    """A part of a payment: credited, or suspended with its item; ``returned_fen`` went back unasked before."""

    id: UUID
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    paid_on: date
    state: str
    returned_fen: int
    suspense_id: UUID | None
    suspense_state: str | None
    reason: str | None
    refund_id: UUID | None
    refund_state: str | None
    refund_no: str | None
    refunded_on: date | None
    actor: str
    correlation_id: UUID

    @property
    def counts(self) -> bool:
        """Whether it pays for somebody: by its bill, or by making good what was given back of another payment."""
        return self.state == "CREDITED" or self.suspense_state == SuspenseState.RECOVERED

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class UnaskedRefund:
    """What a channel gave back of one part of a payment."""

    id: UUID
    channel: str
    merchant_id: str
    channel_refund_id: str
    refund_no: str | None
    payment_line_id: UUID
    dimensions: Dimensions
    amount_fen: int
    refunded_on: date
    caused_by: UUID
    trace: Trace


@dataclass(frozen=True, slots=True)
class _Known:
    channel_refund_id: str


_ROWS = ColumnMap[UnaskedRefund](
    {
        "id": "uuid",
        "channel": "text",
        "merchant_id": "text",
        "channel_refund_id": "text",
        "refund_no": "text",
        "payment_line_id": "uuid",
        "enrolment_id": ("uuid", "dimensions.enrolment_id"),
        "benefit_year": ("integer", "dimensions.benefit_year"),
        "amount_fen": "bigint",
        "refunded_on": "date",
        "caused_by": "uuid",
        "region": ("text", "dimensions.region"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_INSERT = insert_rows(
    "unasked_refund",
    _ROWS,
    then="ON CONFLICT (channel, merchant_id, channel_refund_id, payment_line_id) DO NOTHING",
)
# What a refund concerns is decided under the payment's lines, which nobody else turns back meanwhile. What stands
# beside a line is read after it is held: a statement that waits for a lock still sees what was there before it.
_HOLD_LINES = text(
    """
    SELECT l.id FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = :channel AND p.merchant_id = :merchant_id AND p.transaction_id = :transaction_id
    ORDER BY l.id FOR UPDATE OF l
    """
)
_HELD_LINES = select_into(
    RefundableLine,
    """
    SELECT {fields}
    FROM payment p JOIN payment_line l ON l.payment_id = p.id
    LEFT JOIN suspense s ON s.payment_line_id = l.id LEFT JOIN refund r ON r.suspense_id = s.id
    WHERE p.channel = :channel AND p.merchant_id = :merchant_id AND p.transaction_id = :transaction_id
    ORDER BY l.id
    """,
    **{
        name: f"l.{name}"
        for name in (
            *("id", "enrolment_id", "person_token", "benefit_year", "region", "amount_fen", "state"),
            *("actor", "correlation_id"),
        )
    },
    paid_on="p.paid_on",
    returned_fen="(SELECT coalesce(sum(u.amount_fen), 0) FROM unasked_refund u WHERE u.payment_line_id = l.id)::bigint",
    suspense_id="s.id",
    suspense_state="s.state",
    reason="s.reason",
    refund_id="r.id",
    refund_state="r.state",
    refund_no="r.refund_no",
    refunded_on="r.refunded_on",
)
_KNOWN = select_into(
    _Known,
    """
    SELECT channel_refund_id FROM unasked_refund
    WHERE channel = :channel AND merchant_id = :merchant_id AND channel_refund_id = :channel_refund_id
    UNION
    SELECT channel_refund_id FROM refund
    WHERE channel = :channel AND merchant_id = :merchant_id AND state = 'PAID'
      AND (channel_refund_id = :channel_refund_id OR refund_no = :refund_no)
    """,
)
_ADOPT = text(
    """
    INSERT INTO refund (id, suspense_id, refund_no, channel, merchant_id, transaction_id, enrolment_id, benefit_year,
                        amount_fen, paid_fen, reason, state, requested_on, approved_by, approved_on, refunded_on,
                        channel_refund_id, region, actor, correlation_id)
    SELECT :id, s.id, :refund_no, s.channel, s.merchant_id, s.transaction_id, s.enrolment_id, s.benefit_year,
           s.amount_fen, s.paid_fen, s.reason, 'PAID', :day, :actor, :day, :day, :channel_refund_id, s.region, s.actor,
           s.correlation_id
    FROM suspense s WHERE s.id = :suspense_id
    ON CONFLICT (suspense_id) DO UPDATE SET state = 'PAID', refund_no = EXCLUDED.refund_no,
        approved_by = EXCLUDED.approved_by, approved_on = EXCLUDED.approved_on, refunded_on = EXCLUDED.refunded_on,
        channel_refund_id = EXCLUDED.channel_refund_id, failure = NULL
    RETURNING id
    """
)
_DEDUCTION = {
    "id": "u.id",
    "payment_line_id": "l.id",
    "enrolment_id": "l.enrolment_id",
    "person_token": "l.person_token",
    "benefit_year": "l.benefit_year",
    "region": "l.region",
    "amount_fen": "u.amount_fen",
    "reopened": "coalesce(u.reopened, 0)",
    "whole": "u.amount_fen = l.amount_fen",
    "with_its_payment": "l.counted_by IS NOT DISTINCT FROM u.deducted_by AND l.settled_on IS NULL",
    "actor": "u.actor",
    "correlation_id": "u.correlation_id",
}
# A movement is deducted with all that it gave back, or not at all. What is looked for again uses the same words.
OF_MOVEMENT = "u.channel = {channel} AND u.merchant_id = {merchant_id} AND u.channel_refund_id = {number}"
IS_WHOLE = "sum(u.amount_fen) = {fen}"
_MOVEMENT = {"channel": ":channel", "merchant_id": ":merchant_id", "number": "c.business_no"}
_DEDUCT_COVERED = select_into(
    DeductedRefund,
    f"""
    WITH covered AS ({COVERED}), due AS MATERIALIZED (
        SELECT u.channel_refund_id
        FROM (SELECT DISTINCT business_no, amount_fen FROM covered WHERE kind = 'REFUND') c
        JOIN unasked_refund u ON {OF_MOVEMENT.format(**_MOVEMENT)}
        GROUP BY u.channel_refund_id, c.amount_fen HAVING {IS_WHOLE.format(fen="-c.amount_fen")}
    ), deducted AS (
        UPDATE unasked_refund u SET deducted_by = :batch_id FROM due
        WHERE u.channel_refund_id = due.channel_refund_id AND u.channel = :channel AND u.merchant_id = :merchant_id
          AND u.deducted_by IS NULL RETURNING u.*
    )
    SELECT {{fields}} FROM deducted u JOIN payment_line l ON l.id = u.payment_line_id ORDER BY u.id
    """,  # noqa: S608 - constant parts
    **_DEDUCTION,
)
_DEDUCTED_BY = select_into(
    DeductedRefund,
    """
    SELECT {fields} FROM unasked_refund u JOIN payment_line l ON l.id = u.payment_line_id
    WHERE u.deducted_by = :batch_id AND (CAST(:after AS uuid) IS NULL OR u.id > :after) ORDER BY u.id LIMIT :limit
    """,
    **_DEDUCTION,
)
_RELEASE = text(
    "UPDATE unasked_refund SET deducted_by = NULL, reopened = coalesce(reopened, 0) + 1 WHERE deducted_by = :batch_id"
)


async def is_known(
    session: AsyncSession, channel: str, merchant_id: str, channel_refund_id: str, refund_no: str | None
) -> bool:
    """Whether a refund was recorded before, asked for or not."""
    values = {
        "channel": channel,
        "merchant_id": merchant_id,
        "channel_refund_id": channel_refund_id,
        "refund_no": refund_no,
    }
    return bool(await fetch_all(session, _KNOWN, _Known, values))


async def lock_lines(
    session: AsyncSession, channel: str, merchant_id: str, transaction_id: str
) -> list[RefundableLine]:
    """The parts of a payment, held until the transaction ends."""
    values = {"channel": channel, "merchant_id": merchant_id, "transaction_id": transaction_id}
    await session.execute(_HOLD_LINES, values)
    return await fetch_all(session, _HELD_LINES, RefundableLine, values)


async def insert(session: AsyncSession, refunds: Sequence[UnaskedRefund]) -> None:
    """Record what a channel gave back of credited contributions."""
    if refunds:
        await session.execute(_INSERT, _ROWS.arrays(refunds))


async def adopt(session: AsyncSession, refund: UnaskedRefund, suspense_id: UUID, refund_no: str) -> UUID:
    """Make a channel's refund of suspended money ours; returns the refund's id."""
    values = {
        "id": refund.id,
        "suspense_id": suspense_id,
        "refund_no": refund_no,
        "day": refund.refunded_on,
        "channel_refund_id": refund.channel_refund_id,
        "actor": refund.trace.actor,
    }
    found: UUID = (await session.execute(_ADOPT, values)).scalar_one()
    return found


async def deduct_covered(session: AsyncSession, covered: CoveredRange, batch_id: UUID) -> list[DeductedRefund]:
    """Let a batch deduct every such refund among a payout's movements."""
    values = asdict(covered) | {"batch_id": batch_id}
    return await fetch_all(session, _DEDUCT_COVERED, DeductedRefund, values)


def deducted_pages(session: AsyncSession, batch_id: UUID) -> AsyncIterator[list[DeductedRefund]]:
    """Those that a batch deducted, some at a time."""
    return fetch_pages(session, _DEDUCTED_BY, DeductedRefund, {"batch_id": batch_id})


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Take back that a batch deducted them."""
    await session.execute(_RELEASE, {"batch_id": batch_id})
