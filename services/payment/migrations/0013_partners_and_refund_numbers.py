"""The channel's own number of a refund is kept, and who collects for another merchant."""

from alembic import op

revision = "payment_0013"
down_revision = "payment_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; rows of before do not say it."""
    op.execute("ALTER TABLE raw_notice ADD COLUMN payee_provider_id text, ADD COLUMN channel_refund_id text")
    op.execute("ALTER TABLE refund ADD COLUMN channel_refund_id text")


def downgrade() -> None:
    """Forget both."""
    op.execute("ALTER TABLE refund DROP COLUMN channel_refund_id")
    op.execute("ALTER TABLE raw_notice DROP COLUMN channel_refund_id, DROP COLUMN payee_provider_id")
