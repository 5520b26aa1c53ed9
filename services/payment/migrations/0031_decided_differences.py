"""Differences that two people closed are looked at until what they lack is counted."""

from alembic import op

revision = "payment_0031"
down_revision = "payment_0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add an index of them: what is counted is most of the table, and wanted by nobody."""
    op.execute(
        "CREATE INDEX settlement_difference_decided ON settlement_difference (id) WHERE closed_because = 'DECIDED'"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX settlement_difference_decided")
