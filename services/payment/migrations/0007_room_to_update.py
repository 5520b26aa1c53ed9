"""A bill is paid in place: room on its page, and no index over what paying changes."""

from alembic import op

revision = "payment_0007"
down_revision = "payment_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A live bill is reported by what only superseding sets; payments are never looked for by their order."""
    op.execute("ALTER TABLE bill SET (fillfactor = 80)")
    op.execute("DROP INDEX bill_one_live")
    op.execute("CREATE UNIQUE INDEX bill_one_live ON bill (enrolment_id) WHERE superseded_because IS NULL")
    op.execute("DROP INDEX payment_of_order")


def downgrade() -> None:
    """Tell it by its state again."""
    op.execute("CREATE INDEX payment_of_order ON payment (order_id)")
    op.execute("DROP INDEX bill_one_live")
    op.execute("CREATE UNIQUE INDEX bill_one_live ON bill (enrolment_id) WHERE state <> 'SUPERSEDED'")
    op.execute("ALTER TABLE bill RESET (fillfactor)")
