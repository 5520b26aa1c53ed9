"""Named queries on receipts, collection statements and deposit slips."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.cash.match import Deposit, Receipt, StatementLine
from services.payment.ledger.transfer import Line
from shared.contracts.event import Trace

MAX_UNLISTED = 500

_INSERT_RECEIPTS = text(
    """
    INSERT INTO cash_receipt (id, receipt_no, region, enrolment_id, person_token, benefit_year, amount_fen, received_on,
                              actor, correlation_id)
    SELECT n.id, n.receipt_no, :village, n.enrolment_id, n.person_token, n.benefit_year, n.amount_fen, n.received_on,
           :actor, :correlation_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:receipt_nos AS text[]), CAST(:enrolment_ids AS uuid[]),
                CAST(:person_tokens AS text[]), CAST(:benefit_years AS integer[]), CAST(:amounts AS bigint[]),
                CAST(:days AS date[]))
         AS n (id, receipt_no, enrolment_id, person_token, benefit_year, amount_fen, received_on)
    ORDER BY n.receipt_no
    ON CONFLICT (receipt_no) DO NOTHING
    RETURNING receipt_no
    """
)
_RECEIPT = """id, receipt_no, region, enrolment_id, person_token, benefit_year, amount_fen, received_on, state,
              recall_reason, batch_id, deposited_on, actor, correlation_id"""
_BY_NUMBER = text(
    f"SELECT {_RECEIPT} FROM cash_receipt WHERE receipt_no = ANY(CAST(:numbers AS text[])) ORDER BY receipt_no"  # noqa: S608
)
_LOCK_BY_NUMBER = text(f"{_BY_NUMBER.text} FOR UPDATE")
_UNLISTED = text(
    f"""
    SELECT {_RECEIPT} FROM cash_receipt
    WHERE region = :village AND benefit_year = :benefit_year AND state = 'USED' AND batch_id IS NULL
    ORDER BY receipt_no LIMIT :limit
    """  # noqa: S608 - own column names
)
_LIST = text(
    f"""
    SELECT {_RECEIPT} FROM cash_receipt
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (CAST(:village AS text) IS NULL OR region = :village)
      AND receipt_no > :after
    ORDER BY receipt_no LIMIT :limit
    """  # noqa: S608 - own column names
)
_CLAIM = text(
    """
    UPDATE cash_receipt SET batch_id = :batch_id
    WHERE receipt_no = ANY(CAST(:numbers AS text[])) AND batch_id IS NULL AND state = 'USED'
    """
)
_RELEASE = text("UPDATE cash_receipt SET batch_id = NULL WHERE batch_id = :batch_id AND state = 'USED'")
_DEPOSITED = text(
    "UPDATE cash_receipt SET deposited_on = :day WHERE id = ANY(CAST(:ids AS uuid[])) AND deposited_on IS NULL"
)
_WRITE_OFF = text("UPDATE cash_receipt SET state = 'WRITTEN_OFF' WHERE id = ANY(CAST(:ids AS uuid[]))")
_RECALL = text(
    """
    UPDATE cash_receipt r SET state = 'RECALLED', recall_reason = n.reason
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[])) AS n (id, reason) WHERE r.id = n.id
    """
)
_INSERT_LINES = text(
    """
    INSERT INTO collection_line (batch_id, version, ordinal, receipt_no, enrolment_id, amount_fen, region, actor,
                                 correlation_id)
    SELECT :batch_id, :version, n.ordinal, n.receipt_no, n.enrolment_id, n.amount_fen, :village, :actor, :correlation_id
    FROM unnest(CAST(:receipt_nos AS text[]), CAST(:enrolment_ids AS uuid[]), CAST(:amounts AS bigint[]))
         WITH ORDINALITY AS n (receipt_no, enrolment_id, amount_fen, ordinal)
    """
)
_LINES = text(
    """
    SELECT receipt_no, enrolment_id, amount_fen FROM collection_line
    WHERE batch_id = :batch_id AND version = :version ORDER BY ordinal
    """
)
_OPEN_BATCH = text(
    """
    INSERT INTO remittance_batch (id, region, kind, state, statement_no, benefit_year, declared_fen, actor,
                                  correlation_id)
    VALUES (:id, :village, 'ENTRUSTED_CASH', 'OPEN', :statement_no, :benefit_year, :declared_fen, :actor,
            :correlation_id)
    ON CONFLICT (statement_no) WHERE previous_batch_id IS NULL DO NOTHING
    RETURNING id
    """
)
_BATCH_OF_STATEMENT = text(
    "SELECT id FROM remittance_batch WHERE statement_no = :statement_no AND previous_batch_id IS NULL"
)
_SLIPS = text(
    """
    SELECT s.slip_no, s.amount_fen, s.deposited_on, coalesce(sum(b.amount_fen), 0)::bigint AS booked_fen
    FROM deposit_slip s LEFT JOIN bank_line b ON b.kind = 'DEPOSIT' AND b.reference = s.slip_no
    WHERE s.batch_id = :batch_id AND NOT s.withdrawn
    GROUP BY s.slip_no ORDER BY s.slip_no
    """
)
_SLIP = text("SELECT batch_id, amount_fen, deposited_on, withdrawn FROM deposit_slip WHERE slip_no = :slip_no")
_INSERT_SLIP = text(
    """
    INSERT INTO deposit_slip (slip_no, batch_id, amount_fen, deposited_on, region, actor, correlation_id)
    VALUES (:slip_no, :batch_id, :amount_fen, :deposited_on, :village, :actor, :correlation_id)
    ON CONFLICT (slip_no) DO NOTHING RETURNING slip_no
    """
)
_WITHDRAW_SLIPS = text("UPDATE deposit_slip SET withdrawn = true WHERE batch_id = :batch_id AND NOT withdrawn")
_RESTATE_SLIP = text(
    """
    UPDATE deposit_slip SET amount_fen = :amount_fen, deposited_on = :deposited_on, withdrawn = false
    WHERE slip_no = :slip_no AND batch_id = :batch_id RETURNING slip_no
    """
)
# A batch can be compared once the bank has booked something for each of its slips.
_COMPARABLE = text(
    """
    SELECT b.id FROM remittance_batch b
    WHERE b.state = 'SUBMITTED'
      AND EXISTS (SELECT FROM deposit_slip s WHERE s.batch_id = b.id AND NOT s.withdrawn)
      AND NOT EXISTS (
          SELECT FROM deposit_slip s WHERE s.batch_id = b.id AND NOT s.withdrawn
          AND NOT EXISTS (SELECT FROM bank_line l WHERE l.kind = 'DEPOSIT' AND l.reference = s.slip_no))
    ORDER BY b.id LIMIT 1 FOR UPDATE OF b SKIP LOCKED
    """
)
_CLAIM_DEPOSITS = text(
    """
    UPDATE bank_line SET batch_id = :batch_id
    WHERE kind = 'DEPOSIT' AND reference = ANY(CAST(:slips AS text[])) AND (batch_id IS NULL OR batch_id = :batch_id)
    RETURNING id, booked_on, actor
    """
)


class ReceiptLike(Protocol):
    """A receipt as a village tells it."""

    @property
    def receipt_no(self) -> str: ...
    @property
    def enrolment_id(self) -> UUID: ...
    @property
    def amount_fen(self) -> int: ...
    @property
    def received_on(self) -> date: ...


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt as it is kept."""

    id: UUID
    receipt_no: str
    region: str
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    amount_fen: int
    received_on: date
    state: str
    recall_reason: str | None
    batch_id: UUID | None
    deposited_on: date | None
    actor: str
    correlation_id: UUID

    @property
    def money_of(self) -> Line:
        """Whose money it is, for the books."""
        return Line(self.region, self.enrolment_id, self.person_token, self.benefit_year)

    def for_match(self, batch_id: UUID) -> Receipt:
        """The receipt as the match sees it for this batch."""
        free = self.state == "USED" and self.batch_id in (None, batch_id)
        return Receipt(self.receipt_no, self.region, self.benefit_year, self.enrolment_id, self.amount_fen, free)


@dataclass(frozen=True, slots=True)
class NewReceipt:
    """A receipt to be recorded, with what its bill says of the person."""

    id: UUID
    receipt_no: str
    enrolment_id: UUID
    person_token: str
    benefit_year: int
    amount_fen: int
    received_on: date


@dataclass(frozen=True, slots=True)
class DepositLine:
    """A line of the bank's statement that a slip was matched with."""

    id: UUID
    booked_on: date
    actor: str


async def insert_receipts(
    session: AsyncSession, village: str, receipts: Sequence[NewReceipt], trace: Trace
) -> set[str]:
    """Record receipts; returns the numbers that are new."""
    values = {
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
        "ids": [receipt.id for receipt in receipts],
        "receipt_nos": [receipt.receipt_no for receipt in receipts],
        "enrolment_ids": [receipt.enrolment_id for receipt in receipts],
        "person_tokens": [receipt.person_token for receipt in receipts],
        "benefit_years": [receipt.benefit_year for receipt in receipts],
        "amounts": [receipt.amount_fen for receipt in receipts],
        "days": [receipt.received_on for receipt in receipts],
    }
    return set((await session.execute(_INSERT_RECEIPTS, values)).scalars())


async def receipts(session: AsyncSession, numbers: Sequence[str], *, lock: bool = False) -> dict[str, StoredReceipt]:
    """Receipts by number, sorted; held until the transaction ends if asked."""
    rows = await session.execute(_LOCK_BY_NUMBER if lock else _BY_NUMBER, {"numbers": sorted(set(numbers))})
    return {row.receipt_no: StoredReceipt(*row) for row in rows}


async def unlisted(session: AsyncSession, village: str, benefit_year: int) -> list[StoredReceipt]:
    """The village's receipts that no statement holds, the first of them."""
    values = {"village": village, "benefit_year": benefit_year, "limit": MAX_UNLISTED}
    return [StoredReceipt(*row) for row in await session.execute(_UNLISTED, values)]


async def listed(
    session: AsyncSession, *, state: str | None, village: str | None, after: str, limit: int
) -> list[StoredReceipt]:
    """A page of receipts by number."""
    values = {"state": state, "village": village, "after": after, "limit": limit}
    return [StoredReceipt(*row) for row in await session.execute(_LIST, values)]


async def claim_receipts(session: AsyncSession, batch_id: UUID, numbers: Sequence[str]) -> None:
    """Hold free receipts for a batch; they are locked already."""
    await session.execute(_CLAIM, {"batch_id": batch_id, "numbers": list(numbers)})


async def release_receipts(session: AsyncSession, batch_id: UUID) -> None:
    """Let go of receipts that a batch held, so that its corrected version or another statement may list them."""
    await session.execute(_RELEASE, {"batch_id": batch_id})


async def mark_deposited(session: AsyncSession, ids: Sequence[UUID], day: date) -> None:
    """Note that the receipts' cash is in the pending account."""
    await session.execute(_DEPOSITED, {"ids": list(ids), "day": day})


async def write_off(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """核销: the receipts' lines were imported."""
    if ids:
        await session.execute(_WRITE_OFF, {"ids": list(ids)})


async def recall(session: AsyncSession, reasons: dict[UUID, str]) -> None:
    """Take receipts back whose lines failed import."""
    if reasons:
        await session.execute(_RECALL, {"ids": list(reasons), "reasons": list(reasons.values())})


async def open_batch(
    session: AsyncSession,
    batch_id: UUID,
    *,
    village: str,
    statement_no: str,
    benefit_year: int,
    declared_fen: int,
    trace: Trace,
) -> bool:
    """Begin the batch of a statement; False where the statement's number is taken."""
    values = {
        "id": batch_id,
        "village": village,
        "statement_no": statement_no,
        "benefit_year": benefit_year,
        "declared_fen": declared_fen,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return (await session.execute(_OPEN_BATCH, values)).scalar_one_or_none() is not None


async def batch_of_statement(session: AsyncSession, statement_no: str) -> UUID | None:
    """The batch that a statement began, where the caller may see it."""
    found: UUID | None = (
        await session.execute(_BATCH_OF_STATEMENT, {"statement_no": statement_no})
    ).scalar_one_or_none()
    return found


async def insert_lines(
    session: AsyncSession, batch_id: UUID, version: int, village: str, lines: Sequence[StatementLine], trace: Trace
) -> None:
    """Keep what the village stated, as one version."""
    values = {
        "batch_id": batch_id,
        "version": version,
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
        "receipt_nos": [line.receipt_no for line in lines],
        "enrolment_ids": [line.enrolment_id for line in lines],
        "amounts": [line.amount_fen for line in lines],
    }
    await session.execute(_INSERT_LINES, values)


async def lines(session: AsyncSession, batch_id: UUID, version: int) -> list[StatementLine]:
    """What the village stated in a version."""
    rows = await session.execute(_LINES, {"batch_id": batch_id, "version": version})
    return [StatementLine(*row) for row in rows]


async def deposits(session: AsyncSession, batch_id: UUID) -> list[Deposit]:
    """The slips of a batch, each with what the bank booked for it."""
    rows = await session.execute(_SLIPS, {"batch_id": batch_id})
    return [Deposit(row.slip_no, row.amount_fen, row.booked_fen) for row in rows]


async def slip(session: AsyncSession, slip_no: str) -> Row[Any] | None:
    """A slip by its number."""
    return (await session.execute(_SLIP, {"slip_no": slip_no})).one_or_none()


async def insert_slip(
    session: AsyncSession, batch_id: UUID, village: str, slip_no: str, amount_fen: int, deposited_on: date, trace: Trace
) -> bool:
    """Record a slip; False where its number is taken."""
    values = {
        "slip_no": slip_no,
        "batch_id": batch_id,
        "amount_fen": amount_fen,
        "deposited_on": deposited_on,
        "village": village,
        "actor": trace.actor,
        "correlation_id": trace.correlation_id,
    }
    return (await session.execute(_INSERT_SLIP, values)).scalar_one_or_none() is not None


async def withdraw_slips(session: AsyncSession, batch_id: UUID) -> None:
    """Take back every slip of a batch, before it is stated anew."""
    await session.execute(_WITHDRAW_SLIPS, {"batch_id": batch_id})


async def restate_slip(
    session: AsyncSession, batch_id: UUID, slip_no: str, amount_fen: int, deposited_on: date
) -> bool:
    """State a slip of the batch anew; False where the batch has no slip of that number."""
    values = {"batch_id": batch_id, "slip_no": slip_no, "amount_fen": amount_fen, "deposited_on": deposited_on}
    return (await session.execute(_RESTATE_SLIP, values)).scalar_one_or_none() is not None


async def lock_comparable(session: AsyncSession) -> UUID | None:
    """A submitted batch whose slips the bank has all booked, held for this worker alone."""
    found: UUID | None = (await session.execute(_COMPARABLE)).scalar_one_or_none()
    return found


async def claim_deposits(session: AsyncSession, batch_id: UUID, slips: Sequence[str]) -> list[DepositLine]:
    """Note on the bank's lines which batch they were compared with."""
    rows = await session.execute(_CLAIM_DEPOSITS, {"batch_id": batch_id, "slips": list(slips)})
    return [DepositLine(*row) for row in rows]
