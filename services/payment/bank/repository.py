"""What a channel owes for a day: what it took less what it gave back, read across payments and refunds."""

from collections.abc import Iterable, Sequence
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
# Both sides in one statement, which sees one moment: in two, a refund that commits between them is in the second only.
_COUNT_DAY = text(
    f"""
    WITH taken AS MATERIALIZED (
        SELECT l.id, l.state, l.enrolment_id, l.person_token, l.benefit_year, l.region, l.amount_fen, l.actor,
               l.correlation_id,
               EXISTS (SELECT FROM suspense s JOIN refund r ON r.suspense_id = s.id
                       WHERE s.payment_line_id = l.id AND r.state = 'PAID' AND r.refunded_on <= p.paid_on) AS refunded
        {_TAKEN.format(**_ASKED)}
        ORDER BY l.id FOR UPDATE OF l
    ), given_back AS MATERIALIZED (
        SELECT r.id, r.amount_fen, p.paid_on < r.refunded_on AS of_earlier_day, l.region, l.enrolment_id,
               l.person_token, l.benefit_year, r.actor, r.correlation_id
        {_GIVEN_BACK.format(**_ASKED)}
    )
    SELECT true AS taken, id, enrolment_id, person_token, benefit_year, region, amount_fen, actor, correlation_id,
           state, refunded, false AS of_earlier_day
    FROM taken
    UNION ALL
    SELECT false, id, enrolment_id, person_token, benefit_year, region, amount_fen, actor, correlation_id,
           NULL, false, of_earlier_day
    FROM given_back
    ORDER BY taken DESC, id
    """  # noqa: S608 - constant parts
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
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    actor: str
    correlation_id: UUID
    state: str
    refunded: bool

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class RefundDeduction:
    """A refund that the channel deducts from its payout for the day."""

    refund_id: UUID
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    actor: str
    correlation_id: UUID
    of_earlier_day: bool

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it was, for the books."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A row of either side."""

    taken: bool
    id: UUID
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    actor: str
    correlation_id: UUID
    state: str | None
    refunded: bool
    of_earlier_day: bool

    def line(self) -> UnsettledLine:
        """The line that was taken."""
        return UnsettledLine(*self._money(), state=self.state or "", refunded=self.refunded)

    def refund(self) -> RefundDeduction:
        """The refund that was given back."""
        return RefundDeduction(*self._money(), of_earlier_day=self.of_earlier_day)

    def _money(self) -> tuple[UUID, UUID | None, str | None, int | None, str, int, str, UUID]:
        whose = (self.enrolment_id, self.person_token, self.benefit_year, self.region)
        return (self.id, *whose, self.amount_fen, self.actor, self.correlation_id)


@dataclass(frozen=True, slots=True)
class CountedDay:
    """Both sides of what a channel owes for a day, as they stood at one moment."""

    taken: Sequence[UnsettledLine]
    given_back: Sequence[RefundDeduction]

    @property
    def owed_fen(self) -> int:
        """What the channel took less what it gave back."""
        return sum(line.amount_fen for line in self.taken) - sum(refund.amount_fen for refund in self.given_back)


async def lock_to_recount(session: AsyncSession) -> UUID | None:
    """An online batch that has to be counted (again), held for this worker alone."""
    found: UUID | None = (await session.execute(_TO_RECOUNT)).scalar_one_or_none()
    return found


async def count_day(session: AsyncSession, settlement: SettlementReference) -> CountedDay:
    """What the channel took on the day and has not settled, held until the transaction ends, and what it gave back."""
    rows = await fetch_all(session, _COUNT_DAY, _Counted, _key(settlement))
    return CountedDay([row.line() for row in rows if row.taken], [row.refund() for row in rows if not row.taken])


async def merchants_with_money(session: AsyncSession, asked: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (channel, merchant) through which money came in."""
    wanted = sorted(asked)
    values = {"channels": [channel for channel, _ in wanted], "merchants": [merchant for _, merchant in wanted]}
    found = await fetch_all(session, _WITH_MONEY, _Merchant, values)
    return {(one.channel, one.merchant_id) for one in found}


def _key(settlement: SettlementReference) -> dict[str, str | date]:
    return {"channel": settlement.channel, "merchant_id": settlement.merchant_id, "day": settlement.day}
