"""What few rows of many are asked for: bank lines that nothing explains."""

from alembic import op

revision = "payment_0020"
down_revision = "payment_0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what the bank booked until it is explained."""
    op.execute("CREATE INDEX bank_line_unexplained ON bank_line (id) WHERE batch_id IS NULL AND reversed_on IS NULL")


def downgrade() -> None:
    """Look through all of them again."""
    op.execute("DROP INDEX bank_line_unexplained")
