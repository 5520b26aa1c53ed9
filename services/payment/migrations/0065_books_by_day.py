"""The books as they were effective on a day or known at a moment: what came later is found without reading the rest."""

from alembic import op

revision = "payment_0065"
down_revision = "payment_0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Transfers come nearly in the order of both: ranges of pages do, and crediting pays next to nothing for them."""
    op.execute("CREATE INDEX transfer_recorded ON transfer USING brin (recorded_at)")
    op.execute("CREATE INDEX transfer_effective ON transfer USING brin (effective_on)")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP INDEX transfer_recorded, transfer_effective")
