"""The assessment under which an enrolment was paid: it is the one to show, in whatever order the two become known."""

from alembic import op

revision = "registration_0007"
down_revision = "registration_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Know it; of enrolments paid before it is not known."""
    op.execute("ALTER TABLE enrolment ADD COLUMN paid_version integer")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE enrolment DROP COLUMN paid_version")
