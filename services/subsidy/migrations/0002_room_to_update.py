"""Room on a page for the day on which an enrolment is paid."""

from alembic import op

revision = "subsidy_0002"
down_revision = "subsidy_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave room for two versions of some rows."""
    op.execute("ALTER TABLE enrolment SET (fillfactor = 85)")


def downgrade() -> None:
    """Fill pages again."""
    op.execute("ALTER TABLE enrolment RESET (fillfactor)")
