"""One statement over the books: every figure of a summary belongs to one moment."""

from dataclasses import dataclass

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.ledger.repository import SUMMED
from shared.database.row import fetch_all


@dataclass(frozen=True, slots=True)
class TownFigures:
    """Where a township's money stands, in fen; money whose region names no township has none."""

    town: str | None
    paid_count: int
    taken_fen: int
    aided_fen: int
    village_cash_fen: int
    channel_fen: int
    pending_fen: int
    in_transit_fen: int
    treasury_fen: int
    suspense_fen: int
    refund_payable_fen: int
    items: int


@dataclass(frozen=True, slots=True)
class FiguresOfReason:
    """Suspended items, or quarantined notices, of one reason."""

    reason: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class RefundFigures:
    """Refunds in one state."""

    state: str
    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class WaitingFigures:
    """Batches that are held, or notices that are parked."""

    count: int
    fen: int


@dataclass(frozen=True, slots=True)
class YearFigures:
    """The figures of one benefit year, all of one moment."""

    towns: list[TownFigures]
    suspense: list[FiguresOfReason]
    refunds: list[RefundFigures]
    quarantine: list[FiguresOfReason]
    parked: WaitingFigures
    received: int
    held: WaitingFigures


def _figures_of(
    towns: str, suspense: str, refunds: str, quarantine: str, parked: str, received: int, held: str
) -> YearFigures:
    return YearFigures(
        towns=[TownFigures(**each) for each in orjson.loads(towns)],
        suspense=[FiguresOfReason(**each) for each in orjson.loads(suspense)],
        refunds=[RefundFigures(**each) for each in orjson.loads(refunds)],
        quarantine=[FiguresOfReason(**each) for each in orjson.loads(quarantine)],
        parked=WaitingFigures(**orjson.loads(parked)),
        received=received,
        held=WaitingFigures(**orjson.loads(held)),
    )


# Money of a region without a township is named, not dropped: its town is NULL here. Money without a benefit year has no
# bill yet and belongs to every year's summary. Notices lie in the whole area: those of sealed blocks are counted there,
# and a caller of a part of the area sees none of them.
_SUMMARY = text(
    f"""
    WITH sealed AS MATERIALIZED (
        SELECT coalesce(sum(rows), 0)::bigint AS rows, coalesce(max(last_written_by), '0'::xid8) AS written_by,
               coalesce((array_agg(last_id ORDER BY block DESC))[1], '00000000-0000-0000-0000-000000000000') AS id
        FROM sealed_block WHERE table_name = 'raw_notice' AND :whole
    ), moved AS (
        SELECT CASE WHEN length(region) >= 9 THEN left(region, 9) END AS town, kind, debit, credit,
               sum(fen)::bigint AS fen, sum(times)::bigint AS times
        FROM ({SUMMED}) AS summed
        WHERE benefit_year = :benefit_year OR benefit_year IS NULL
        GROUP BY 1, 2, 3, 4
    ), towns AS (
        SELECT town,
               coalesce(sum(times) FILTER (WHERE kind IN ('premium_received', 'cash_imported',
                                                                    'suspense_matched')), 0) AS paid_count,
               coalesce(sum(fen) FILTER (WHERE credit = 'premium'), 0)
                 - coalesce(sum(fen) FILTER (WHERE debit = 'premium'), 0) AS taken_fen,
               coalesce(sum(fen) FILTER (WHERE credit = 'aided'), 0)
                 - coalesce(sum(fen) FILTER (WHERE debit = 'aided'), 0) AS aided_fen,
               coalesce(sum(fen) FILTER (WHERE debit = 'village_cash'), 0)
                 - coalesce(sum(fen) FILTER (WHERE credit = 'village_cash'), 0) AS village_cash_fen,
               coalesce(sum(fen) FILTER (WHERE starts_with(debit, 'channel:')), 0)
                 - coalesce(sum(fen) FILTER (WHERE starts_with(credit, 'channel:')), 0) AS channel_fen,
               coalesce(sum(fen) FILTER (WHERE debit = 'pending'), 0)
                 - coalesce(sum(fen) FILTER (WHERE credit = 'pending'), 0) AS pending_fen,
               coalesce(sum(fen) FILTER (WHERE debit = 'in_transit'), 0)
                 - coalesce(sum(fen) FILTER (WHERE credit = 'in_transit'), 0) AS in_transit_fen,
               coalesce(sum(fen) FILTER (WHERE debit = 'treasury'), 0)
                 - coalesce(sum(fen) FILTER (WHERE credit = 'treasury'), 0) AS treasury_fen,
               coalesce(sum(fen) FILTER (WHERE credit = 'suspense'), 0)
                 - coalesce(sum(fen) FILTER (WHERE debit = 'suspense'), 0) AS suspense_fen,
               coalesce(sum(fen) FILTER (WHERE credit = 'refund_payable'), 0)
                 - coalesce(sum(fen) FILTER (WHERE debit = 'refund_payable'), 0) AS refund_payable_fen,
               coalesce(sum(times) FILTER (WHERE kind IN ('premium_received', 'suspended', 'receipt_taken')), 0)
                 - coalesce(sum(times) FILTER (WHERE kind IN ('refunded', 'refund_cash_signed_for')), 0) AS items
        FROM moved GROUP BY town
    )
    SELECT
        (SELECT coalesce(json_agg(towns ORDER BY town), '[]') FROM towns)::text AS towns,
        (SELECT coalesce(json_agg(s ORDER BY s.reason), '[]') FROM (
            SELECT reason, count(*) AS count,
                   coalesce(sum(amount_fen) FILTER (WHERE state = 'HELD'), 0)::bigint AS fen
            FROM suspense WHERE state IN ('HELD', 'CONTESTED')
                            AND (benefit_year = :benefit_year OR benefit_year IS NULL)
            GROUP BY reason) s)::text AS suspense,
        (SELECT coalesce(json_agg(r ORDER BY r.state), '[]') FROM (
            SELECT state, count(*) AS count, sum(amount_fen)::bigint AS fen FROM refund
            WHERE benefit_year = :benefit_year OR benefit_year IS NULL GROUP BY state) r)::text AS refunds,
        (SELECT coalesce(json_agg(n ORDER BY n.reason), '[]') FROM (
            SELECT reason, count(*) AS count, coalesce(sum(amount_fen), 0)::bigint AS fen FROM raw_notice
            WHERE state = 'QUARANTINED' GROUP BY reason) n)::text AS quarantine,
        (SELECT json_build_object('count', count(*), 'fen', coalesce(sum(amount_fen), 0)::bigint)
         FROM raw_notice WHERE state = 'PARKED')::text AS parked,
        (SELECT sealed.rows FROM sealed) + (
            SELECT count(*) FROM raw_notice
            WHERE (written_by, id) > ((SELECT written_by FROM sealed), (SELECT id FROM sealed))
        ) AS received,
        (SELECT json_build_object('count', count(*), 'fen', coalesce(sum(declared_fen), 0)::bigint)
         FROM remittance_batch WHERE state = 'HELD')::text AS held
    """  # noqa: S608 - a constant
)


async def summary(session: AsyncSession, benefit_year: int, *, whole: bool) -> YearFigures:
    """The figures of one benefit year, as the caller's region sees them; ``whole`` where that is all of the area."""
    asked = {"benefit_year": benefit_year, "whole": whole}
    (figures,) = await fetch_all(session, _SUMMARY, _figures_of, asked)
    return figures
