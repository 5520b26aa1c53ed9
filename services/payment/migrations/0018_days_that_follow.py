"""When a receipt was entered, under which limit, and who let it in where it was late; since when a batch waits."""

from alembic import op

revision = "payment_0018"
down_revision = "payment_0014"
branch_labels = None
depends_on = None


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
    op.execute(
        "CREATE INDEX cash_receipt_unlisted ON cash_receipt (received_on) WHERE state = 'USED' AND batch_id IS NULL"
    )


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP INDEX cash_receipt_unlisted")
    op.execute("ALTER TABLE remittance_batch DROP COLUMN moved_on")
    op.execute("ALTER TABLE cash_receipt DROP COLUMN entered_on, DROP COLUMN entry_days, DROP COLUMN late_approval")
