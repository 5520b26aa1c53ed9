"""When a receipt was entered, under which limit, and who let it in where it was late."""

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


def downgrade() -> None:
    """Take them away again."""
    op.execute("ALTER TABLE cash_receipt DROP COLUMN entered_on, DROP COLUMN entry_days, DROP COLUMN late_approval")
