"""Reading, locking and writing bills."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills.models import (
    BillDetails,
    BillInReview,
    PaidTerms,
    ReviewedBill,
    SupersededBill,
    Unpriced,
    bill_of,
)
from services.payment.bills.state import Bill, BillState
from shared.contracts.registration import EnrolmentTerminated
from shared.contracts.subsidy import ContributionAssessed
from shared.database.bulk import ColumnMap, insert_rows, update_rows
from shared.database.row import fetch_all, fetch_one, select_into
from shared.messaging.bus.errors import Transient

# Each further look means that somebody was priced again within the moment before it.
LOOKS = 10


class BillsKeepChanging(Transient):
    """People were priced again faster than their bills could be locked."""


@dataclass(frozen=True, slots=True)
class BillablePerson:
    """Whose premium a village may take for an enrolment, and for which year."""

    enrolment_id: UUID
    person_token: str
    benefit_year: int


def _schedule(bill: Bill) -> str:
    return orjson.dumps([row.model_dump(mode="json", exclude={"reasons"}) for row in bill.rows]).decode()


def _reasons(bill: Bill) -> str:
    return orjson.dumps([[reason.model_dump(mode="json") for reason in row.reasons] for row in bill.rows]).decode()


_NEW = ColumnMap[Bill](
    {
        "id": "uuid",
        "enrolment_id": "uuid",
        "person_token": "text",
        "benefit_year": "integer",
        "region": "text",
        "version": "integer",
        "schedule": ("jsonb", _schedule),
        "reasons": ("jsonb", _reasons),
        "state": "text",
        "row_no": ("integer", "schedule_row_no"),
        "actor": ("text", "trace.actor"),
        "correlation_id": ("uuid", "trace.correlation_id"),
    }
)
_RENEWED = ColumnMap[Bill](
    {"id": "uuid", "version": "integer", "schedule": ("jsonb", _schedule), "reasons": ("jsonb", _reasons)}
)
_UNPRICED = ColumnMap[ContributionAssessed](
    {
        "enrolment_id": "uuid",
        "region": "text",
        "person_token": "text",
        "benefit_year": "integer",
        "outcome": "text",
        "version": "integer",
    }
)
_ENDING = ColumnMap[EnrolmentTerminated]({"enrolment_id": "uuid", "region": "text"})
_SUPERSEDED = ColumnMap[SupersededBill]({"id": ("uuid", "bill_id"), "superseded_because": ("text", "because")})
_REVIEWED = ColumnMap[ReviewedBill](
    {
        "id": ("uuid", "bill_id"),
        "review": ("text", lambda one: one.review and one.review.assessment),
        "review_due_fen": ("bigint", lambda one: one.review and one.review.due_fen),
    }
)
_PAID = ColumnMap[PaidTerms](
    {
        "id": ("uuid", "bill_id"),
        "row_no": ("integer", "schedule_row_no"),
        "due_fen": "bigint",
        "aided_fen": "bigint",
        "paid_on": "date",
        "channel": "text",
        "paid_by": "uuid",
    }
)

_LOCK_LIVE = select_into(
    bill_of,
    """
    SELECT {fields} FROM bill
    WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[])) AND superseded_because IS NULL ORDER BY id FOR UPDATE
    """,
    schedule="schedule::text",
)
_LIVE = text(
    """
    SELECT enrolment_id FROM bill
    WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[])) AND superseded_because IS NULL ORDER BY enrolment_id
    """
)
_LOCK = select_into(
    bill_of,
    "SELECT {fields} FROM bill WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE",
    schedule="schedule::text",
)
_NEWEST = select_into(
    bill_of,
    """
    SELECT DISTINCT ON (enrolment_id) {fields} FROM bill
    WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[])) ORDER BY enrolment_id, version DESC
    """,
    schedule="schedule::text",
)
_OF_PERSON = select_into(
    bill_of,
    """
    SELECT {fields} FROM bill WHERE person_token = :person_token AND superseded_because IS NULL
    ORDER BY benefit_year DESC, id LIMIT :limit
    """,
    schedule="schedule::text",
)
_INSERT = insert_rows("bill", _NEW, order_by="n.enrolment_id")
_RENEW = update_rows("bill", _RENEWED, key="id")
_NOTE_UNPRICED = insert_rows(
    "unpriced_enrolment",
    _UNPRICED,
    order_by="n.enrolment_id",
    then="""
    ON CONFLICT (enrolment_id) DO UPDATE SET outcome = excluded.outcome, version = excluded.version
    WHERE unpriced_enrolment.version IS NULL OR unpriced_enrolment.version < excluded.version
    """,
)
# Whose cash it is does not depend on whether anything is due from them now: the import decides that.
_PEOPLE_OF = select_into(
    BillablePerson,
    """
    SELECT {fields} FROM bill
    WHERE enrolment_id = ANY(CAST(:ids AS uuid[])) AND region = :village
    UNION
    SELECT {fields} FROM unpriced_enrolment
    WHERE enrolment_id = ANY(CAST(:ids AS uuid[])) AND region = :village
    ORDER BY enrolment_id
    """,
)
# Reading the table holds off the ending of enrolments until the reader's transaction is over, and the reverse:
# an assessment and an end that cross each other cannot both overlook the other.
_ENDED = text("SELECT enrolment_id FROM ended_enrolment WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[]))")
_BAR_READERS = text("LOCK TABLE ended_enrolment IN ACCESS EXCLUSIVE MODE")
_END = insert_rows("ended_enrolment", _ENDING, order_by="n.enrolment_id", then="ON CONFLICT (enrolment_id) DO NOTHING")
# That a paid bill is never superseded is the table's own rule (bill_frozen_when_paid).
_SUPERSEDE = update_rows("bill", _SUPERSEDED, key="id", sets={"state": "'SUPERSEDED'"})
_REVIEW = update_rows("bill", _REVIEWED, key="id")
# The old state comes back instead of standing in the condition: together with row-level security's own, it makes the
# planner expect a single bill and compare every bill with every payment (1.5 s for 500 of 4,000, instead of 10 ms).
_FREEZE = _PAID.statement(
    """
    UPDATE bill
    SET state = 'PAID', row_no = n.row_no, due_fen = n.due_fen, aided_fen = n.aided_fen, paid_on = n.paid_on,
        paid_through = n.channel, paid_by = n.paid_by
    FROM {rows}
    WHERE bill.id = n.id
    RETURNING old.state
    """
)
_IN_REVIEW = select_into(
    BillInReview,
    """
    SELECT {fields} FROM bill
    WHERE review IS NOT NULL AND make_date(benefit_year, 1, 1) > :today
      AND id > {after}
    ORDER BY id LIMIT :limit
    """,
    due_fen="coalesce(due_fen, 0)",
    decide_until="make_date(benefit_year, 1, 1) - 1",
)
_WITHOUT_PRICE = select_into(Unpriced, "SELECT {fields} FROM unpriced_enrolment WHERE enrolment_id = :enrolment_id")
_SHOW = select_into(
    BillDetails,
    "SELECT {fields} FROM bill WHERE enrolment_id = :enrolment_id ORDER BY version DESC LIMIT 1",
    schedule="schedule::text",
    reasons="reasons::text",
)


async def lock_live(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, Bill]:
    """Lock the bills in force of these enrolments, sorted; by enrolment. Who is missing has none.

    A bill that is superseded while its lock is waited for is dropped, and its successor is younger than the statement.
    So only a second look, which waits for nobody, says that an enrolment has no bill. Raises BillsKeepChanging.
    """
    found: dict[UUID, Bill] = {}
    wanted = sorted(set(enrolment_ids))
    for _ in range(LOOKS):
        bills = await fetch_all(session, _LOCK_LIVE, bill_of, {"enrolments": wanted})
        found |= {bill.enrolment_id: bill for bill in bills}
        missing = [one for one in wanted if one not in found]
        if not missing:
            return found
        wanted = list((await session.execute(_LIVE, {"enrolments": missing})).scalars())
        if not wanted:
            return found
    raise BillsKeepChanging(f"{len(wanted)} bills")


async def lock(session: AsyncSession, bill_ids: Sequence[UUID]) -> dict[UUID, Bill]:
    """Lock bills, sorted; by id."""
    bills = await fetch_all(session, _LOCK, bill_of, {"ids": sorted(set(bill_ids))})
    return {bill.id: bill for bill in bills}


async def newest(session: AsyncSession, enrolment_ids: Collection[UUID]) -> dict[UUID, Bill]:
    """The last bill of each of these enrolments, in force or not; by enrolment."""
    bills = await fetch_all(session, _NEWEST, bill_of, {"enrolments": sorted(enrolment_ids)})
    return {bill.enrolment_id: bill for bill in bills}


async def of_person(session: AsyncSession, person_token: str, *, limit: int) -> list[Bill]:
    """The bills in force of one person, the latest benefit year first."""
    return await fetch_all(session, _OF_PERSON, bill_of, {"person_token": person_token, "limit": limit})


async def insert(session: AsyncSession, bills: Sequence[Bill]) -> None:
    """Write new bills; the reasons stand beside the schedule, because only people read them."""
    if bills:
        await session.execute(_INSERT, _NEW.arrays(bills))


async def renew(session: AsyncSession, bills: Sequence[Bill]) -> None:
    """Give bills, locked before, a newer version of the same terms."""
    if bills:
        await session.execute(_RENEW, _RENEWED.arrays(bills))


async def note_unpriced(session: AsyncSession, assessed: Sequence[ContributionAssessed]) -> None:
    """Remember people who owe nothing yet because their price is held: their village may take cash all the same."""
    newest = {one.enrolment_id: one for one in sorted(assessed, key=lambda one: one.version)}
    known = [one for one in newest.values() if one.benefit_year is not None]
    if known:
        await session.execute(_NOTE_UNPRICED, _UNPRICED.arrays(known))


async def people_of(session: AsyncSession, village: str, enrolment_ids: Sequence[UUID]) -> dict[UUID, BillablePerson]:
    """The people of those of the enrolments that the village has, billed or not priced yet."""
    asked = {"ids": sorted(set(enrolment_ids)), "village": village}
    people = await fetch_all(session, _PEOPLE_OF, BillablePerson, asked)
    return {person.enrolment_id: person for person in people}


async def ended(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these enrolments have ended; none of them ends before this transaction does."""
    rows = await session.execute(_ENDED, {"enrolments": sorted(set(enrolment_ids))})
    return set(rows.scalars())


async def end(session: AsyncSession, enrolments: Sequence[EnrolmentTerminated]) -> None:
    """Remember that enrolments have ended, once no assessment is under way."""
    await session.execute(_BAR_READERS)
    await session.execute(_END, _ENDING.arrays(enrolments))


async def supersede(session: AsyncSession, bills: Sequence[SupersededBill]) -> None:
    """Take unpaid bills, locked before, out of force."""
    if bills:
        await session.execute(_SUPERSEDE, _SUPERSEDED.arrays(bills))


async def mark_for_review(session: AsyncSession, bills: Sequence[ReviewedBill]) -> None:
    """Note on settled bills that a newer assessment differs, or no longer does."""
    if bills:
        await session.execute(_REVIEW, _REVIEWED.arrays(bills))


async def freeze(session: AsyncSession, paid: Sequence[PaidTerms]) -> int:
    """Mark bills, locked before, as PAID under fixed terms; returns how many of them were open."""
    result = await session.execute(_FREEZE, _PAID.arrays(paid))
    return sum(state == BillState.OPEN for state in result.scalars())


async def latest(session: AsyncSession, enrolment_id: UUID) -> BillDetails | None:
    """The newest bill of an enrolment, with its reasons."""
    return await fetch_one(session, _SHOW, BillDetails, {"enrolment_id": enrolment_id})


async def unpriced(session: AsyncSession, enrolment_id: UUID) -> Unpriced | None:
    """An enrolment that was assessed without a price; None where it was not."""
    return await fetch_one(session, _WITHOUT_PRICE, Unpriced, {"enrolment_id": enrolment_id})


async def in_review(session: AsyncSession, today: date, *, after: UUID | None, limit: int) -> list[BillInReview]:
    """Settled bills of which a newer assessment differs, while the benefit year has not begun; by id."""
    return await fetch_all(session, _IN_REVIEW, BillInReview, {"today": today, "after": after, "limit": limit})
