"""A settlement day in several batches: what each of them counted, and what has a way back or another day."""

from alembic import op

revision = "payment_0016"
down_revision = "payment_0015"
branch_labels = None
depends_on = None

_STATES = """'OPEN', 'SUBMITTED', 'HELD', 'READY_TO_REMIT', 'AT_TAX_HALL', 'DETAIL_CONFIRMED', 'REMITTED',
    'TREASURY_CONFIRMED', 'CERTIFICATE_ISSUED', 'RETURNED', 'CLOSED_EMPTY'"""
_PLACES = "'PENDING', 'IN_TRANSIT', 'TREASURY', 'RETURNED'"

COLUMNS = (
    "ALTER TABLE remittance_batch ADD COLUMN part integer NOT NULL DEFAULT 1 CHECK (part > 0)",
    # `counted_by` is the batch that counted it; what was given back with the same batch was counted and not settled.
    # No foreign key: it would be looked at for every payment that comes in.
    """ALTER TABLE payment_line ADD COLUMN counted_by uuid, ADD COLUMN reopened integer,
       ADD COLUMN attributed_to date, ADD COLUMN attributed_by uuid,
       ADD CONSTRAINT payment_line_attributed_by_approval CHECK ((attributed_to IS NULL) = (attributed_by IS NULL))""",
    """ALTER TABLE refund ADD COLUMN deducted_by uuid REFERENCES remittance_batch, ADD COLUMN reopened integer,
       ADD COLUMN attributed_to date, ADD COLUMN attributed_by uuid REFERENCES approval,
       ADD CONSTRAINT refund_deducted_once_paid CHECK (deducted_by IS NULL OR state = 'PAID'),
       ADD CONSTRAINT refund_attributed_by_approval CHECK ((attributed_to IS NULL) = (attributed_by IS NULL))""",
)
# What a day's one batch counted when days had one.
COUNTED = (
    """
    UPDATE payment_line l SET counted_by = b.id
    FROM payment p JOIN remittance_batch b
      ON (b.channel, b.merchant_id, b.settlement_day) = (p.channel, p.merchant_id, p.paid_on)
     AND b.previous_batch_id IS NULL AND b.state <> 'OPEN' AND b.held_at IS DISTINCT FROM 'MATCH'
    WHERE p.id = l.payment_id
      AND (l.settled_on IS NOT NULL
           OR EXISTS (SELECT FROM suspense s JOIN refund r ON r.suspense_id = s.id
                      WHERE s.payment_line_id = l.id AND r.state = 'PAID' AND r.refunded_on <= p.paid_on))
    """,
    """
    UPDATE refund r SET deducted_by = b.id
    FROM suspense s, payment_line l, remittance_batch b
    WHERE r.state = 'PAID' AND s.id = r.suspense_id AND l.id = s.payment_line_id
      AND (b.channel, b.merchant_id, b.settlement_day) = (r.channel, r.merchant_id, r.refunded_on)
      AND b.previous_batch_id IS NULL AND b.state <> 'OPEN' AND b.held_at IS DISTINCT FROM 'MATCH'
      AND (l.settled_on IS NULL
           OR EXISTS (SELECT FROM transfer t WHERE t.idempotency_key = 'refund_deducted:' || r.id))
    """,
    # Money that came after its day had been matched was set aside for good: it opens a further part now.
    "UPDATE bank_line SET set_aside_because = NULL WHERE set_aside_because = 'SETTLEMENT_ALREADY_MATCHED'",
)
INDEXES = (
    "DROP INDEX remittance_batch_settlement",
    """CREATE UNIQUE INDEX remittance_batch_settlement ON remittance_batch (channel, merchant_id, settlement_day, part)
       WHERE previous_batch_id IS NULL""",
    "DROP INDEX remittance_line_once",
    """CREATE UNIQUE INDEX remittance_line_once ON remittance_line (source_id)
       WHERE place NOT IN ('RETURNED', 'WITHDRAWN')""",
    # None of them holds a line that nobody counted yet, so a payment that comes in pays nothing for them.
    "CREATE INDEX payment_line_counted ON payment_line (counted_by, id) WHERE counted_by IS NOT NULL",
    "CREATE INDEX payment_line_attributed ON payment_line (attributed_to) WHERE attributed_to IS NOT NULL",
    "CREATE INDEX refund_deducted ON refund (deducted_by, id) WHERE deducted_by IS NOT NULL",
    "CREATE INDEX refund_not_deducted ON refund (channel, merchant_id) WHERE state = 'PAID' AND deducted_by IS NULL",
)


def upgrade() -> None:
    """Add the columns, note what was counted before, and let a day have several batches."""
    for statement in (*COLUMNS, *COUNTED, *INDEXES):
        op.execute(statement)
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES}, 'REVERSED')")
    _check("remittance_line", "remittance_line_place_check", f"place IN ({_PLACES}, 'WITHDRAWN')")


def downgrade() -> None:
    """Take it away again; fails where a day has several batches, or one was reversed."""
    _check("remittance_line", "remittance_line_place_check", f"place IN ({_PLACES})")
    _check("remittance_batch", "remittance_batch_state_check", f"state IN ({_STATES})")
    op.execute("DROP INDEX remittance_line_once, remittance_batch_settlement, refund_not_deducted")
    op.execute(
        "ALTER TABLE refund DROP COLUMN deducted_by, DROP COLUMN reopened, DROP COLUMN attributed_to,"
        " DROP COLUMN attributed_by"
    )
    op.execute(
        "ALTER TABLE payment_line DROP COLUMN counted_by, DROP COLUMN reopened, DROP COLUMN attributed_to,"
        " DROP COLUMN attributed_by"
    )
    op.execute("ALTER TABLE remittance_batch DROP COLUMN part")
    op.execute("CREATE UNIQUE INDEX remittance_line_once ON remittance_line (source_id) WHERE place <> 'RETURNED'")
    op.execute(
        "CREATE UNIQUE INDEX remittance_batch_settlement ON remittance_batch (channel, merchant_id, settlement_day)"
        " WHERE previous_batch_id IS NULL"
    )


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({condition})")
