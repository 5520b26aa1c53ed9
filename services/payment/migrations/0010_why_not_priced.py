"""Why an enrolment has no bill: held for a decision, or rejected. Rows of before do not say it."""

from alembic import op

revision = "payment_0010"
down_revision = "payment_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the outcome, and the version of the assessment that it comes from."""
    op.execute(
        """
        ALTER TABLE unpriced_enrolment
            ADD COLUMN outcome text CHECK (outcome IN ('HELD', 'REJECTED')), ADD COLUMN version integer
        """
    )


def downgrade() -> None:
    """Forget both."""
    op.execute("ALTER TABLE unpriced_enrolment DROP COLUMN outcome, DROP COLUMN version")
