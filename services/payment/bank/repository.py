"""What a channel owes for a day: what it took less what it gave back, read across payments and refunds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.batches.settlement_reference import SettlementReference
from services.payment.ledger.transfer import Dimensions
from shared.database.row import fetch_all, select_into

# A channel pays out what it took on a day less what it gave back on that day, whatever day the latter was taken on.
_TAKEN = """
    FROM payment p JOIN payment_line l ON l.payment_id = p.id
    WHERE p.channel = {channel} AND p.merchant_id = {merchant_id} AND p.paid_on = {day} AND l.settled_on IS NULL
"""
_GIVEN_BACK = """
    FROM refund r JOIN suspense s ON s.id = r.suspense_id JOIN payment_line l ON l.id = s.payment_line_id
    JOIN payment p ON p.id = l.payment_id
    WHERE r.channel = {channel} AND r.merchant_id = {merchant_id} AND r.refunded_on = {day} AND r.state = 'PAID'
"""
_ASKED = {"channel": ":channel", "merchant_id": ":merchant_id", "day": ":day"}
_OF_BATCH = {"channel": "b.channel", "merchant_id": "b.merchant_id", "day": "b.settlement_day"}
_LOCK_TAKEN = text(
    f"""
    SELECT l.id, l.state, l.enrolment_id, l.person_token, l.benefit_year, l.region, l.amount_fen, l.actor,
           l.correlation_id,
           EXISTS (SELECT FROM suspense s JOIN refund r ON r.suspense_id = s.id
                   WHERE s.payment_line_id = l.id AND r.state = 'PAID' AND r.refunded_on <= p.paid_on) AS refunded
    {_TAKEN.format(**_ASKED)}
    ORDER BY l.id FOR UPDATE OF l
    """  # noqa: S608 - constant parts
)
_GIVEN_BACK_LINES = text(
    f"""
    SELECT r.id AS refund_id, r.amount_fen, p.paid_on < r.refunded_on AS of_earlier_day, l.region, l.enrolment_id,
           l.person_token, l.benefit_year, r.actor, r.correlation_id
    {_GIVEN_BACK.format(**_ASKED)} ORDER BY r.id
    """
)
# Held settlements whose sum has moved since they were compared (a late notice, a refund), and reopened ones.
_TO_RECOUNT = text(
    f"""
    SELECT b.id FROM remittance_batch b
    WHERE b.kind = 'ONLINE' AND (b.state = 'OPEN' OR (b.state = 'HELD' AND b.held_at = 'MATCH' AND b.counted_fen
        IS DISTINCT FROM (SELECT coalesce(sum(l.amount_fen), 0) {_TAKEN.format(**_OF_BATCH)})
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


@dataclass(frozen=True, slots=True)
class UnsettledLine:
    """A payment's line that the channel has not settled; one refunded on the same day will never be."""

    id: UUID
    state: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    actor: str
    correlation_id: UUID
    refunded: bool

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class RefundDeduction:
    """A refund that the channel deducts from its payout for the day."""

    refund_id: UUID
    amount_fen: int
    of_earlier_day: bool
    region: str
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    actor: str
    correlation_id: UUID

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it was, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


async def lock_to_recount(session: AsyncSession) -> UUID | None:
    """An online batch that has to be counted (again), held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RECOUNT)).scalar_one_or_none()
    return found


async def lock_unsettled(session: AsyncSession, settlement: SettlementReference) -> list[UnsettledLine]:
    """What the channel took on the day and has not settled, line by line, held until the transaction ends."""
    return await fetch_all(session, _LOCK_TAKEN, UnsettledLine, _key(settlement))


async def deductions(session: AsyncSession, settlement: SettlementReference) -> list[RefundDeduction]:
    """What the channel gave back on the day, whenever it had taken it."""
    return await fetch_all(session, _GIVEN_BACK_LINES, RefundDeduction, _key(settlement))


async def merchants_with_money(session: AsyncSession, asked: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (channel, merchant) through which money came in."""
    wanted = sorted(asked)
    values = {"channels": [channel for channel, _ in wanted], "merchants": [merchant for _, merchant in wanted]}
    found = await fetch_all(session, _WITH_MONEY, _Merchant, values)
    return {(one.channel, one.merchant_id) for one in found}


def _key(settlement: SettlementReference) -> dict[str, str | date]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}
