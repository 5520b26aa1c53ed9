"""When a receipt was entered, under which limit, and who let it in where it was late; since when a batch waits."""

from alembic import op

revision = "payment_0018"
down_revision = "payment_0017"
branch_labels = None
depends_on = None

# The oldest of what waits, by the day since when it does.
WAITING = (
    "CREATE INDEX cash_receipt_unlisted ON cash_receipt (received_on) WHERE state = 'USED' AND batch_id IS NULL",
    """CREATE INDEX bank_line_unexplained ON bank_line (booked_on)
       WHERE kind <> 'OTHER' AND batch_id IS NULL AND reversed_on IS NULL""",
    "CREATE INDEX suspense_waiting ON suspense (suspended_on) WHERE state = 'HELD'",
    "CREATE INDEX refund_under_way ON refund (requested_on) WHERE state <> 'PAID'",
    "CREATE INDEX cash_refund_under_way ON cash_refund (recalled_on) WHERE state <> 'RETURNED'",
)


def upgrade() -> None:
    """Add the columns; of receipts entered before nothing is known and nothing is asked."""
    op.execute(
        """
        ALTER TABLE cash_receipt
            ADD COLUMN entered_on date,
            ADD COLUMN entry_days integer CHECK (entry_days >= 0),
            ADD COLUMN late_approval uuid REFERENCES approval,
            ADD CONSTRAINT cash_receipt_entry_known CHECK ((entered_on IS NULL) = (entry_days IS NULL)),
            ADD CONSTRAINT cash_receipt_entered_in_time
                CHECK (late_approval IS NOT NULL OR received_on >= entered_on - entry_days)
        """
    )
    op.execute("ALTER TABLE remittance_batch ADD COLUMN moved_on date")
    for index in WAITING:
        op.execute(index)


def downgrade() -> None:
    """Take them away again."""
    for index in WAITING:
        op.execute(f"DROP INDEX {index.split()[2]}")
    op.execute("ALTER TABLE remittance_batch DROP COLUMN moved_on")
    op.execute("ALTER TABLE cash_receipt DROP COLUMN entered_on, DROP COLUMN entry_days, DROP COLUMN late_approval")
