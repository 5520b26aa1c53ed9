"""Reading and writing the channel's bills. No other package writes these tables."""

from collections.abc import Sequence
from datetime import date
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channel_bills.models import (
    AskedBill,
    ChannelBill,
    ChannelBillState,
    Compared,
    ComparedRefund,
    FaultCount,
    LateBills,
    MerchantAtChannel,
)
from services.payment.channels.bills import BillFault, BillKind, FlowLine, TradeLine
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
        WHERE state = 'WANTED' AND bill_day < :today AND merchant_id = ANY(CAST(:merchants AS text[]))
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
          AND merchant_id = ANY(CAST(:merchants AS text[]))
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
_CONCLUDE = text("UPDATE channel_bill SET line_count = :line_count, summary = CAST(:summary AS jsonb) WHERE id = :id")
_EMPTY = text(
    """
    WITH emptied AS (
        UPDATE channel_bill SET state = 'EMPTY', fault = NULL, read_at = now(), read_on = :today, asked_on = :today
        WHERE id = :id AND state = 'WANTED' RETURNING id, state, line_count, read_on, region
    )
    INSERT INTO read_bill (bill_id, state, line_count, read_on, region) SELECT * FROM emptied
    """
)
# The lines as they were stored, in their order, so many at a time: neither a sort nor memory grows with the bill.
_DIGEST = """
    INSERT INTO read_bill (bill_id, state, content_hash, line_count, lines_digest, read_on, region)
    SELECT bill.id, bill.state, bill.content_hash, bill.line_count, lines.digest, bill.read_on, bill.region
    FROM channel_bill AS bill CROSS JOIN LATERAL (
        SELECT sha256(string_agg(piece.digest, ''::bytea ORDER BY piece.place)) AS digest
        FROM generate_series(0, bill.line_count / 5000) AS place CROSS JOIN LATERAL (
            SELECT place, sha256(string_agg(record_send(ROW({columns})), ''::bytea ORDER BY line_no)) AS digest
            FROM {table} AS line
            WHERE line.bill_id = bill.id AND line.line_no >= place * 5000 AND line.line_no < (place + 1) * 5000
        ) AS piece
    ) AS lines
    WHERE bill.id = :id
"""
_SEAL_LINES = {
    BillKind.TRADE: text(_DIGEST.format(table="bill_trade_line", columns=f"{', '.join(TradeLine._fields)}, region")),
    BillKind.FUND_FLOW: text(_DIGEST.format(table="bill_flow_line", columns=f"{', '.join(FlowLine._fields)}, region")),
}
_ADD_CONTENT = text(
    "INSERT INTO channel_bill_content (bill_id, part, content, region) VALUES (:bill_id, :part, :content, :region)"
)
# Rows cannot be copied into a table under row-level security: some are staged, taken over, and staged no more.
_STAGING = {
    BillKind.TRADE: """
        CREATE TEMPORARY TABLE staged_line (
            line_no integer, kind text, order_no text, transaction_id text, refund_no text, channel_refund_id text,
            outcome text, amount_fen bigint, due_fen bigint, happened_at timestamptz
        ) ON COMMIT DROP
    """,
    BillKind.FUND_FLOW: """
        CREATE TEMPORARY TABLE staged_line (
            line_no integer, booked_at timestamptz, flow_no text, business_no text, voucher_no text, kind text,
            amount_fen bigint, balance_fen bigint, remark text
        ) ON COMMIT DROP
    """,
}
_TAKE_OVER = {
    BillKind.TRADE: text(
        f"""
        INSERT INTO bill_trade_line (bill_id, region, {", ".join(TradeLine._fields)})
        SELECT :bill_id, :region, {", ".join(TradeLine._fields)} FROM staged_line
        """  # noqa: S608 - constant parts
    ),
    BillKind.FUND_FLOW: text(
        f"""
        INSERT INTO bill_flow_line (bill_id, region, {", ".join(FlowLine._fields)})
        SELECT :bill_id, :region, {", ".join(FlowLine._fields)} FROM staged_line
        """  # noqa: S608 - constant parts
    ),
}
_STAGED_NO_MORE = text("TRUNCATE staged_line")
_COLUMNS = {BillKind.TRADE: TradeLine._fields, BillKind.FUND_FLOW: FlowLine._fields}
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
# What agrees is one row, what differs one row each. Our side of a day is by the moment that the channel named when it
# announced the payment; where its bill has another day, the payment is found by its transaction.
_COMPARE = select_into(
    Compared,
    """
    WITH asked AS MATERIALIZED (SELECT channel, merchant_id, bill_day FROM channel_bill WHERE id = :bill_id),
    sides AS (
        SELECT coalesce(t.transaction_id, o.transaction_id) AS transaction, coalesce(t.order_no, o.order_no) AS "order",
               t.line_no AS line, t.amount_fen AS theirs,
               coalesce(o.id, CASE WHEN o.id IS NULL THEN (
                   SELECT p.id FROM payment p JOIN asked a USING (channel, merchant_id)
                   WHERE p.transaction_id = t.transaction_id) END) AS payment,
               coalesce(o.amount_fen, CASE WHEN o.id IS NULL THEN (
                   SELECT p.amount_fen FROM payment p JOIN asked a USING (channel, merchant_id)
                   WHERE p.transaction_id = t.transaction_id) END) AS ours
        FROM (SELECT line_no, transaction_id, order_no, amount_fen
              FROM bill_trade_line WHERE bill_id = :bill_id AND kind = 'PAYMENT') t
        FULL JOIN (SELECT p.id, p.transaction_id, p.order_no, p.amount_fen
                   FROM payment p JOIN asked a ON p.channel = a.channel AND p.merchant_id = a.merchant_id
                                              AND p.paid_on = a.bill_day) o USING (transaction_id)
    ), classed AS (
        SELECT CASE WHEN ours = theirs THEN 1
                    WHEN ours IS NOT NULL AND theirs IS NOT NULL THEN 2
                    WHEN theirs IS NULL THEN 6
                    WHEN EXISTS (SELECT FROM payment_order r WHERE r.order_no = "order") THEN 3
                    ELSE 4 END AS class, *
        FROM sides
    )
    SELECT {fields} FROM classed
    GROUP BY class, CASE WHEN class <> 1 THEN transaction END
    ORDER BY class, 5 LIMIT :limit
    """,
    difference_class="class",
    payments="count(*)",
    ours_fen="CAST(coalesce(sum(ours), 0) AS bigint)",
    theirs_fen="CAST(coalesce(sum(theirs), 0) AS bigint)",
    transaction_id="CASE WHEN class <> 1 THEN transaction END",
    order_no='min("order") FILTER (WHERE class <> 1)',
    payment_id="(array_agg(payment) FILTER (WHERE class <> 1))[1]",
    line_no="min(line) FILTER (WHERE class <> 1)",
)
_COMPARE_REFUNDS = select_into(
    ComparedRefund,
    """
    WITH asked AS MATERIALIZED (SELECT channel, merchant_id, bill_day FROM channel_bill WHERE id = :bill_id),
    sides AS (
        SELECT t.line_no, t.refund_no, t.channel_refund_id, t.amount_fen AS theirs, t.outcome, r.id,
               r.amount_fen AS ours, r.state
        FROM bill_trade_line t
        LEFT JOIN refund r ON r.refund_no = t.refund_no
        WHERE t.bill_id = :bill_id AND t.kind = 'REFUND'
        UNION ALL
        SELECT NULL, r.refund_no, r.channel_refund_id, NULL, NULL, r.id, r.amount_fen, r.state
        FROM refund r JOIN asked a ON r.channel = a.channel AND r.merchant_id = a.merchant_id
                                  AND r.refunded_on = a.bill_day
        WHERE NOT EXISTS (SELECT FROM bill_trade_line t WHERE t.kind = 'REFUND' AND t.refund_no = r.refund_no)
    )
    SELECT {fields} FROM sides ORDER BY line_no, refund_no LIMIT :limit
    """,
    difference_class="""
        CASE WHEN line_no IS NULL THEN 6
             WHEN id IS NULL THEN 4
             WHEN theirs <> ours THEN 2
             WHEN outcome = 'SUCCESS' AND state = 'PAID' THEN 1
             WHEN outcome = 'SUCCESS' THEN 3
             WHEN state = 'PAID' AND outcome NOT IN ('PROCESSING', 'CHANGE') THEN 5
             WHEN state = 'PAY_FAILED' THEN 7
             ELSE 0 END
    """,
    ours_fen="ours",
    theirs_fen="theirs",
    refund_id="id",
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
    values = {"merchants": [each.merchant_id for each in merchants], "today": today, "limit": limit}
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


async def conclude(session: AsyncSession, bill_id: UUID, kind: BillKind, line_count: int, summary: str) -> None:
    """Note how many lines there were, what the channel added up, as JSON, and a digest of what was stored."""
    await session.execute(_CONCLUDE, {"id": bill_id, "line_count": line_count, "summary": summary})
    await session.execute(_SEAL_LINES[kind], {"id": bill_id})


async def add_content(session: AsyncSession, bill_id: UUID, part: int, content: bytes, region: str) -> None:
    """Keep a piece of the file as it came."""
    await session.execute(_ADD_CONTENT, {"bill_id": bill_id, "part": part, "content": content, "region": region})


async def begin_lines(session: AsyncSession, kind: BillKind) -> None:
    """Prepare to write a bill's lines in this transaction."""
    await session.execute(text(_STAGING[kind]))


async def stage(session: AsyncSession, kind: BillKind, lines: BinaryIO) -> None:
    """Bring in some of a bill's lines, as COPY reads them; they count when they are taken over."""
    driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    await driver.copy_to_table("staged_line", source=lines, columns=_COLUMNS[kind])


async def take_over(session: AsyncSession, bill_id: UUID, kind: BillKind, region: str) -> None:
    """Write the lines that were staged."""
    await session.execute(_TAKE_OVER[kind], {"bill_id": bill_id, "region": region})
    await session.execute(_STAGED_NO_MORE)


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


async def compare(session: AsyncSession, bill_id: UUID, *, limit: int) -> list[Compared]:
    """The payments of a trade bill beside ours of its day: what agrees in one row, and each that differs, by class."""
    return await fetch_all(session, _COMPARE, Compared, {"bill_id": bill_id, "limit": limit})


async def compare_refunds(session: AsyncSession, bill_id: UUID, *, limit: int) -> list[ComparedRefund]:
    """The refunds of a trade bill beside ours, and ours of its day that stand in no bill."""
    return await fetch_all(session, _COMPARE_REFUNDS, ComparedRefund, {"bill_id": bill_id, "limit": limit})
