"""Payouts that no movements add up to: two people say which they cover, and of some that it is none."""

from alembic import op

revision = "payment_0034"
down_revision = "payment_0033"
branch_labels = None
depends_on = None

_STATES = "ALTER TABLE payout DROP CONSTRAINT payout_state_check, ADD CONSTRAINT payout_state_check CHECK"


def upgrade() -> None:
    """Let a payout end without people's money, and find the first that waits for a decision."""
    op.execute(f"{_STATES} (state IN ('BEFORE', 'HELD', 'AWAITED', 'SETTLING', 'MET', 'DECIDED'))")
    op.execute("ALTER TABLE payout ADD CONSTRAINT payout_decided CHECK (state <> 'DECIDED' OR released_by IS NOT NULL)")
    op.execute("CREATE INDEX payout_uncovered ON payout (channel, merchant_id) WHERE fault = 'NOT_COVERED'")


def downgrade() -> None:
    """Take it away again; fails where two people decided one."""
    op.execute("DROP INDEX payout_uncovered")
    op.execute("ALTER TABLE payout DROP CONSTRAINT payout_decided")
    op.execute(f"{_STATES} (state IN ('BEFORE', 'HELD', 'AWAITED', 'SETTLING', 'MET'))")
