"""The parts of a channel's settlement day: each a batch of the money that came together."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.models import OnlineBatch
from services.payment.batches.repository import lock_online
from services.payment.batches.settlement_reference import SettlementReference
from shared.contracts.event import Trace
from shared.domain.ids import new_id

_OPEN_ONLINE = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, channel, merchant_id, settlement_day, part, by_bill,
                                  payout_id, declared_fen, actor, correlation_id)
    VALUES (:id, :region, 'ONLINE', 'OPEN', :channel, :merchant_id, :day, :part, :by_bill, CAST(:payout_id AS uuid), 0,
            :actor, :correlation_id)
    ON CONFLICT (channel, merchant_id, settlement_day, part) WHERE previous_batch_id IS NULL DO NOTHING RETURNING id
    """
)

_WAITING_PART = text(
    """
    SELECT id FROM remittance_batch
    WHERE channel = :channel AND merchant_id = :merchant_id AND settlement_day = :day AND previous_batch_id IS NULL
      AND (state = 'OPEN' OR held_at = 'MATCH') AND payout_id IS NULL
    ORDER BY part LIMIT 1
    """
)

_LAST_PART = text(
    """
    SELECT coalesce(max(part), 0) FROM remittance_batch
    WHERE channel = :channel AND merchant_id = :merchant_id AND settlement_day = :day AND previous_batch_id IS NULL
    """
)

_HELD_BY_BILL = text(
    """
    SELECT id FROM remittance_batch
    WHERE by_bill AND channel = :channel AND merchant_id = :merchant_id AND state = 'HELD' AND held_at = 'MATCH'
      AND payout_id IS NULL
    ORDER BY id
    """
)

_OF_PAYOUT = text("SELECT id FROM remittance_batch WHERE payout_id = :payout_id AND state <> 'REVERSED' ORDER BY id")

_GIVE_PAYOUT = text("UPDATE remittance_batch SET payout_id = :payout_id WHERE id = :batch_id")

_ADD_SETTLED = text("UPDATE remittance_batch SET declared_fen = declared_fen + :amount_fen WHERE id = :batch_id")


_ADD_PREMIUMS = text(
    """
    UPDATE remittance_batch SET amount_fen = amount_fen + :amount_fen, line_count = line_count + :lines
    WHERE id = :batch_id
    """
)


async def lock_waiting_part(
    session: AsyncSession, settlement: SettlementReference, region: str, trace: Trace, *, by_bill: bool = False
) -> OnlineBatch:
    """The part of a channel's settlement day that waits for money, held until the transaction ends.

    Where every part was matched, or there is none, the next one is begun.
    """
    while True:
        waiting = (await session.execute(_WAITING_PART, _day(settlement))).scalar_one_or_none()
        # Another worker may have matched it meanwhile, so it is looked at once it is held.
        part = await lock_online(session, waiting) if waiting is not None else None
        if part is None:
            return await begin_part(session, settlement, region, trace, by_bill=by_bill)
        if part.waits_for_money:
            return part


async def begin_part(
    session: AsyncSession,
    settlement: SettlementReference,
    region: str,
    trace: Trace,
    *,
    by_bill: bool,
    payout_id: UUID | None = None,
) -> OnlineBatch:
    """Begin the next part of a channel's settlement day, held until the transaction ends."""
    new = _day(settlement) | {"region": region, "by_bill": by_bill, "payout_id": payout_id}
    new |= {"actor": trace.actor, "correlation_id": trace.correlation_id}
    while True:
        last = (await session.execute(_LAST_PART, _day(settlement))).scalar_one()
        # Where another transaction begins it at the same moment, the key lets one of them: the other looks again.
        values = new | {"id": new_id(), "part": last + 1}
        begun = (await session.execute(_OPEN_ONLINE, values)).scalar_one_or_none()
        part = await lock_online(session, begun) if begun is not None else None
        if part is not None:
            return part


async def held_by_bill(session: AsyncSession, channel: str, merchant_id: str) -> list[UUID]:
    """A merchant's parts that hold money of the bank which no payout explained yet."""
    values = {"channel": channel, "merchant_id": merchant_id}
    return list((await session.execute(_HELD_BY_BILL, values)).scalars())


async def of_payout(session: AsyncSession, payout_id: UUID) -> list[UUID]:
    """The batches that a payout's money went on in, but for reversed ones."""
    return list((await session.execute(_OF_PAYOUT, {"payout_id": payout_id})).scalars())


async def give_payout(session: AsyncSession, batch_id: UUID, payout_id: UUID) -> None:
    """Note which payout a locked batch is the money of."""
    await session.execute(_GIVE_PAYOUT, {"batch_id": batch_id, "payout_id": payout_id})


async def add_settled(session: AsyncSession, batch_id: UUID, amount_fen: int) -> None:
    """Add what a channel settled to the sum that its batch declares."""
    await session.execute(_ADD_SETTLED, {"batch_id": batch_id, "amount_fen": amount_fen})


async def add_premiums(session: AsyncSession, batch_id: UUID, amount_fen: int, lines: int) -> None:
    """Add lines on their way to a locked batch that is still being settled."""
    await session.execute(_ADD_PREMIUMS, {"batch_id": batch_id, "amount_fen": amount_fen, "lines": lines})


def _day(settlement: SettlementReference) -> dict[str, str | date | UUID | bool | None]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}
