"""Settlements that wait for their institution's file are looked for every few seconds."""

from alembic import op

revision = "payment_0061"
down_revision = "payment_0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Find them without the others."""
    op.execute("CREATE INDEX bank_line_awaits_file ON bank_line (id) WHERE set_aside_because = 'FILE_NOT_WORKED'")


def downgrade() -> None:
    """Look through every line."""
    op.execute("DROP INDEX bank_line_awaits_file")
