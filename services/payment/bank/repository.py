"""What a channel owes for a day: what it took less what it gave back, read across payments and refunds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.settlement_reference import SettlementReference
from services.payment.ledger import accounts
from shared.database.row import fetch_all, select_into

# A channel pays out what it took on a day less what it gave back on that day, whatever day the latter was taken on. A
# payment or refund that two people attributed to another day belongs to that one. What a part of the day counted
# already is no part of the next.
_TAKEN = """
    FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = {channel} AND p.merchant_id = {merchant_id} AND p.paid_on = {day} AND l.attributed_to IS NULL
      AND l.settled_on IS NULL AND l.counted_by IS NULL AND l.reversed_by IS NULL
"""
_ATTRIBUTED = """
    FROM payment_line l JOIN payment p ON p.id = l.payment_id
    WHERE l.attributed_to = {day} AND p.channel = {channel} AND p.merchant_id = {merchant_id}
      AND l.settled_on IS NULL AND l.counted_by IS NULL AND l.reversed_by IS NULL
"""
_GIVEN_BACK = """
    FROM refund r WHERE r.channel = {channel} AND r.merchant_id = {merchant_id} AND r.state = 'PAID'
      AND r.deducted_by IS NULL AND coalesce(r.attributed_to, r.refunded_on) = {day}
"""
_ASKED = {"channel": ":channel", "merchant_id": ":merchant_id", "day": ":day"}
_OF_BATCH = {"channel": "b.channel", "merchant_id": "b.merchant_id", "day": "b.settlement_day"}
# Both sides in one statement, which sees one moment: in two, a refund that commits between them is in the second only.
# The lines are held: what is counted after them is what was added up.
_OWED = text(
    f"""
    WITH taken AS MATERIALIZED (
        SELECT amount_fen FROM payment_line
        WHERE id IN (SELECT l.id {_TAKEN.format(**_ASKED)} UNION ALL SELECT l.id {_ATTRIBUTED.format(**_ASKED)})
          AND counted_by IS NULL AND reversed_by IS NULL
        ORDER BY id FOR UPDATE
    )
    SELECT ((SELECT coalesce(sum(amount_fen), 0) FROM taken)
            - (SELECT coalesce(sum(r.amount_fen), 0) {_GIVEN_BACK.format(**_ASKED)}))::bigint
    """  # noqa: S608 - constant parts
)
# Held settlements whose sum has moved since they were compared (a late notice, a refund), and reopened ones.
_TO_RECOUNT = text(
    f"""
    SELECT b.id FROM remittance_batch b
    WHERE b.kind = 'ONLINE' AND NOT b.by_bill
      AND (b.state = 'OPEN' OR (b.state = 'HELD' AND b.held_at = 'MATCH' AND b.counted_fen
        IS DISTINCT FROM (SELECT coalesce(sum(l.amount_fen), 0) {_TAKEN.format(**_OF_BATCH)})
                       + (SELECT coalesce(sum(l.amount_fen), 0) {_ATTRIBUTED.format(**_OF_BATCH)})
                       - (SELECT coalesce(sum(r.amount_fen), 0) {_GIVEN_BACK.format(**_OF_BATCH)})))
    ORDER BY b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    """  # noqa: S608 - constant parts
)


@dataclass(frozen=True, slots=True)
class _Merchant:
    channel: str
    merchant_id: str


_WITH_MONEY = select_into(
    _Merchant,
    """
    SELECT {fields}
    FROM unnest(CAST(:channels AS text[]), CAST(:merchants AS text[])) AS n (channel, merchant_id)
    WHERE EXISTS (SELECT FROM payment p WHERE p.channel = n.channel AND p.merchant_id = n.merchant_id)
    """,
)
# From an institution's first file on, a day is settled once its own file of the day is worked: the file is its bill.
_AWAITS_FILE = text(
    """
    SELECT EXISTS (SELECT FROM channel_file f
                   WHERE f.institution = :merchant_id AND f.file_day <= :day AND f.accepted)
       AND NOT EXISTS (SELECT FROM channel_file f
                       WHERE f.institution = :merchant_id AND f.file_day = :day AND f.accepted AND f.state = 'DONE')
    """
)


async def awaits_file(session: AsyncSession, settlement: SettlementReference) -> bool:
    """Whether a day's money is of an institution that sends files, and that of the day is not worked yet."""
    asked = {"merchant_id": settlement.merchant_id, "day": settlement.day}
    found: bool = (await session.execute(_AWAITS_FILE, asked)).scalar_one()
    return found


async def lock_to_recount(session: AsyncSession) -> UUID | None:
    """An online batch that has to be counted (again), held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RECOUNT)).scalar_one_or_none()
    return found


async def lock_owed(session: AsyncSession, settlement: SettlementReference) -> int:
    """What the channel took on the day and nobody counted, held until the transaction ends, less what it gave back."""
    found: int = (await session.execute(_OWED, _key(settlement))).scalar_one()
    return found


async def merchants_with_money(session: AsyncSession, asked: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (channel, merchant) through which money came in that is paid out into the pending account."""
    wanted = sorted(one for one in asked if one[0] not in accounts.TAX_CHANNELS)
    values = {"channels": [channel for channel, _ in wanted], "merchants": [merchant for _, merchant in wanted]}
    found = await fetch_all(session, _WITH_MONEY, _Merchant, values)
    return {(one.channel, one.merchant_id) for one in found}


def _key(settlement: SettlementReference) -> dict[str, str | date]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}
