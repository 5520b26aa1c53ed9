"""Payments that a batch counted: of a day, or among the movements that a payout covers."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.transfer import Dimensions
from shared.database.row import fetch_all, fetch_one, fetch_pages, select_into


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


# From after the end of the payout before, in the order of the bills. A bill is entered at its line, not at its first.
COVERED = """
    SELECT f.bill_id, b.bill_day, f.line_no, f.kind, f.business_no, f.voucher_no, f.amount_fen, f.booked_at
    FROM channel_bill b JOIN bill_flow_line f ON f.bill_id = b.id
    WHERE b.channel = :channel AND b.merchant_id = :merchant_id AND b.kind = 'FUND_FLOW'
      AND b.bill_day BETWEEN :after_day AND :until_day
      AND f.line_no > CASE WHEN b.bill_day = :after_day THEN :after_line ELSE 0 END
      AND f.line_no <= CASE WHEN b.bill_day = :until_day THEN :until_line ELSE 2147483647 END
      AND f.kind <> 'PAYOUT'
"""


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
class CountedMoney:
    """What a batch counted or deducted; ``reopened`` is how often an earlier count was taken back."""

    id: UUID
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    reopened: int
    actor: str
    correlation_id: UUID

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    @property
    def key(self) -> str:
        """What makes its booking happen once: another one only after the last was taken back."""
        return f"{self.id}:{self.reopened}" if self.reopened else str(self.id)


@dataclass(frozen=True, slots=True)
class CountedLine(CountedMoney):
    """A part of a payment that a batch counted; ``premium`` where that does not follow from its state."""

    state: str
    premium: bool | None
    settled_on: date | None

    @property
    def is_premium(self) -> bool:
        """Whether it goes on to the treasury."""
        is_premium = self.state == "CREDITED" if self.premium is None else self.premium
        return is_premium and self.settled_on is not None


# A channel settles a payment with its own day, or with the day that two people attributed it to.
_DUE_OF_DAY = """
    SELECT l.id FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = :channel AND p.merchant_id = :merchant_id AND p.paid_on = :day AND l.attributed_to IS NULL
      AND l.settled_on IS NULL AND l.counted_by IS NULL AND l.reversed_by IS NULL
    UNION ALL
    SELECT l.id FROM payment_line l JOIN payment p ON p.id = l.payment_id
    WHERE l.attributed_to = :day AND p.channel = :channel AND p.merchant_id = :merchant_id
      AND l.settled_on IS NULL AND l.counted_by IS NULL AND l.reversed_by IS NULL
"""

# What the channel gave back out of the same payout never reached the pending account: counted, and not settled.
_COUNT_DAY = select_into(
    CountedFigures,
    f"""
    WITH due AS MATERIALIZED ({_DUE_OF_DAY}), counted AS (
        UPDATE payment_line l SET counted_by = :batch_id,
               settled_on = CASE WHEN l.id = ANY(CAST(:given_back AS uuid[])) THEN NULL
                                 ELSE CAST(:settled_on AS date) END
        FROM due WHERE l.id = due.id AND l.counted_by IS NULL AND l.reversed_by IS NULL
        RETURNING l.amount_fen, coalesce(l.premium, l.state = 'CREDITED') AND l.settled_on IS NOT NULL AS premium
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
          AND l.reversed_by IS NULL
        RETURNING l.amount_fen, coalesce(l.premium, l.state = 'CREDITED') AND l.settled_on IS NOT NULL AS premium
    )
    SELECT {{fields}} FROM counted
    """,  # noqa: S608 - constant parts
    **_FIGURES,
)

# The same for some of a payout's movements, once its refunds are deducted: what went back as a whole is not settled.
# There are no more of them than the limit, which says so to the planner: it would read all payments for a portion.
_COUNT_PORTION = select_into(
    CountedLine,
    f"""
    WITH covered AS ({COVERED}), due AS MATERIALIZED (
        SELECT DISTINCT p.id
        FROM (SELECT business_no, amount_fen FROM covered WHERE kind = 'PAYMENT' LIMIT :portion) c
        JOIN payment p ON p.channel = :channel AND p.merchant_id = :merchant_id
          AND p.transaction_id = c.business_no AND p.amount_fen = c.amount_fen
    ), counted AS (
        UPDATE payment_line l SET counted_by = :batch_id,
               settled_on = CASE WHEN EXISTS (
                   SELECT FROM suspense s JOIN refund r ON r.suspense_id = s.id
                   WHERE s.payment_line_id = l.id AND r.deducted_by = :batch_id AND r.amount_fen = l.amount_fen
               ) OR EXISTS (
                   SELECT FROM unasked_refund u
                   WHERE u.payment_line_id = l.id AND u.deducted_by = :batch_id AND u.amount_fen = l.amount_fen
               ) THEN NULL ELSE CAST(:settled_on AS date) END
        FROM due WHERE l.payment_id = due.id AND l.counted_by IS NULL AND l.settled_on IS NULL
          AND l.reversed_by IS NULL
        RETURNING l.*
    )
    SELECT {{fields}} FROM counted ORDER BY id
    """,  # noqa: S608 - constant parts
    reopened="coalesce(reopened, 0)",
)

_COUNTED_BY = select_into(
    CountedFigures,
    """
    SELECT {fields} FROM (
        SELECT amount_fen, coalesce(premium, state = 'CREDITED') AND settled_on IS NOT NULL AS premium
        FROM payment_line WHERE counted_by = :batch_id
    ) AS counted
    """,
    **_FIGURES,
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


async def count_portion(
    session: AsyncSession, covered: CoveredRange, batch_id: UUID, settled_on: date, *, portion: int
) -> list[CountedLine]:
    """Let a batch count every payment that agrees among at most so many movements; what it deducted is not settled."""
    values = asdict(covered) | {"batch_id": batch_id, "settled_on": settled_on, "portion": portion}
    return await fetch_all(session, _COUNT_PORTION, CountedLine, values)


async def figures_of(session: AsyncSession, batch_id: UUID) -> CountedFigures:
    """What a batch counted in all."""
    return await fetch_one(session, _COUNTED_BY, CountedFigures, {"batch_id": batch_id}) or CountedFigures(0, 0, 0, 0)


def counted_pages(session: AsyncSession, batch_id: UUID) -> AsyncIterator[list[CountedLine]]:
    """The lines that a batch counted, some at a time."""
    return fetch_pages(session, _OF_BATCH, CountedLine, {"batch_id": batch_id})


async def release(session: AsyncSession, batch_id: UUID) -> None:
    """Take back that a batch counted its lines: another part of their day may."""
    await session.execute(_RELEASE, {"batch_id": batch_id})
