"""What institutions said of payments and reversals, and what was booked of it. Only this package writes both tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.crediting.direct.decision import BookedDirect
from services.payment.crediting.direct.state import DirectKey, DirectPayment, DirectReversal, DirectSource
from services.payment.ledger.transfer import Dimensions
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap, insert_rows
from shared.database.row import fetch_all, select_into


@dataclass(frozen=True, slots=True)
class FirstReversal:
    """The reversal that stands under a key."""

    institution: str
    business_date: date
    sequence: str
    id: UUID
    amount_fen: int

    @property
    def key(self) -> DirectKey:
        """How its payment is known."""
        return DirectKey(self.institution, self.business_date, self.sequence)


@dataclass(frozen=True, slots=True)
class BookedLine:
    """The one line of a booked payment, held, with what rests on it."""

    id: UUID
    direct_id: UUID
    channel: str
    bill_id: UUID | None
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    amount_fen: int
    paid_on: date
    actor: str
    correlation_id: UUID
    reversed: bool
    settled: bool
    remitted: bool
    suspense_id: UUID | None
    suspense_state: str | None
    reason: str | None
    refund_asked: bool

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    @property
    def as_booked(self) -> BookedDirect:
        """The same as far as its reversal depends on it."""
        return BookedDirect(self.amount_fen, self.settled, self.remitted, self.suspense_state, self.refund_asked)


def _payment(
    id: UUID,  # noqa: A002 - the name of the column
    institution: str,
    business_date: date,
    sequence: str,
    channel: str,
    person_token: str,
    name_token: str | None,
    benefit_year: int,
    amount_fen: int,
    paid_at: datetime,
    source: str,
    region: str,
    actor: str,
    correlation_id: UUID,
) -> DirectPayment:
    return DirectPayment(
        id=id,
        institution=institution,
        business_date=business_date,
        sequence=sequence,
        channel=channel,
        person_token=person_token,
        name_token=name_token,
        benefit_year=benefit_year,
        amount_fen=amount_fen,
        paid_at=paid_at,
        source=DirectSource(source),
        region=region,
        trace=Trace(actor, correlation_id),
    )


_PAYMENTS = ColumnMap[DirectPayment](
    {
        "id": "uuid",
        "institution": "text",
        "business_date": "date",
        "sequence": "text",
        "channel": "text",
        "person_token": "text",
        "name_token": "text",
        "benefit_year": "integer",
        "amount_fen": "bigint",
        "paid_at": "timestamptz",
        "paid_on": "date",
        "source": "text",
        "region": "text",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_REVERSALS = ColumnMap[DirectReversal](
    {
        "id": "uuid",
        "institution": "text",
        "business_date": "date",
        "sequence": "text",
        "amount_fen": "bigint",
        "reversed_at": "timestamptz",
        "reversed_on": "date",
        "source": "text",
        "region": "text",
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_KEYS = ColumnMap[DirectKey]({"institution": "text", "business_date": "date", "sequence": "text"})

# A payment and its reversal may come at once, each before the other is written: the key itself is held, sorted.
_LOCK_KEYS = text(
    """
    SELECT pg_advisory_xact_lock(hashtextextended(k, 56))
    FROM (SELECT DISTINCT k FROM unnest(CAST(:keys AS text[])) AS k ORDER BY k) AS sorted
    """
)
_ADD_PAYMENTS = insert_rows("direct_payment", _PAYMENTS, order_by="n.institution, n.business_date, n.sequence")
_ADD_REVERSALS = insert_rows("direct_reversal", _REVERSALS, order_by="n.institution, n.business_date, n.sequence")
_SAID = "SELECT {{fields}} FROM {{rows}} JOIN {table} USING (institution, business_date, sequence)"
_FIRST_PAYMENTS = select_into(_payment, _KEYS.statement(_SAID.format(table="direct_payment")).text)
_FIRST_REVERSALS = select_into(FirstReversal, _KEYS.statement(_SAID.format(table="direct_reversal")).text)
_BOOKED_LINES = """
    SELECT {fields} FROM payment p JOIN payment_line l ON l.payment_id = p.id
    LEFT JOIN suspense s ON s.payment_line_id = l.id
    WHERE p.direct_id = ANY(CAST(:ids AS uuid[])) ORDER BY l.id
"""
_LINE_FIELDS = {
    **{name: f"l.{name}" for name in ("id", "bill_id", "enrolment_id", "person_token", "benefit_year", "region")},
    **{name: f"l.{name}" for name in ("amount_fen", "actor", "correlation_id")},
    **{name: f"p.{name}" for name in ("direct_id", "channel", "paid_on")},
    "reversed": "l.reversed_by IS NOT NULL",
    "settled": "l.counted_by IS NOT NULL",
    "remitted": "EXISTS (SELECT FROM remittance_batch b WHERE b.id = l.counted_by AND b.remitted_on IS NOT NULL)",
    "suspense_id": "s.id",
    "suspense_state": "s.state",
    "reason": "s.reason",
    "refund_asked": "EXISTS (SELECT FROM refund r WHERE r.suspense_id = s.id)",
}
_BOOKED = select_into(BookedLine, _BOOKED_LINES, **_LINE_FIELDS)
_LOCK_BOOKED = select_into(BookedLine, _BOOKED_LINES + " FOR UPDATE OF l", **_LINE_FIELDS)


async def lock_keys(session: AsyncSession, keys: Collection[DirectKey]) -> None:
    """Hold keys until the transaction ends, sorted, whether anything stands under them or not."""
    await session.execute(_LOCK_KEYS, {"keys": sorted("|".join(map(str, key)) for key in keys)})


async def add_payments(session: AsyncSession, payments: Sequence[DirectPayment]) -> None:
    """Write payments whose keys are held and free."""
    await session.execute(_ADD_PAYMENTS, _PAYMENTS.arrays(payments))


async def add_reversals(session: AsyncSession, reversals: Sequence[DirectReversal]) -> None:
    """Write reversals whose keys are held and free of another one."""
    await session.execute(_ADD_REVERSALS, _REVERSALS.arrays(reversals))


async def payments_of(session: AsyncSession, keys: Collection[DirectKey]) -> dict[DirectKey, DirectPayment]:
    """What was said first under each key."""
    found = await fetch_all(session, _FIRST_PAYMENTS, _payment, _KEYS.arrays(sorted(keys)))
    return {one.key: one for one in found}


async def reversals_of(session: AsyncSession, keys: Collection[DirectKey]) -> dict[DirectKey, FirstReversal]:
    """Which reversal stands under each key."""
    found = await fetch_all(session, _FIRST_REVERSALS, FirstReversal, _KEYS.arrays(sorted(keys)))
    return {one.key: one for one in found}


async def lock_booked(session: AsyncSession, payment_ids: Collection[UUID]) -> dict[UUID, BookedLine]:
    """The lines of booked payments, held, by what the institution said; who is missing was never booked."""
    found = await fetch_all(session, _LOCK_BOOKED, BookedLine, {"ids": sorted(payment_ids)})
    return {one.direct_id: one for one in found}


async def booked(session: AsyncSession, payment_ids: Collection[UUID]) -> dict[UUID, BookedLine]:
    """The same without holding them."""
    found = await fetch_all(session, _BOOKED, BookedLine, {"ids": sorted(payment_ids)})
    return {one.direct_id: one for one in found}
