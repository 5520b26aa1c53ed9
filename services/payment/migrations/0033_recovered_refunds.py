"""A refund that nobody asked for is recovered by the payer's new payment, which may go to the treasury in its place."""

from alembic import op

revision = "payment_0033"
down_revision = "payment_0032"
branch_labels = None
depends_on = None

_STATES = "ALTER TABLE suspense DROP CONSTRAINT suspense_state_check, ADD CONSTRAINT suspense_state_check CHECK"


def upgrade() -> None:
    """Note by which suspended money a refund was recovered, and which of two payments is the premium."""
    # Whether a line goes on to the treasury follows from its state; only where another took its place it is said.
    op.execute("ALTER TABLE payment_line ADD COLUMN premium boolean")
    op.execute("ALTER TABLE unasked_refund ADD COLUMN recovered_by uuid REFERENCES suspense")
    op.execute(f"{_STATES} (state IN ('HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED', 'RECOVERED'))")
    op.execute("CREATE INDEX unasked_refund_missing ON unasked_refund (enrolment_id) WHERE recovered_by IS NULL")


def downgrade() -> None:
    """Take it away again; fails where one was recovered."""
    op.execute("DROP INDEX unasked_refund_missing")
    op.execute(f"{_STATES} (state IN ('HELD', 'REFUNDING', 'REFUNDED', 'CONTESTED'))")
    op.execute("ALTER TABLE unasked_refund DROP COLUMN recovered_by")
    op.execute("ALTER TABLE payment_line DROP COLUMN premium")
