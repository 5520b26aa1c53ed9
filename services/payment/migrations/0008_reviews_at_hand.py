"""Bills that somebody must look at again are found without reading all."""

from alembic import op

revision = "payment_0008"
down_revision = "payment_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the few bills in review."""
    op.execute("CREATE INDEX bill_in_review ON bill (id) WHERE review IS NOT NULL")


def downgrade() -> None:
    """Look through all bills again."""
    op.execute("DROP INDEX bill_in_review")
