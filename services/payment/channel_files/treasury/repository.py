"""Receipts of the treasury for what the tax bureau collected itself. No other package writes this table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_files.models import ChannelFile, WaitingLine
from services.payment.crediting.direct.state import DirectKey
from services.payment.ledger.transfer import Dimensions
from shared.database.bulk import ColumnMap
from shared.database.row import fetch_all


@dataclass(frozen=True, slots=True)
class TreasuryReceipt:
    """Money of one payment that is in the treasury from ``received_on`` on."""

    id: UUID
    payment_line_id: UUID
    received_on: date
    amount_fen: int
    enrolment_id: UUID | None
    person_token: str | None
    benefit_year: int | None
    region: str
    actor: str
    correlation_id: UUID

    @property
    def dimensions(self) -> Dimensions:
        """Whose money it is."""
        return Dimensions(self.region, self.enrolment_id, self.person_token, self.benefit_year)


_SAID = ColumnMap[WaitingLine](
    {
        "line_no": "integer",
        "business_date": "date",
        "sequence": "text",
        "remitted_on": "date",
        "treasury_on": "date",
        "voucher_no": "text",
    }
)
_KEYS = ColumnMap[DirectKey]({"institution": "text", "business_date": "date", "sequence": "text"})
# Of each payment that stands, the first word counts.
_RECEIVE = _SAID.statement(
    """
        WITH said AS MATERIALIZED (SELECT * FROM {rows}), booked AS (
            SELECT s.line_no, s.remitted_on, s.treasury_on, s.voucher_no, l.id AS payment_line_id, l.amount_fen,
                   l.enrolment_id, l.person_token, l.benefit_year, l.region, l.actor, l.correlation_id
            FROM said s
            JOIN direct_payment d ON d.institution = :institution AND d.business_date = s.business_date
                                 AND d.sequence = s.sequence
            JOIN payment p ON p.direct_id = d.id
            JOIN payment_line l ON l.payment_id = p.id
            WHERE l.reversed_by IS NULL
        ), added AS (
            INSERT INTO tax_direct_receipt (id, payment_line_id, received_on, remitted_on, voucher_no, file_id,
                                            file_line, amount_fen, region, actor, correlation_id)
            SELECT uuidv7(), payment_line_id, treasury_on, remitted_on, voucher_no, :file_id, line_no, amount_fen,
                   region, actor, correlation_id
            FROM booked ORDER BY payment_line_id
            ON CONFLICT (payment_line_id) DO NOTHING
            RETURNING id, payment_line_id, received_on
        )
        SELECT a.id, a.payment_line_id, a.received_on, b.amount_fen, b.enrolment_id, b.person_token, b.benefit_year,
               b.region, b.actor, b.correlation_id
        FROM added a JOIN booked b USING (payment_line_id) ORDER BY a.payment_line_id
    """
)
_IN_TREASURY = _KEYS.statement(
    """
    SELECT n.institution, n.business_date, n.sequence
    FROM {rows}
    JOIN direct_payment d ON d.institution = n.institution AND d.business_date = n.business_date
                         AND d.sequence = n.sequence
    JOIN payment p ON p.direct_id = d.id
    JOIN payment_line l ON l.payment_id = p.id
    JOIN tax_direct_receipt t ON t.payment_line_id = l.id
    """
)


async def receive(session: AsyncSession, file: ChannelFile, lines: Sequence[WaitingLine]) -> list[TreasuryReceipt]:
    """Note which payments of these lines are in the treasury; those that were noted before are left out."""
    asked = _SAID.arrays(lines) | {"institution": file.institution, "file_id": file.id}
    return await fetch_all(session, _RECEIVE, TreasuryReceipt, asked)


async def in_treasury(session: AsyncSession, keys: Collection[DirectKey]) -> set[DirectKey]:
    """Those of these payments whose money is in the treasury."""
    if not keys:
        return set()
    return set(await fetch_all(session, _IN_TREASURY, DirectKey, _KEYS.arrays(sorted(keys))))
