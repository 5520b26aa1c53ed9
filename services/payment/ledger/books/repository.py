"""What the books hold on a day, as known at a moment: their running sums less what came later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.repository import SUMMED
from shared.database.row import fetch_all, fetch_one, select_into


@dataclass(frozen=True, slots=True)
class AskedBooks:
    """Which part of the books: as effective by a day, as known by a moment, of a benefit year, of a region."""

    effective_on: date | None = None
    known_at: datetime | None = None
    benefit_year: int | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class AskedAccount:
    """Which movements of which account: effective within days, as known by a moment, of a year, of a region."""

    account: str
    since: date
    until: date
    known_at: datetime | None = None
    benefit_year: int | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What went into and out of one account of a region and benefit year, and both over all of them, in fen."""

    region: str
    account: str
    benefit_year: int
    debit_fen: int
    credit_fen: int
    all_debit_fen: int
    all_credit_fen: int


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """An account before the first day, what went in and out, and after the last day, in fen."""

    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer of an account; ``counter`` is the account on its other side."""

    id: UUID
    kind: str
    side: str
    counter: str
    amount_fen: int
    effective_on: date
    recorded_at: datetime
    region: str
    benefit_year: int | None
    enrolment_id: UUID | None
    batch_id: UUID | None
    caused_by: UUID
    actor: str


_KNOWN = "coalesce(CAST(:known_at AS timestamptz), 'infinity')"
_OF = """
    (CAST(:benefit_year AS integer) IS NULL OR benefit_year = :benefit_year)
    AND (CAST(:region AS text) IS NULL OR (region >= :region AND region < :region || '~'))
"""
# One statement sees one moment. Money without a benefit year stands under the year 0.
_TRIAL = select_into(
    TrialLine,
    f"""
    WITH summed AS (
        SELECT region, benefit_year, debit, credit, sum(fen) AS fen FROM (
            SELECT region, benefit_year, debit, credit, fen FROM ({SUMMED}) AS running
            UNION ALL
            SELECT region, benefit_year, debit, credit, -amount_fen FROM transfer
            WHERE effective_on > coalesce(CAST(:effective_on AS date), 'infinity') OR recorded_at > {_KNOWN}
        ) AS moved WHERE {_OF} GROUP BY 1, 2, 3, 4
    ), line AS (
        SELECT region, account, coalesce(benefit_year, 0) AS benefit_year, sum(debit_fen)::bigint AS debit_fen,
               sum(credit_fen)::bigint AS credit_fen
        FROM (
            SELECT region, debit AS account, benefit_year, fen AS debit_fen, 0 AS credit_fen FROM summed
            UNION ALL
            SELECT region, credit, benefit_year, 0, fen FROM summed
        ) AS side GROUP BY 1, 2, 3
    )
    SELECT {{fields}} FROM line
    WHERE (region, account, benefit_year) > (:after_region, :after_account, CAST(:after_year AS integer))
      AND (debit_fen <> 0 OR credit_fen <> 0)
    ORDER BY region, account, benefit_year LIMIT :limit
    """,  # noqa: S608 - constants above
    all_debit_fen="(SELECT sum(debit_fen) FROM line)::bigint",
    all_credit_fen="(SELECT sum(credit_fen) FROM line)::bigint",
)
_ACCOUNT = select_into(
    AccountFigures,
    f"""
    WITH total AS (
        SELECT coalesce(sum(CASE debit WHEN :account THEN fen ELSE -fen END), 0) AS fen
        FROM ({SUMMED}) AS running WHERE :account IN (debit, credit) AND {_OF}
    ), later AS (
        SELECT debit = :account AS is_debit, amount_fen, effective_on <= :until AND recorded_at <= {_KNOWN} AS is_within
        FROM transfer
        WHERE (effective_on >= :since OR recorded_at > {_KNOWN}) AND :account IN (debit, credit) AND {_OF}
    ), moved AS (
        SELECT coalesce(sum(CASE WHEN is_debit THEN amount_fen ELSE -amount_fen END), 0) AS fen,
               coalesce(sum(amount_fen) FILTER (WHERE is_debit AND is_within), 0) AS debit_fen,
               coalesce(sum(amount_fen) FILTER (WHERE NOT is_debit AND is_within), 0) AS credit_fen
        FROM later
    )
    SELECT {{fields}} FROM total CROSS JOIN moved
    """,  # noqa: S608 - constants above
    opening_fen="(total.fen - moved.fen)::bigint",
    debit_fen="moved.debit_fen::bigint",
    credit_fen="moved.credit_fen::bigint",
    closing_fen="(total.fen - moved.fen + moved.debit_fen - moved.credit_fen)::bigint",
)
_MOVEMENTS = select_into(
    Movement,
    f"""
    SELECT {{fields}} FROM transfer
    WHERE id > {{after}} AND :account IN (debit, credit) AND effective_on BETWEEN :since AND :until
      AND recorded_at <= {_KNOWN} AND {_OF}
    ORDER BY id LIMIT :limit
    """,  # noqa: S608 - constants above
    side="CASE debit WHEN :account THEN 'DEBIT' ELSE 'CREDIT' END",
    counter="CASE debit WHEN :account THEN credit ELSE debit END",
)


async def trial_lines(
    session: AsyncSession, asked: AskedBooks, *, after: tuple[str, str, int], limit: int
) -> Sequence[TrialLine]:
    """Accounts by region, name and benefit year, after a place of the list."""
    place = {"after_region": after[0], "after_account": after[1], "after_year": after[2], "limit": limit}
    return await fetch_all(session, _TRIAL, TrialLine, asdict(asked) | place)


async def figures(session: AsyncSession, asked: AskedAccount) -> AccountFigures:
    """What an account held before and after the days, and what moved."""
    found = await fetch_one(session, _ACCOUNT, AccountFigures, asdict(asked))
    return found or AccountFigures(0, 0, 0, 0)


async def movements(
    session: AsyncSession, asked: AskedAccount, *, after: UUID | None, limit: int
) -> Sequence[Movement]:
    """The transfers of an account, in the order in which they were recorded."""
    return await fetch_all(session, _MOVEMENTS, Movement, asdict(asked) | {"after": after, "limit": limit})
