"""What comes in and is written once is sealed, and of a bill that was read its lines as they were stored."""

from alembic import op

from shared.database.row_security import protect

revision = "payment_0032"
down_revision = "payment_0031"
branch_labels = None
depends_on = None

# Their keys are a merchant's and a slip's number, which no block orders rows by.
WITHOUT_ID = ("billed_merchant", "deposit_slip")
SEALED = {
    "billed_merchant": "id",
    "channel_bill": "id",
    "payout": "id",
    "settlement_difference": "id",
    "unasked_refund": "id",
    "cash_receipt": "id",
    "deposit_slip": "id",
    "remittance_batch": "id",
    "remittance_move": "step_id",
}

# Written once, in the transaction in which the bill is read. The digest is over the lines as they are stored, in their
# order, 5,000 at a time: so many need no memory to speak of.
READ_BILL = """
CREATE TABLE read_bill (
    bill_id uuid PRIMARY KEY REFERENCES channel_bill,
    state text NOT NULL CHECK (state IN ('READ', 'EMPTY')),
    content_hash text CHECK ((content_hash IS NOT NULL) = (state = 'READ')),
    line_count integer NOT NULL CHECK (line_count >= 0),
    lines_digest bytea CHECK (length(lines_digest) = 32),
    read_on date NOT NULL,
    region text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((lines_digest IS NOT NULL) = (line_count > 0))
)
"""
_LINES = {
    "TRADE": (
        "bill_trade_line",
        """line_no, kind, order_no, transaction_id, refund_no, channel_refund_id, outcome, amount_fen, due_fen,
           happened_at, region""",
    ),
    "FUND_FLOW": (
        "bill_flow_line",
        "line_no, booked_at, flow_no, business_no, voucher_no, kind, amount_fen, balance_fen, remark, region",
    ),
}
READ_BEFORE = """
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
WHERE bill.state <> 'WANTED' AND bill.kind = '{kind}'
"""


def read_before() -> list[str]:
    """The statements that make the rows of bills that were read before."""
    return [READ_BEFORE.format(kind=kind, table=table, columns=columns) for kind, (table, columns) in _LINES.items()]


def upgrade() -> None:
    """Add and index the order of writing; what stands was written by this migration, as far as blocks go."""
    for table in WITHOUT_ID:
        op.execute(f"ALTER TABLE {table} ADD COLUMN id uuid NOT NULL DEFAULT uuidv7()")
    for table, key in SEALED.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()")
        op.execute(f"CREATE INDEX {table}_in_order ON {table} (written_by, {key})")
    op.execute(READ_BILL)
    for statement in read_before():
        op.execute(statement)
    op.execute("CREATE INDEX read_bill_in_order ON read_bill (written_by, bill_id)")
    op.execute("CREATE INDEX read_bill_region ON read_bill (region)")
    for statement in protect("read_bill"):
        op.execute(statement)
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON read_bill FROM payment_app")


def downgrade() -> None:
    """Forget the order, and the digests."""
    op.execute("DROP TABLE read_bill")
    for table in SEALED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN written_by")
    for table in WITHOUT_ID:
        op.execute(f"ALTER TABLE {table} DROP COLUMN id")
