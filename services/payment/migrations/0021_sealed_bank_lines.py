"""The bank's lines are sealed: which transaction wrote one, and the order of writing in which blocks are made."""

from alembic import op

revision = "payment_0021"
down_revision = "payment_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add and index the order; what stands was written by this migration, as far as the order of blocks goes."""
    op.execute("ALTER TABLE bank_line ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.execute("CREATE INDEX bank_line_in_order ON bank_line (written_by, id)")


def downgrade() -> None:
    """Forget the order."""
    op.execute("ALTER TABLE bank_line DROP COLUMN written_by")
