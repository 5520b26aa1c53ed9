"""Payouts that two people released: what the channel kept back comes as a line of the bank."""

from alembic import op

revision = "payment_0024"
down_revision = "payment_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Note what the bank has to show besides the payout, and who said so."""
    op.execute(
        "ALTER TABLE payout ADD COLUMN unusual_fen bigint NOT NULL DEFAULT 0,"
        " ADD COLUMN released_by uuid REFERENCES approval,"
        " ADD CONSTRAINT payout_unusual_by_approval CHECK (unusual_fen = 0 OR released_by IS NOT NULL)"
    )


def downgrade() -> None:
    """Take it away again."""
    op.execute("ALTER TABLE payout DROP COLUMN unusual_fen, DROP COLUMN released_by")
