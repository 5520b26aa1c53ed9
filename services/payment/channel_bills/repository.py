"""Reading and writing the channel's bills. No other package writes these tables."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_bills.models import (
    AskedBill,
    ChannelBill,
    ChannelBillState,
    FaultCount,
    LateBills,
    MerchantAtChannel,
)
from services.payment.channels.bills import BillFault, BillKind
from services.payment.channels.merchant_account import merchant_columns
from shared.contracts.event import Trace
from shared.database.bulk import ColumnMap
from shared.database.row import fetch_all, fetch_one, select_into


def _asked_of(
    id: UUID,  # noqa: A002 - the name of the column
    channel: str,
    merchant_id: str,
    kind: str,
    bill_day: date,
    state: str,
    content_hash: str | None,
) -> AskedBill:
    return AskedBill(id, channel, merchant_id, BillKind(kind), bill_day, ChannelBillState(state), content_hash)


_MERCHANTS = ColumnMap[MerchantAtChannel]({"channel": "text", "merchant_id": "text"})
# Written once; only where the business date is set for the first time, to an earlier day, that day is the first one.
_BILL_FROM_NOW_ON = _MERCHANTS.statement(
    """
    INSERT INTO billed_merchant (channel, merchant_id, first_day, region, actor, correlation_id)
    SELECT n.channel, n.merchant_id, :today, :region, :actor, :correlation_id
    FROM {rows} ORDER BY n.channel, n.merchant_id
    ON CONFLICT (channel, merchant_id) DO UPDATE SET first_day = EXCLUDED.first_day
        WHERE billed_merchant.first_day > EXCLUDED.first_day
    """
)
# After the newest day that was wanted, up to yesterday; so many days at a time.
_WANT = text(
    """
    INSERT INTO channel_bill (id, channel, merchant_id, kind, bill_day, region, actor, correlation_id)
    SELECT uuidv7(), m.channel, m.merchant_id, k.kind, wanted.day, m.region, m.actor, m.correlation_id
    FROM billed_merchant m
    CROSS JOIN unnest(CAST(:kinds AS text[])) AS k (kind)
    CROSS JOIN LATERAL (
        SELECT CAST(day AS date) AS day FROM generate_series(
            coalesce((SELECT max(b.bill_day) + 1 FROM channel_bill b
                      WHERE b.channel = m.channel AND b.merchant_id = m.merchant_id AND b.kind = k.kind), m.first_day),
            CAST(:today AS date) - 1, interval '1 day') AS day
        ORDER BY day LIMIT :limit
    ) wanted
    ORDER BY m.channel, m.merchant_id, k.kind, wanted.day
    ON CONFLICT (channel, merchant_id, kind, bill_day) DO NOTHING
    RETURNING id
    """
)
# A bill that could not be read is asked for again after a pause, and at once on a new business date; longest unasked
# first.
_CLAIM_WANTED = select_into(
    _asked_of,
    """
    UPDATE channel_bill SET asked_at = now(), asked_on = :today, attempts = attempts + 1
    WHERE id = ANY(ARRAY(
        SELECT id FROM channel_bill
        WHERE state = 'WANTED' AND bill_day < :today
          AND (channel, merchant_id) IN (
              SELECT * FROM unnest(CAST(:channels AS text[]), CAST(:merchants AS text[]))
          )
          AND (asked_at IS NULL OR asked_on < :today OR asked_at < now() - make_interval(secs => :again_after_s))
        ORDER BY asked_at NULLS FIRST, bill_day, id LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING {fields}
    """,
)
# What was read is looked at once more on a later day.
_CLAIM_READ = select_into(
    _asked_of,
    """
    UPDATE channel_bill SET asked_at = now(), asked_on = :today, attempts = attempts + 1
    WHERE id = ANY(ARRAY(
        SELECT id FROM channel_bill
        WHERE state <> 'WANTED' AND asked_on = read_on AND asked_on < :today
          AND (channel, merchant_id) IN (SELECT * FROM unnest(CAST(:channels AS text[]), CAST(:merchants AS text[])))
        ORDER BY bill_day, id LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING {fields}
    """,
)
_NOTE_FAULT = text("UPDATE channel_bill SET fault = :fault WHERE id = :id AND state = :state")
# Who reads it first has it; another worker's file of the same day changes nothing.
_READ = text(
    """
    UPDATE channel_bill
    SET state = 'READ', fault = NULL, content_hash = :content_hash, content_bytes = :content_bytes, read_at = now(),
        read_on = :today, asked_on = :today
    WHERE id = :id AND state = 'WANTED' RETURNING id
    """
)
_EMPTY = text(
    """
    WITH emptied AS (
        UPDATE channel_bill SET state = 'EMPTY', fault = NULL, read_at = now(), read_on = :today, asked_on = :today
        WHERE id = :id AND state = 'WANTED' RETURNING id, state, line_count, read_on, region
    )
    INSERT INTO read_bill (bill_id, state, line_count, read_on, region) SELECT * FROM emptied
    """
)
_LISTED = select_into(
    ChannelBill,
    """
    SELECT {fields} FROM channel_bill
    WHERE (CAST(:state AS text) IS NULL OR state = :state) AND (NOT :at_fault OR fault IS NOT NULL)
      AND (CAST(:bill_day AS date) IS NULL OR bill_day = :bill_day)
      AND (CAST(:after AS uuid) IS NULL OR id > :after)
    ORDER BY id LIMIT :limit
    """,
    summary="summary::text",
)
_LATE = select_into(
    LateBills,
    "SELECT {fields} FROM channel_bill WHERE state = 'WANTED'",
    wanted="count(*)",
    oldest_s="coalesce(CAST(extract(epoch FROM now() - min(recorded_at)) AS double precision), 0)",
)
_FAULTS = select_into(
    FaultCount,
    "SELECT {fields} FROM channel_bill WHERE fault IS NOT NULL GROUP BY fault ORDER BY fault",
    bills="count(*)",
)


async def bill_from_now_on(
    session: AsyncSession, merchants: Sequence[MerchantAtChannel], today: date, region: str, trace: Trace
) -> None:
    """Note for merchants seen for the first time that their bills are wanted from today on."""
    same = {"today": today, "region": region, "actor": trace.actor, "correlation_id": trace.correlation_id}
    await session.execute(_BILL_FROM_NOW_ON, _MERCHANTS.arrays(merchants) | same)


async def want(session: AsyncSession, today: date, *, limit: int) -> int:
    """Want the bills of further days before today, so many of each merchant and kind; how many there were."""
    values = {"today": today, "kinds": [each.value for each in BillKind], "limit": limit}
    return len((await session.execute(_WANT, values)).all())


async def claim(
    session: AsyncSession, merchants: Sequence[MerchantAtChannel], today: date, *, again_after_s: float, limit: int
) -> list[AskedBill]:
    """Some bills of these merchants to ask for now, noted as asked: wanted ones, else those read on an earlier day."""
    named = merchant_columns([(each.channel, each.merchant_id) for each in merchants])
    values = named | {"today": today, "limit": limit}
    wanted = await fetch_all(session, _CLAIM_WANTED, _asked_of, values | {"again_after_s": again_after_s})
    return wanted or await fetch_all(session, _CLAIM_READ, _asked_of, values)


async def note_fault(session: AsyncSession, bill_id: UUID, state: ChannelBillState, fault: BillFault) -> None:
    """Note why a bill could not be used; one that another worker has read meanwhile has none."""
    await session.execute(_NOTE_FAULT, {"id": bill_id, "state": state.value, "fault": fault.value})


async def mark_empty(session: AsyncSession, bill_id: UUID, today: date) -> None:
    """Note that the channel had no business on the day."""
    await session.execute(_EMPTY, {"id": bill_id, "today": today})


async def mark_read(session: AsyncSession, bill_id: UUID, content_hash: str, content_bytes: int, today: date) -> bool:
    """Take a bill to be read in this transaction; false where another worker has."""
    values = {"id": bill_id, "content_hash": content_hash, "content_bytes": content_bytes, "today": today}
    return (await session.execute(_READ, values)).one_or_none() is not None


async def listed(
    session: AsyncSession,
    *,
    state: ChannelBillState | None,
    bill_day: date | None,
    at_fault: bool,
    after: UUID | None,
    limit: int,
) -> list[ChannelBill]:
    """Bills in the order in which they were wanted."""
    asked = {"state": state and state.value, "bill_day": bill_day, "at_fault": at_fault}
    return await fetch_all(session, _LISTED, ChannelBill, asked | {"after": after, "limit": limit})


async def late(session: AsyncSession) -> LateBills:
    """How many bills are wanted, and how long the oldest has been."""
    return await fetch_one(session, _LATE, LateBills) or LateBills(0, 0.0)


async def faults(session: AsyncSession) -> list[FaultCount]:
    """How many bills have which fault."""
    return await fetch_all(session, _FAULTS, FaultCount)
