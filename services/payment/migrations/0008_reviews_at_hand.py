"""Bills that somebody must look at again are found without reading all, with what would be due now."""

from alembic import op

revision = "payment_0008"
down_revision = "payment_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the few bills in review; what their newer assessment asks for stands beside them."""
    op.execute("ALTER TABLE bill ADD COLUMN review_due_fen bigint CHECK (review_due_fen >= 0)")
    op.execute("CREATE INDEX bill_in_review ON bill (id) WHERE review IS NOT NULL")


def downgrade() -> None:
    """Look through all bills again."""
    op.execute("DROP INDEX bill_in_review")
    op.execute("ALTER TABLE bill DROP COLUMN review_due_fen")
