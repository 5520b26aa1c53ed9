"""One statement over what is in clearing: the oldest of each kind, and what has waited beyond its limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database.row import fetch_all

# A batch waits in its state since the business date of its last step; of older ones only their beginning is known.
_MOVED = "coalesce(moved_on, (recorded_at AT TIME ZONE 'Asia/Shanghai')::date)"
_CARRIED_OVER = "EXISTS (SELECT FROM suspense_decision d WHERE d.suspense_id = suspense.id AND d.kind = 'CARRY_OVER')"
# Kind: table, the day since when it waits, what it is worth, and which rows wait.
_WAITING = {
    "receipts_unlisted": ("cash_receipt", "received_on", "amount_fen", "state = 'USED' AND batch_id IS NULL"),
    "statements_submitted": ("remittance_batch", _MOVED, "declared_fen", "state = 'SUBMITTED'"),
    "batches_held": ("remittance_batch", _MOVED, "abs(declared_fen)", "state = 'HELD'"),
    "collector_shortages": (
        "remittance_batch",
        _MOVED,
        "declared_fen - coalesce(counted_fen, 0)",
        "state = 'SHORT'",
    ),
    "batches_before_remittance": (
        "remittance_batch",
        _MOVED,
        "amount_fen",
        "state IN ('READY_TO_REMIT', 'AT_TAX_HALL', 'DETAIL_CONFIRMED')",
    ),
    "batches_in_transit": ("remittance_batch", "remitted_on", "amount_fen", "state = 'REMITTED'"),
    "batches_uncertified": ("remittance_batch", "received_on", "amount_fen", "state = 'TREASURY_CONFIRMED'"),
    "bank_lines_unexplained": (
        "bank_line",
        "booked_on",
        "abs(amount_fen)",
        "kind <> 'OTHER' AND batch_id IS NULL AND reversed_on IS NULL",
    ),
    "payouts_unsettled": ("payout", "paid_out_on", "abs(amount_fen)", "state IN ('AWAITED', 'HELD', 'SETTLING')"),
    # What was carried over waits for its year.
    "suspense_held": (
        "suspense",
        "suspended_on",
        "amount_fen",
        f"state = 'HELD' AND NOT {_CARRIED_OVER}",
    ),
    "refunds_under_way": ("refund", "requested_on", "amount_fen", "state NOT IN ('PAID', 'WITHDRAWN')"),
    "cash_refunds_under_way": ("cash_refund", "recalled_on", "0", "state <> 'RETURNED'"),
}
_CLEARING = text(
    " UNION ALL ".join(
        f"""
        SELECT '{kind}' AS kind, (SELECT min({since}) FROM {table} WHERE {waits}) AS oldest_on, count(*) AS too_old,
               coalesce(sum({fen}), 0)::bigint AS fen
        FROM {table} WHERE {waits} AND {since} < CAST(:{kind} AS date)
        """  # noqa: S608 - constants above
        for kind, (table, since, fen, waits) in _WAITING.items()
    )
)


@dataclass(frozen=True, slots=True)
class Clearing:
    """What waits of one kind: since when the oldest, and how many, worth how much, beyond the limit."""

    kind: str
    oldest_on: date | None
    too_old: int
    fen: int


async def clearing(session: AsyncSession, today: date, limits: Mapping[str, int]) -> Sequence[Clearing]:
    """Every kind as the caller's region sees it, against ``limits`` in days."""
    before = {kind: today - timedelta(days=limits[kind]) for kind in _WAITING}
    return await fetch_all(session, _CLEARING, Clearing, before)
