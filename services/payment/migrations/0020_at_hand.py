"""What few rows of many are asked for: the refunds of a channel's day, and bank lines that nothing explains."""

from alembic import op

revision = "payment_0020"
down_revision = "payment_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what was paid back by the day on which it was, and what the bank booked until it is explained."""
    op.execute("CREATE INDEX refund_of_day ON refund (channel, merchant_id, refunded_on) WHERE refunded_on IS NOT NULL")
    op.execute("CREATE INDEX bank_line_unexplained ON bank_line (id) WHERE batch_id IS NULL AND reversed_on IS NULL")


def downgrade() -> None:
    """Look through all of them again."""
    op.execute("DROP INDEX bank_line_unexplained")
    op.execute("DROP INDEX refund_of_day")
