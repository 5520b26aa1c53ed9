"""Writing what stands in bills; lines are staged before they are written."""

from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.payment.channels.bills import BillKind, FlowLine, TradeLine

_CONCLUDE = text("UPDATE channel_bill SET line_count = :line_count, summary = CAST(:summary AS jsonb) WHERE id = :id")
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
