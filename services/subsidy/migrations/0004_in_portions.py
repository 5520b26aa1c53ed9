"""Who is looked at again comes in portions: by the day on which a line counts, and by a place for a new policy."""

from alembic import op

revision = "subsidy_0004"
down_revision = "subsidy_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index lines by the day of certification, and withdrawn ones by that of withdrawal; keep a policy's place."""
    op.execute("ALTER TABLE policy_applied ADD COLUMN queued_to uuid")
    op.execute("CREATE INDEX roster_line_certified ON roster_line (certified_on)")
    op.execute("CREATE INDEX roster_line_withdrawn ON roster_line (withdrawn_on) WHERE withdrawn_on IS NOT NULL")


def downgrade() -> None:
    """Look through all lines again."""
    op.execute("DROP INDEX roster_line_withdrawn")
    op.execute("DROP INDEX roster_line_certified")
    op.execute("ALTER TABLE policy_applied DROP COLUMN queued_to")
