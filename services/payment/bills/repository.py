"""Reading, locking and writing bills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.bills.state import Bill, BillState, Review, Superseded
from shared.contracts.event import Trace
from shared.contracts.subsidy import ContributionAssessed, ScheduleRow

_ROWS = TypeAdapter(tuple[ScheduleRow, ...])
_COLUMNS = """id, enrolment_id, person_token, benefit_year, region, version, state, schedule::text AS schedule, row_no,
              paid_on, review, actor, correlation_id"""

_LOCK_LIVE = text(
    f"""
    SELECT {_COLUMNS} FROM bill
    WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[])) AND superseded_because IS NULL ORDER BY id FOR UPDATE
    """  # noqa: S608 - constant columns
)
_LOCK = text(
    f"SELECT {_COLUMNS} FROM bill WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"  # noqa: S608
)
_INSERT = text(
    """
    INSERT INTO bill (id, enrolment_id, person_token, benefit_year, region, version, schedule, reasons, state, row_no,
                      actor, correlation_id)
    SELECT id, enrolment_id, person_token, benefit_year, region, version, CAST(schedule AS jsonb),
           CAST(reasons AS jsonb), state, row_no, actor, correlation_id
    FROM unnest(
             CAST(:id AS uuid[]), CAST(:enrolment_id AS uuid[]), CAST(:person_token AS text[]),
             CAST(:benefit_year AS integer[]), CAST(:region AS text[]), CAST(:version AS integer[]),
             CAST(:schedule AS text[]), CAST(:reasons AS text[]), CAST(:state AS text[]), CAST(:row_no AS integer[]),
             CAST(:actor AS text[]), CAST(:correlation_id AS uuid[])
         ) AS new (id, enrolment_id, person_token, benefit_year, region, version, schedule, reasons, state, row_no,
                   actor, correlation_id)
    ORDER BY enrolment_id
    """
)
_RENEW = text(
    """
    UPDATE bill SET version = news.version, schedule = CAST(news.schedule AS jsonb),
                    reasons = CAST(news.reasons AS jsonb)
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:schedules AS text[]), CAST(:reasons AS text[])
         ) AS news (id, version, schedule, reasons)
    WHERE bill.id = news.id
    """
)
_NOTE_UNPRICED = text(
    """
    INSERT INTO unpriced_enrolment AS known (enrolment_id, region, person_token, benefit_year, outcome, version)
    SELECT id, region, token, year, outcome, version
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:regions AS text[]), CAST(:tokens AS text[]), CAST(:years AS integer[]),
             CAST(:outcomes AS text[]), CAST(:versions AS integer[])
         ) AS held (id, region, token, year, outcome, version)
    WHERE year IS NOT NULL ORDER BY id
    ON CONFLICT (enrolment_id) DO UPDATE SET outcome = excluded.outcome, version = excluded.version
    WHERE known.version IS NULL OR known.version < excluded.version
    """
)
# Whose cash it is does not depend on whether anything is due from them now: the import decides that.
_PEOPLE_OF = text(
    """
    SELECT enrolment_id, person_token, benefit_year FROM bill
    WHERE enrolment_id = ANY(CAST(:ids AS uuid[])) AND region = :village
    UNION
    SELECT enrolment_id, person_token, benefit_year FROM unpriced_enrolment
    WHERE enrolment_id = ANY(CAST(:ids AS uuid[])) AND region = :village
    ORDER BY enrolment_id
    """
)
# Reading the table holds off the ending of enrolments until the reader's transaction is over, and the reverse:
# an assessment and an end that cross each other cannot both overlook the other.
_ENDED = text("SELECT enrolment_id FROM ended_enrolment WHERE enrolment_id = ANY(CAST(:enrolments AS uuid[]))")
_BAR_READERS = text("LOCK TABLE ended_enrolment IN ACCESS EXCLUSIVE MODE")
_END = text(
    """
    INSERT INTO ended_enrolment (enrolment_id, region)
    SELECT id, region FROM unnest(CAST(:ids AS uuid[]), CAST(:regions AS text[])) AS gone (id, region)
    ORDER BY id ON CONFLICT (enrolment_id) DO NOTHING
    """
)
# That a paid bill is never superseded is the table's own rule (bill_frozen_when_paid).
_SUPERSEDE = text(
    """
    UPDATE bill SET state = 'SUPERSEDED', superseded_because = gone.because
    FROM unnest(CAST(:ids AS uuid[]), CAST(:because AS text[])) AS gone (id, because)
    WHERE bill.id = gone.id
    """
)
_REVIEW = text(
    """
    UPDATE bill SET review = news.review, review_due_fen = news.due_fen
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reviews AS text[]), CAST(:dues AS bigint[])) AS news (id, review, due_fen)
    WHERE bill.id = news.id
    """
)
# The old state comes back instead of standing in the condition: together with row-level security's own, it makes the
# planner expect a single bill and compare every bill with every payment (1.5 s for 500 of 4,000, instead of 10 ms).
_FREEZE = text(
    """
    UPDATE bill
    SET state = 'PAID', row_no = paid.row_no, due_fen = paid.due_fen, aided_fen = paid.aided_fen,
        paid_on = paid.paid_on, paid_through = paid.channel, paid_by = paid.paid_by
    FROM unnest(
             CAST(:ids AS uuid[]), CAST(:row_no AS integer[]), CAST(:due_fen AS bigint[]), CAST(:aided_fen AS bigint[]),
             CAST(:paid_on AS date[]), CAST(:channels AS text[]), CAST(:paid_by AS uuid[])
         ) AS paid (id, row_no, due_fen, aided_fen, paid_on, channel, paid_by)
    WHERE bill.id = paid.id
    RETURNING old.state
    """
)
_IN_REVIEW = text(
    """
    SELECT id, enrolment_id, region, benefit_year, version, state, review, coalesce(due_fen, 0) AS due_fen,
           review_due_fen, paid_on, paid_through, make_date(benefit_year, 1, 1) - 1 AS decide_until
    FROM bill
    WHERE review IS NOT NULL AND make_date(benefit_year, 1, 1) > :today
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """
)
_UNPRICED = text("SELECT outcome FROM unpriced_enrolment WHERE enrolment_id = :enrolment_id")
_SHOW = text(
    """
    SELECT id, enrolment_id, benefit_year, region, version, state, schedule::text AS schedule, reasons::text AS reasons,
           superseded_because, review, row_no, due_fen, paid_on, paid_through
    FROM bill WHERE enrolment_id = :enrolment_id ORDER BY version DESC LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class PaidTerms:
    """The terms under which a bill is paid, as they stay."""

    bill_id: UUID
    schedule_row_no: int
    due_fen: int
    aided_fen: int
    paid_on: date
    channel: str
    paid_by: UUID


async def lock_live(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, Bill]:
    """Lock the bills in force of these enrolments, sorted; by enrolment."""
    rows = await session.execute(_LOCK_LIVE, {"enrolments": sorted(set(enrolment_ids))})
    return {row.enrolment_id: _bill(row) for row in rows}


async def lock(session: AsyncSession, bill_ids: Sequence[UUID]) -> dict[UUID, Bill]:
    """Lock bills, sorted; by id."""
    rows = await session.execute(_LOCK, {"ids": sorted(set(bill_ids))})
    return {row.id: _bill(row) for row in rows}


async def insert(session: AsyncSession, bills: Sequence[Bill]) -> None:
    """Write new bills; the reasons stand beside the schedule, because only people read them."""
    if not bills:
        return
    await session.execute(
        _INSERT,
        {
            "id": [bill.id for bill in bills],
            "enrolment_id": [bill.enrolment_id for bill in bills],
            "person_token": [bill.person_token for bill in bills],
            "benefit_year": [bill.benefit_year for bill in bills],
            "region": [bill.region for bill in bills],
            "version": [bill.version for bill in bills],
            "schedule": [_schedule(bill) for bill in bills],
            "reasons": [_reasons(bill) for bill in bills],
            "state": [bill.state.value for bill in bills],
            "row_no": [bill.schedule_row_no for bill in bills],
            "actor": [bill.trace.actor for bill in bills],
            "correlation_id": [bill.trace.correlation_id for bill in bills],
        },
    )


async def renew(session: AsyncSession, bills: Sequence[Bill]) -> None:
    """Give bills, locked before, a newer version of the same terms."""
    if bills:
        await session.execute(
            _RENEW,
            {
                "ids": [bill.id for bill in bills],
                "versions": [bill.version for bill in bills],
                "schedules": [_schedule(bill) for bill in bills],
                "reasons": [_reasons(bill) for bill in bills],
            },
        )


async def note_unpriced(session: AsyncSession, assessed: Sequence[ContributionAssessed]) -> None:
    """Remember people who owe nothing yet because their price is held: their village may take cash all the same."""
    newest = {one.enrolment_id: one for one in sorted(assessed, key=lambda one: one.version)}
    if newest:
        known = list(newest.values())
        await session.execute(
            _NOTE_UNPRICED,
            {
                "ids": list(newest),
                "regions": [one.region for one in known],
                "tokens": [one.person_token for one in known],
                "years": [one.benefit_year for one in known],
                "outcomes": [one.outcome for one in known],
                "versions": [one.version for one in known],
            },
        )


async def people_of(session: AsyncSession, village: str, enrolment_ids: Sequence[UUID]) -> dict[UUID, tuple[str, int]]:
    """Person token and benefit year of those of the enrolments that the village has, billed or not priced yet."""
    rows = await session.execute(_PEOPLE_OF, {"ids": sorted(set(enrolment_ids)), "village": village})
    return {row.enrolment_id: (row.person_token, row.benefit_year) for row in rows}


async def ended(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these enrolments have ended; none of them ends before this transaction does."""
    rows = await session.execute(_ENDED, {"enrolments": sorted(set(enrolment_ids))})
    return set(rows.scalars())


async def end(session: AsyncSession, enrolments: Sequence[tuple[UUID, str]]) -> None:
    """Remember that enrolments (id, region) have ended, once no assessment is under way."""
    ids, regions = zip(*sorted(set(enrolments)), strict=True)
    await session.execute(_BAR_READERS)
    await session.execute(_END, {"ids": list(ids), "regions": list(regions)})


async def supersede(session: AsyncSession, bills: Sequence[tuple[Bill, Superseded]]) -> None:
    """Take unpaid bills, locked before, out of force."""
    if bills:
        ids, because = [bill.id for bill, _ in bills], [reason.value for _, reason in bills]
        await session.execute(_SUPERSEDE, {"ids": ids, "because": because})


async def mark_for_review(session: AsyncSession, bills: Sequence[tuple[Bill, Review | None]]) -> None:
    """Note on settled bills that a newer assessment differs, or (None) no longer does."""
    if bills:
        reviews = [review and review.assessment for _, review in bills]
        dues = [review and review.due_fen for _, review in bills]
        await session.execute(_REVIEW, {"ids": [bill.id for bill, _ in bills], "reviews": reviews, "dues": dues})


async def freeze(session: AsyncSession, paid: Sequence[PaidTerms]) -> int:
    """Mark bills, locked before, as PAID under fixed terms; returns how many of them were open."""
    result = await session.execute(
        _FREEZE,
        {
            "ids": [one.bill_id for one in paid],
            "row_no": [one.schedule_row_no for one in paid],
            "due_fen": [one.due_fen for one in paid],
            "aided_fen": [one.aided_fen for one in paid],
            "paid_on": [one.paid_on for one in paid],
            "channels": [one.channel for one in paid],
            "paid_by": [one.paid_by for one in paid],
        },
    )
    return sum(state == BillState.OPEN for state in result.scalars())


async def latest(session: AsyncSession, enrolment_id: UUID) -> Row[Any] | None:
    """The newest bill of an enrolment, with its reasons."""
    return (await session.execute(_SHOW, {"enrolment_id": enrolment_id})).one_or_none()


async def unpriced(session: AsyncSession, enrolment_id: UUID) -> Row[Any] | None:
    """The outcome of an enrolment that was assessed without a price; empty where it was noted before outcomes were."""
    return (await session.execute(_UNPRICED, {"enrolment_id": enrolment_id})).one_or_none()


async def in_review(session: AsyncSession, today: date, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Settled bills of which a newer assessment differs, while the benefit year has not begun; by id."""
    return (await session.execute(_IN_REVIEW, {"today": today, "after": after, "limit": limit})).all()


@lru_cache(maxsize=1_024)
def rows_of(schedule: str) -> tuple[ScheduleRow, ...]:
    """Read a stored schedule; thousands of bills have the same one, and its rows are frozen."""
    return _ROWS.validate_json(schedule)


def _bill(row: Row[Any]) -> Bill:
    return Bill(
        id=row.id,
        enrolment_id=row.enrolment_id,
        person_token=row.person_token,
        benefit_year=row.benefit_year,
        region=row.region,
        version=row.version,
        state=BillState(row.state),
        rows=rows_of(row.schedule),
        trace=Trace(row.actor, row.correlation_id),
        schedule_row_no=row.row_no,
        paid_on=row.paid_on,
        review=row.review,
    )


def _schedule(bill: Bill) -> str:
    return orjson.dumps([row.model_dump(mode="json", exclude={"reasons"}) for row in bill.rows]).decode()


def _reasons(bill: Bill) -> str:
    return orjson.dumps([[reason.model_dump(mode="json") for reason in row.reasons] for row in bill.rows]).decode()
